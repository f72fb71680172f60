#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the installer answers: every PEStatus of saip.md 12 with a package that earns it, elements it
skips, and every element of SAIP 3.3 with files that read back.

Packages are written in the exact form of tern profile show, so that one word can be made wrong. The
answer is compared with an EUICCResponse encoded here.
"""
import json
import os
import subprocess
import sys
import tempfile

TERN = os.environ['TERN']
HEADER = '''  - header: {major-version: 2, minor-version: 3, iccid: "89000123456789012341",
      eUICC-Mandatory-services: [usim, milenage], eUICC-Mandatory-GFSTEList: [2.23.143.1.2.1, 2.23.143.1.2.4]}
'''
MF = '''  - mf:
      header: {mandated: true, identification: 1}
      templateID: 2.23.143.1.2.1
      mf: [{fileDescriptor: {pinStatusTemplateDO: "010A"}}]
      ef-iccid: [{fillFileContent: "98001032547698103214"}]
      ef-dir: [{fileDescriptor: {fileDescriptor: "42210014", efFileSize: "14"}}, {fillFileContent: "61124F10A0000000871002FFFFFFFF8907090000"}]
      ef-arr: [{fileDescriptor: {fileDescriptor: "42210005", efFileSize: "46"}}, ARR]
'''.replace('ARR', ', '.join(['{fillFileContent: "80017F9000"}'] * 14))
PUK = '''  - pukCodes: {puk-Header: {mandated: true, identification: 2}, pukCodes: [{keyReference: 1, pukValue: "3131313131313131"}]}
'''
PIN = '''  - pinCodes: {pin-Header: {mandated: true, identification: 3}, pinCodes: {pinconfig: [{keyReference: 1, pinValue: "30303030FFFFFFFF", unblockingPINReference: 1, pinAttributes: 6}]}}
'''
USIM = '''  - usim:
      header: {mandated: true, identification: 4}
      templateID: 2.23.143.1.2.4
      adf-usim: [{fileDescriptor: {fileID: "7FD0", dfName: "A0000000871002FFFFFFFF8907090000", pinStatusTemplateDO: "01"}}]
      ef-imsi: [{fillFileContent: "080910101032540636"}]
      ef-arr: [{fileDescriptor: {linkPath: "2F06"}}]
      ef-ust: [{fillFileContent: "0000000000000000000000000000"}]
      ef-spn: [{fillFileContent: "00"}]
      ef-est: [{fillFileContent: "00"}]
      ef-acc: [{fillFileContent: "0001"}]
      ef-ecc: [{fillFileContent: "11F2FF00"}]
'''
AKA = '''  - akaParameter: {aka-header: {mandated: true, identification: 5}, algoConfiguration: {algoParameter: {algorithmID: 1, algorithmOptions: "00", key: "000102030405060708090A0B0C0D0E0F", opc: "101112131415161718191A1B1C1D1E1F"}}}
'''
END = '''  - end: {end-header: {mandated: true, identification: 99}}
'''
STATUS = {'pe-not-supported': 1, 'bad-values': 3, 'not-enough-memory': 4, 'invalid-request-format': 5,
          'runtime-not-supported': 7, 'lib-not-supported': 8, 'template-not-supported': 9,
          'feature-not-supported': 10, 'pin-code-missing': 11, 'unsupported-profile-version': 31}


def header(identification, mandated=True):
    return '{mandated: true, identification: %d}' % identification if mandated else \
        '{identification: %d}' % identification


def gfm(identification, *commands):
    return '  - genericFileManagement: {gfm-header: %s, fileManagementCMD: [[%s]]}\n' % (
        header(identification), ', '.join('{%s}' % c for c in commands))


def domain(identification, more='', mandated=True):
    return '''  - securityDomain: {sd-Header: %s, instance: {applicationLoadPackageAID: "A0000001515350", classAID: "A000000151535041", instanceAID: "A000000151000000", applicationPrivileges: "82DC00", applicationSpecificParametersC9: "810280008201F0"}%s}
''' % (header(identification, mandated), more)


FCP = 'createFCP: {fileDescriptor: "4121", fileID: "2F11", efFileSize: "02"}'
APPLICATION = '  - application: {app-Header: %s, loadBlock: {loadPackageAID: "A000000001", loadBlockObject: "%s"}}\n'
NON_STANDARD = '  - nonStandard: {nonStandard-header: %s, issuerID: 1.2.3, content: "00"}\n'
BASE = [HEADER, MF, PUK, PIN, USIM, AKA, END]


class Bench:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.count = 0

    def build(self, parts):
        yaml, upp = (os.path.join(self.folder.name, n) for n in ('p.yaml', 'p.der'))
        with open(yaml, 'w') as out:
            out.write('elements:\n' + ''.join(parts))
        run = subprocess.run([TERN, 'profile', 'build', yaml, '-o', upp], stderr=subprocess.PIPE)
        assert run.returncode == 0, run.stderr.decode()
        return upp

    def run(self, path, *arguments):
        run = subprocess.run([TERN, 'profile', 'try', path, '--json'] + list(arguments),
                             stdout=subprocess.PIPE)
        result = json.loads(run.stdout)
        assert run.returncode == (0 if result['installed'] else 1)
        return result

    def refuse(self, name, parts, status, identification, *arguments):
        result = self.run(self.build(parts), *arguments)
        code = status if isinstance(status, int) else STATUS[status]
        number = code.to_bytes((code.bit_length() + 8) // 8, 'big')
        inner = b'\x80' + bytes([len(number)]) + number
        if identification is not None:
            inner += b'\x81\x01' + bytes([identification])
        one = b'\x30' + bytes([len(inner)]) + inner
        expected = b'\xa0' + bytes([len(one)]) + one + b'\x81\0'
        expected = b'\x30' + bytes([len(expected)]) + expected
        assert not result['installed'], '%s: was installed' % name
        assert result['euicc_response'] == expected.hex().upper(), '%s: %s, not %s' % (
            name, result['euicc_response'], expected.hex())
        self.count += 1

    def accept(self, name, parts, skipped=()):
        path = self.build(parts)
        result = self.run(path)
        assert result['installed'], '%s: %s at %d' % (name, result['status'], result['identification'])
        inner = b''.join(b'\x30\x06\x80\x01\x01\x81\x01' + bytes([i]) for i in skipped)
        inner += bytes.fromhex('3003800100')
        expected = b'\x30' + bytes([len(inner) + 2]) + b'\xa0' + bytes([len(inner)]) + inner
        assert result['euicc_response'] == expected.hex().upper(), '%s: %s' % (
            name, result['euicc_response'])
        self.count += 1
        return path


def swap(part, *changes):
    """BASE with one part changed."""
    assert part in BASE
    new = part
    for old, to in changes:
        assert old in new, old
        new = new.replace(old, to)
    return [new if p is part else p for p in BASE]


def before(part, *more):
    at = BASE.index(part)
    return BASE[:at] + list(more) + BASE[at:]


def refusals(b):
    # the order: saip.md 13
    b.refuse('no header', BASE[1:], 'invalid-request-format', 1)
    b.refuse('two headers', before(MF, HEADER), 'invalid-request-format', None)
    b.refuse('USIM before the MF', [HEADER, USIM, END], 'invalid-request-format', 4)
    b.refuse('two MFs', before(PUK, MF.replace('identification: 1}', 'identification: 9}')),
             'invalid-request-format', 9)
    b.refuse('AKA without an application', before(USIM, AKA.replace('5}', '9}', 1)),
             'invalid-request-format', 9)
    b.refuse('opt-usim without usim', [HEADER, MF, '''  - opt-usim: {header: {mandated: true, identification: 9}, templateID: 2.23.143.1.2.5}
''', END], 'invalid-request-format', 9)
    b.refuse('no PE-End', BASE[:-1], 'invalid-request-format', None)
    b.refuse('an identification twice', swap(AKA, ('identification: 5', 'identification: 4')),
             'bad-values', 4)
    b.refuse('a mandatory file is missing', swap(USIM, ('      ef-acc: [{fillFileContent: "0001"}]\n', '')),
             'invalid-request-format', 4)
    # the header: saip.md 3
    b.refuse('version 4', swap(HEADER, ('major-version: 2', 'major-version: 4')),
             'unsupported-profile-version', None)
    for service in ('cave', 'contactless', 'multos', 'cat-tp', 'gba-usim', 'mbms', 'eap', 'eaka'):
        b.refuse(service, swap(HEADER, ('[usim, milenage]', '[usim, %s]' % service)),
                 'feature-not-supported', None)
    b.refuse('a template nobody knows', swap(HEADER, ('2.23.143.1.2.4]', '2.23.143.1.2.99]')),
             'template-not-supported', None)
    b.refuse('a library', swap(HEADER, ('2.23.143.1.2.4]', '2.23.143.1.2.4], eUICC-Mandatory-AIDs: [{aid: "A000000001", version: "0100"}]')),
             'lib-not-supported', None)
    b.refuse('a service without its element', swap(HEADER, ('[usim, milenage]', '[usim, isim, milenage]')),
             'bad-values', 99)
    b.refuse('another ICCID in EF.ICCID', swap(MF, ('98001032547698103214', '98001032547698103215')),
             'bad-values', 99)
    # templates and files: saip.md 5, 6
    b.refuse('a template of an element to come', swap(USIM, ('2.23.143.1.2.4', '2.23.143.1.2.4.9')),
             'template-not-supported', 4)
    b.refuse('contents behind the end', swap(USIM, ('"0001"', '"000102"')), 'bad-values', 4)
    b.refuse('an offset behind the end', swap(USIM, ('[{fillFileContent: "0001"}]', '[{fillFileOffset: 2}, {fillFileContent: "01"}]')),
             'bad-values', 4)
    b.refuse('another type than the template', swap(USIM, ('ef-acc: [', 'ef-acc: [{fileDescriptor: {fileDescriptor: "42210002", efFileSize: "02"}}, ')),
             'bad-values', 4)
    b.refuse('records that do not fit the size', swap(MF, ('efFileSize: "46"', 'efFileSize: "47"')),
             'bad-values', 1)
    b.refuse('no AID', swap(USIM, ('dfName: "A0000000871002FFFFFFFF8907090000", ', '')), 'bad-values', 4)
    b.refuse('doNotCreate and more', swap(USIM, ('[{fillFileContent: "0001"}]', '[{doNotCreate: true}, {fillFileContent: "0001"}]')),
             'invalid-request-format', 4)
    b.refuse('a descriptor behind contents', swap(USIM, ('[{fillFileContent: "0001"}]', '[{fillFileContent: "0001"}, {fileDescriptor: {shortEFID: ""}}]')),
             'invalid-request-format', 4)
    b.refuse('two patterns', swap(USIM, ('ef-acc: [', 'ef-acc: [{fileDescriptor: {proprietaryEFInfo: {fillPattern: "00", repeatPattern: "00"}}}, ')),
             'bad-values', 4)
    b.refuse('a link to nothing', swap(USIM, ('linkPath: "2F06"', 'linkPath: "2F99"')), 0x6A82, 99)
    b.refuse('a link to itself', swap(USIM, ('linkPath: "2F06"', 'linkPath: "7FD06F06"')), 'bad-values', 99)
    # GenericFileManagement: saip.md 8
    b.refuse('a path to nowhere', before(USIM, gfm(9, 'filePath: "7F99"', FCP)), 0x6A82, 9)
    b.refuse('a path to a file', before(USIM, gfm(9, 'filePath: "2F00"', FCP)), 0x6A82, 9)
    b.refuse('a file twice', before(USIM, gfm(9, FCP, FCP)), 0x6A89, 9)
    b.refuse('contents before a file', before(USIM, gfm(9, 'fillFileContent: "00"')), 'bad-values', 9)
    b.refuse('a second MF', before(USIM, gfm(9, 'createFCP: {fileDescriptor: "7821", fileID: "3F00", pinStatusTemplateDO: "01"}')),
             'bad-values', 9)
    b.refuse('a file without size', before(USIM, gfm(9, 'createFCP: {fileDescriptor: "4121", fileID: "2F11"}')),
             'bad-values', 9)
    b.refuse('a file without FID', before(USIM, gfm(9, 'createFCP: {fileDescriptor: "4121", efFileSize: "02"}')),
             'bad-values', 9)
    # PINs and PUKs: saip.md 9
    b.refuse('a PIN without its PUK', [p for p in BASE if p is not PUK], 'pin-code-missing', 3)
    b.refuse('PINs shared from nowhere', before(AKA, '  - pinCodes: {pin-Header: {mandated: true, identification: 9}, pinCodes: {filePath: "7F99"}}\n'),
             'pin-code-missing', 9)
    b.refuse('a PIN twice', before(USIM, PIN.replace('identification: 3', 'identification: 9')), 'bad-values', 9)
    b.refuse('more tries left than there are', swap(PIN, ('pinAttributes: 6', 'pinAttributes: 6, maxNumOfAttemps-retryNumLeft: 52')),
             'bad-values', 3)
    b.refuse('a PUK twice', swap(PUK, ('"3131313131313131"}', '"3131313131313131"}, {keyReference: 1, pukValue: "3131313131313131"}')),
             'bad-values', 2)
    # AKA: saip.md 10
    b.refuse('algorithm 4', swap(AKA, ('algorithmID: 1', 'algorithmID: 4')), 'feature-not-supported', 5)
    b.refuse('a short key', swap(AKA, ('0E0F"', '0E"')), 'bad-values', 5)
    b.refuse('a short OPc', swap(AKA, ('1E1F"', '1E"')), 'bad-values', 5)
    b.refuse('TUAK with an OPc', swap(AKA, ('algorithmID: 1', 'algorithmID: 2')), 'bad-values', 5)
    b.refuse('31 sequence numbers', swap(AKA, ('}}}\n', '}}, sqnInit: [%s]}\n' % ', '.join(['"000000000000"'] * 31))),
             'bad-values', 5)
    b.refuse('a sequence number with IND bits', swap(AKA, ('}}}\n', '}}, sqnInit: [%s]}\n' % ', '.join(['"080000000000"'] * 32))),
             'bad-values', 5)
    # what cannot run here: saip.md 11
    b.refuse('a mandated application', before(END, APPLICATION % (header(9), 'C0')), 'runtime-not-supported', 9)
    b.refuse('a huge mandated application', before(END, APPLICATION % (header(9), 'C0' * 40000)),
             'runtime-not-supported', 9)
    b.refuse('a mandated non-standard element', before(END, NON_STANDARD % header(9)), 'pe-not-supported', 9)
    b.refuse('CAT-TP', before(END, domain(9, ', catTpParameters: "A50680020100810201 00"'.replace(' 00', '00'))),
             'feature-not-supported', 9)
    b.refuse('an element to come, mandated', before(END, '  - raw: "BF2A07A00580008101 09"\n'.replace(' ', '', 0).replace('8101 09', '810109')),
             'pe-not-supported', 9)
    b.refuse('no DER', before(END, '  - raw: "A20AA0058000810109A1FF"\n'), 'invalid-request-format', 9)


def memory(b):
    """Any amount that is too small is told as such; the first one that is enough works."""
    path = b.build(BASE)
    need = b.run(path)['image_bytes']
    for size in list(range(64, need, 211)) + [need - 1]:
        result = b.run(path, '--memory', str(size))
        assert not result['installed'] and result['status'] == 'not-enough-memory', size
    assert b.run(path, '--memory', str(need))['installed']
    b.count += 1


def acceptances(b):
    b.accept('the base', BASE)
    for version in ('major-version: 1', 'major-version: 3'):
        b.accept(version, swap(HEADER, ('major-version: 2', version)))
    b.accept('DEFAULTs written out', swap(PIN, ('pinAttributes: 6', 'pinAttributes: 7, maxNumOfAttemps-retryNumLeft: 51')))
    b.accept('a security domain', before(END, domain(9, ', keyList: [{keyUsageQualifier: "18", keyIdentifier: "01", keyVersionNumber: "01", keyComponents: [{keyType: "88", keyData: "000102030405060708090A0B0C0D0E0F"}]}], sdPersoData: ["00"]')))
    b.accept('RFM', before(END, '  - rfm: {rfm-header: %s, instanceAID: "A00000055910100001", tarList: ["B00120"], minimumSecurityLevel: "02", uiccAccessDomain: "00", uiccAdminAccessDomain: "00"}\n' % header(9)))
    b.accept('CDMA', before(END, '  - cdmaParameter: {cdma-header: %s, authenticationKey: "0001020304050607"}\n' % header(9)))
    # optional elements that cannot run are skipped and said so
    b.accept('an application', before(END, APPLICATION % (header(9, False), 'C0')), [9])
    b.accept('a huge application', before(END, APPLICATION % (header(9, False), 'C0' * 40000)), [9])
    b.accept('a non-standard element', before(END, NON_STANDARD % header(9, False)), [9])
    b.accept('CAT-TP', before(END, domain(9, ', catTpParameters: "A5068002010081020100"', False)), [9])
    b.accept('an element to come', before(END, '  - raw: "BF2A05A003810109"\n'), [9])
    b.accept('two of them', before(END, NON_STANDARD % header(9, False), NON_STANDARD % header(10, False)), [9, 10])
    b.accept('an optional template to come', before(END, '  - raw: "B40EA003810109810767810F01020509"\n'), [9])
    b.accept('rfu', before(END, '  - raw: "AB05A003810109"\n'), [9])


class Card:
    def __init__(self, path):
        self.process = subprocess.Popen([TERN, 'profile', 'try', path, '--apdu'], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline().startswith('installed')

    def expect(self, apdu, sw, data=None):
        self.process.stdin.write(apdu + '\n')
        self.process.stdin.flush()
        answer = bytes.fromhex(self.process.stdout.readline())
        assert int.from_bytes(answer[-2:], 'big') == sw, '%s: %s' % (apdu, answer.hex())
        if data is not None:
            assert answer[:-2].hex().upper() == data, '%s: %s' % (apdu, answer.hex())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


# element, its template, its directory row, another file; the path and contents to find
ELEMENTS = [
    ('cd', '2', 'df-cd: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]',
     'ef-launchpad: [{fileDescriptor: {efFileSize: "03"}}, {fillFileContent: "010203"}]', '7F116F01', '010203'),
    ('telecom', '3.2', 'df-telecom: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]',
     'df-mcs: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]\n      ef-mst: [{fileDescriptor: {efFileSize: "02"}}, {fillFileContent: "0A0B"}]', '7F105F3D4F01', '0A0B'),
    ('opt-usim', '5.3', '', 'ef-eaka: [{fillFileContent: "01"}]', '7FFF6F01', '01'),
    ('phonebook', '6', 'df-phonebook: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-psc: []', '7FFF5F3A4F22', '00000000'),
    ('gsm-access', '7', 'df-gsm-access: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-kc: []', '7FFF5F3B4F20', 'FFFFFFFFFFFFFFFF07'),
    ('df-5gs', '13.4', 'df-df-5gs: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-dri: [{fillFileContent: "01020304050607"}]', '7FFF5FC04F0F', '01020304050607'),
    ('df-5gs', '13', 'df-df-5gs: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-routing-indicator: []', '7FFF5FC04F0A', 'F0FFFFFF'),
    ('df-5gs', '13.3', 'df-df-5gs: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-routing-indicator: []', '7FFF5FC04F0A', 'F0FF0000'),
    ('df-saip', '14', 'df-df-saip: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-suci-calc-info-usim: [{fileDescriptor: {efFileSize: "04"}}, {fillFileContent: "A000"}]', '7FFF5FD04F01', 'A000FFFF'),
    ('df-snpn', '15', 'df-df-snpn: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-pws-snpn: [{fillFileContent: "05"}]', '7FFF5FE04F01', '05'),
    ('df-5gprose', '16', 'df-df-5g-prose: [{fileDescriptor: {pinStatusTemplateDO: "01"}}]', 'ef-5g-prose-st: [{fillFileContent: "07"}]', '7FFF5FF04F01', '07'),
    ('eap', '12', 'df-eap: [{fileDescriptor: {fileID: "5F99", pinStatusTemplateDO: "01"}}]', 'ef-eapstatus: []', '7FFF5F994F02', '00'),
    ('opt-iot', '18', '', 'ef-ehplmn: [{fileDescriptor: {efFileSize: "03"}}, {fillFileContent: "42F010"}]', '7FFF6FD9', '42F010'),
]
ISIM = '''  - isim:
      header: {mandated: true, identification: 20}
      templateID: 2.23.143.1.2.8
      adf-isim: [{fileDescriptor: {fileID: "7FB0", dfName: "A0000000871004FFFFFFFF8907090000", pinStatusTemplateDO: "01"}}]
      ef-impi: [{fileDescriptor: {efFileSize: "03"}}, {fillFileContent: "800161"}]
      ef-impu: [{fileDescriptor: {fileDescriptor: "42210003", efFileSize: "03"}}, {fillFileContent: "800161"}]
      ef-domain: [{fileDescriptor: {efFileSize: "03"}}, {fillFileContent: "800161"}]
      ef-ist: [{fillFileContent: "00"}]
      ef-arr: [{fileDescriptor: {linkPath: "2F06"}}]
  - opt-isim: {header: {mandated: true, identification: 21}, templateID: 2.23.143.1.2.9.2, ef-frompreferred: []}
  - akaParameter: {aka-header: {mandated: true, identification: 22}, algoConfiguration: {mappingParameter: {mappingOptions: "06", mappingSource: "A0000000871002FFFFFFFF8907090000"}}}
'''
IOT = [HEADER.replace('[2.23.143.1.2.1, 2.23.143.1.2.4]', '[2.23.143.1.2.17], iotOptions: {pix: "1002FFFFFFFF8907090000"}')
       .replace('major-version: 2', 'major-version: 3'),
       '''  - iot:
      header: {mandated: true, identification: 1}
      templateID: 2.23.143.1.2.17
      ef-imsi: [{fillFileContent: "080910101032540636"}]
      ef-acc: [{fillFileContent: "0001"}]
''', AKA, END]


def elements(b):
    for name, version, directory, file, path, content in ELEMENTS:
        part = '  - %s:\n      header: %s\n      templateID: 2.23.143.1.2.%s\n' % (name, header(30), version)
        part += ''.join('      %s\n' % line for line in (directory, file) if line)
        card = Card(b.accept(name, before(END, part)))
        card.expect('00A4040C07A0000000871002', 0x9000)
        card.expect('00A4080C%02X%s' % (len(path) // 2, path), 0x9000)
        card.expect('00B0000000', 0x9000, content)
        card.close()
    card = Card(b.accept('isim', before(END, ISIM)))
    card.expect('00A4040C07A0000000871004', 0x9000)
    card.expect('00A4000C026FF7', 0x9000)
    card.expect('00B0000000', 0x9000, '00')
    card.expect('0088008122' + '10' + '00' * 16 + '10' + '00' * 16, 0x9862)  # mapped AKA answers
    card.expect('00A4040C05A000000087', 0x9000)  # partial AID: first, next, last, none
    card.expect('80F2000100', 0x9000, '8410A0000000871002FFFFFFFF8907090000')
    card.expect('00A4040E05A000000087', 0x9000)
    card.expect('80F2000100', 0x9000, '8410A0000000871004FFFFFFFF8907090000')
    card.expect('00A4040E05A000000087', 0x6A82)
    card.expect('00A4040F05A000000087', 0x9000)  # previous
    card.expect('80F2000100', 0x9000, '8410A0000000871002FFFFFFFF8907090000')
    card.expect('00A4040D05A000000087', 0x9000)  # last
    card.expect('80F2000100', 0x9000, '8410A0000000871004FFFFFFFF8907090000')
    card.close()
    path = b.accept('iot', IOT)
    assert os.path.getsize(path) < 260
    card = Card(path)
    card.expect('00A4000C022FE2', 0x9000)
    card.expect('00B0000000', 0x9000, '98001032547698103214')
    card.expect('00A4000C022F00', 0x9000)
    card.expect('00B2010414', 0x9000, '61124F10A0000000871002FFFFFFFF8907090000')
    card.expect('00A4040C07A0000000871002', 0x9000)
    card.expect('0088008122' + '10' + '00' * 16 + '10' + '00' * 16, 0x9862)
    card.close()
    # a whole application by GenericFileManagement
    naa = gfm(4, 'createFCP: {fileDescriptor: "7821", fileID: "7FD0", dfName: "A0000000871002FFFFFFFF8907090000", pinStatusTemplateDO: "01"}',
              'filePath: "7FD0"', 'createFCP: {fileDescriptor: "4121", fileID: "6F07", securityAttributesReferenced: "2F0601", efFileSize: "09"}',
              'fillFileContent: "080910101032540636"')
    card = Card(b.accept('an application by GFM', [p if p is not USIM else naa for p in BASE]))
    card.expect('00A4040C07A0000000871002', 0x9000)
    card.expect('00A4000C026F07', 0x9000)
    card.expect('00B0870009', 0x9000, '080910101032540636')  # SFI from the FID
    card.close()


def main():
    bench = Bench()
    for test in (acceptances, refusals, memory, elements):
        test(bench)
        print('%s: %d so far' % (test.__name__, bench.count))


if __name__ == '__main__':
    sys.exit(main())
