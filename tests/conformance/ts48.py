#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file of every TS.48 profile, read back by APDU, against a listing made by another decoder.

The listing does not know tern: asn1tools compiles the ASN.1 module, the template tables below were
transcribed on their own, and the rules (patterns, relative offsets, links, access rules) are written
again here. For each file the FCP (type, FID, sizes, records, SFI, access rule) and every byte of its
contents must agree; and the tree must hold nothing else that this script can find.

Templates of CSIM have no public table: their files carry FID and contents themselves; sizes that
nobody gives are those of 3GPP2 C.S0065 (CSIM_SIZES).
"""
import glob
import os
import re
import subprocess
import sys

SOURCE = os.environ.get('TERN_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
REFDATA = os.environ.get('TERN_REFDATA', os.path.join(SOURCE, '..', 'shared', 'refdata'))


def skip(reason):
    print('SKIP: ' + reason)
    sys.exit(77)


if not os.path.isdir(os.path.join(REFDATA, 'upp')):
    skip('no reference packages (TERN_REFDATA)')
try:
    import asn1tools
except ImportError:
    if os.environ.get('TERN_VENV_TRIED'):
        skip('no asn1tools')
    run = subprocess.run([os.path.join(SOURCE, 'scripts', 'venv')], stdout=subprocess.PIPE)
    if run.returncode != 0:
        skip('the Python environment could not be made')
    os.environ['TERN_VENV_TRIED'] = '1'
    python = run.stdout.decode().strip()
    os.execv(python, [python] + sys.argv)

# field FID type size SFI access-rule contents; contents: last byte repeats, * repeats whole, ~ tail
TABLES = {
    'mf': '''
        mf 3F00 MF - - 14 -
        ef-pl 2F05 TR 2 05 1 FF
        ef-iccid 2FE2 TR 10 - 11 -
        ef-dir 2F00 LF ?x? 1E 10 -
        ef-arr 2F06 LF ?x? - 10 -
        ef-umpc 2F08 TR 5 08 10 -
    ''',
    'usim': '''
        adf-usim - ADF - - 14 -
        ef-imsi 6F07 TR 9 07 2 -
        ef-arr 6F06 LF ?x? 17 10 -
        ef-keys 6F08 TR 33 08 5 07FF
        ef-keysPS 6F09 TR 33 09 5 07FF
        ef-hpplmn 6F31 TR 1 12 2 0A
        ef-ust 6F38 TR 17 04 2 -
        ef-fdn 6F3B LF 20x26 - 8 FF
        ef-sms 6F3C LF 10x176 - 5 00FF
        ef-smsp 6F42 LF 1x38 - 5 FF
        ef-smss 6F43 TR 2 - 5 FFFF
        ef-spn 6F46 TR 17 - 10 -
        ef-est 6F56 TR 1 05 8 -
        ef-start-hfn 6F5B TR 6 0F 5 F00000F00000
        ef-threshold 6F5C TR 3 10 2 FFFFFF
        ef-psloci 6F73 TR 14 0C 5 FFFFFFFFFFFFFFFFFFFF0000FF01
        ef-acc 6F78 TR 2 06 2 -
        ef-fplmn 6F7B TR 12 0D 5 FF
        ef-loci 6F7E TR 11 0B 5 FFFFFFFFFFFFFF0000FF01
        ef-ad 6FAD TR 4 03 10 00000002
        ef-ecc 6FB7 LF 1x4 01 10 -
        ef-netpar 6FC4 TR 128 - 5 FF
        ef-epsloci 6FE3 TR 18 1E 5 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001
        ef-epsnsc 6FE4 LF 1x80 18 5 FF
    ''',
    'opt-usim': '''
        ef-li 6F05 TR 6 02 1 FF
        ef-acmax 6F37 TR 3 - 5 000000
        ef-acm 6F39 CY 1x3 - 7 000000
        ef-gid1 6F3E TR 8 - 2 -
        ef-gid2 6F3F TR 8 - 2 -
        ef-msisdn 6F40 LF 1x24 - 2 FF
        ef-puct 6F41 TR 5 - 5 FFFFFF0000
        ef-cbmi 6F45 TR 10 - 5 FF
        ef-cbmid 6F48 TR 10 0E 2 FF
        ef-sdn 6F49 LF 10x24 - 2 FF
        ef-ext2 6F4B LF 10x13 - 8 00FF
        ef-ext3 6F4C LF 10x13 - 2 00FF
        ef-cbmir 6F50 TR 20 - 5 FF
        ef-plmnwact 6F60 TR 40 0A 5 *FFFFFF0000
        ef-oplmnwact 6F61 TR 40 11 2 *FFFFFF0000
        ef-hplmnwact 6F62 TR 5 13 2 FFFFFF0000
        ef-dck 6F2C TR 16 - 5 FF
        ef-cnl 6F32 TR 30 - 2 FF
        ef-smsr 6F47 LF 10x30 - 5 00FF
        ef-bdn 6F4D LF 10x25 - 8 FF
        ef-ext5 6F4E LF 10x13 - 5 00FF
        ef-ccp2 6F4F LF 5x15 16 5 FF
        ef-ext4 6F55 LF 10x13 - 8 00FF
        ef-acl 6F57 TR 101 - 8 00FF
        ef-cmi 6F58 LF 10x11 - 2 FF
        ef-ici 6F80 CY 20x38 14 5 FF~0000000001FFFF
        ef-oci 6F81 CY 20x37 15 5 FF~00000001FFFF
        ef-ict 6F82 CY 1x3 - 7 000000
        ef-oct 6F83 CY 1x3 - 7 000000
        ef-vgcs 6FB1 TR 20 - 2 -
        ef-vgcss 6FB2 TR 7 - 5 -
        ef-vbs 6FB3 TR 20 - 2 -
        ef-vbss 6FB4 TR 7 - 5 -
        ef-emlpp 6FB5 TR 2 - 2 -
        ef-aaem 6FB6 TR 1 - 5 00
        ef-hiddenkey 6FC3 TR 4 - 5 FF
        ef-pnn 6FC5 LF 10x16 19 10 -
        ef-opl 6FC6 LF 5x8 1A 10 -
        ef-mbdn 6FC7 LF 3x24 - 5 -
        ef-ext6 6FC8 LF 10x13 - 5 00FF
        ef-mbi 6FC9 LF 10x5 - 5 -
        ef-mwis 6FCA LF 10x6 - 5 00
        ef-cfis 6FCB LF 10x16 - 5 0100FF
        ef-ext7 6FCC LF 10x13 - 5 00FF
        ef-spdi 6FCD TR 17 1B 2 -
        ef-mmsn 6FCE LF 10x6 - 5 000000FF
        ef-ext8 6FCF LF 10x13 - 5 00FF
        ef-mmsicp 6FD0 TR 100 - 2 FF
        ef-mmsup 6FD1 LF ?x? - 5 FF
        ef-mmsucp 6FD2 TR 100 - 5 FF
        ef-nia 6FD3 LF 5x11 - 2 FF
        ef-vgcsca 6FD4 TR ? - 2 00
        ef-vbsca 6FD5 TR ? - 2 00
        ef-gbabp 6FD6 TR ? - 5 FF
        ef-msk 6FD7 LF ?x? - 2 FF
        ef-muk 6FD8 LF ?x? - 2 FF
        ef-ehplmn 6FD9 TR 15 1D 2 FF
        ef-gbanl 6FDA LF ?x? - 2 FF
        ef-ehplmnpi 6FDB TR 1 - 2 00
        ef-lrplmnsi 6FDC TR 1 - 2 00
        ef-nafkca 6FDD LF ?x? - 2 FF
        ef-spni 6FDE TR ? - 10 00FF
        ef-pnni 6FDF LF ?x? - 10 00FF
        ef-ncp-ip 6FE2 LF ?x? - 2 -
        ef-ufc 6FE6 TR 30 - 10 801E60C01E900080040000000000000000F0000000004000000000000080
        ef-nasconfig 6FE8 TR 18 - 2 -
        ef-uicciari 6FE7 LF ?x? - 2 -
        ef-pws 6FEC TR ? - 10 -
        ef-fdnuri 6FED LF ?x? - 8 FF
        ef-bdnuri 6FEE LF ?x? - 8 FF
        ef-sdnuri 6FEF LF ?x? - 2 FF
        ef-ial 6FF0 LF ?x? - 3 FF
        ef-ips 6FF1 CY ?x4 - 10 FF
        ef-ipd 6FF2 LF ?x? - 3 FF
        ef-epdgid 6FF3 TR ? - 2 -
        ef-epdgselection 6FF4 TR ? - 2 -
        ef-epdgidem 6FF5 TR ? - 2 -
        ef-epdgselectionem 6FF6 TR ? - 2 -
        ef-frompreferred 6FF7 TR 1 - 2 00
        ef-imsconfigdata 6FF8 BT ? - 2 -
        ef-3gpppsdataoff 6FF9 TR 4 - 2 -
        ef-3gpppsdataoffservicelist 6FFA LF ?x? - 2 -
        ef-xcapconfigdata 6FFC BT ? - 2 -
        ef-earfcnlist 6FFD TR ? - 10 -
        ef-mudmidconfigdata 6FFE BT ? - 2 -
        ef-eaka 6F01 TR 1 - 3 -
    ''',
    'phonebook': '''
        df-phonebook 5F3A DF - - 14 -
        ef-pbr 4F30 LF ?x? - 2 -
        ef-ext1 4F38 LF ?x13 - 5 00FF
        ef-aas 4F40 LF ?x? - 5 FF
        ef-gas 4F48 LF ?x? - 5 FF
        ef-psc 4F22 TR 4 - 5 00000000
        ef-cc 4F23 TR 2 - 5 0000
        ef-puid 4F24 TR 2 - 5 0000
        ef-iap 4F50 LF ?x? - 5 FF
        ef-adn 4F58 LF ?x? - 5 FF
        ef-pbc 4F60 LF ?x2 - 5 00
        ef-anr 4F68 LF ?x? - 5 FF
        ef-puri 4F70 LF ?x? - 5 -
        ef-email 4F78 LF ?x? - 5 FF
        ef-sne 4F80 LF ?x? - 5 FF
        ef-uid 4F88 LF ?x2 - 5 0000
        ef-grp 4F90 LF ?x? - 5 00
        ef-ccp1 4F98 LF ?x? - 5 FF
    ''',
    'gsm-access': '''
        df-gsm-access 5F3B DF - - 14 -
        ef-kc 4F20 TR 9 01 5 FF~07
        ef-kcgprs 4F52 TR 9 02 5 FF~07
        ef-cpbcch 4F63 TR 10 - 5 FF
        ef-invscan 4F64 TR 1 - 2 00
    ''',
    'df-5gs': '''
        df-df-5gs 5FC0 DF - - 14 -
        ef-5gs3gpploci 4F01 TR 20 01 5 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001
        ef-5gsn3gpploci 4F02 TR 20 02 5 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001
        ef-5gs3gppnsc 4F03 LF 2x62 03 5 FF
        ef-5gsn3gppnsc 4F04 LF 2x62 04 5 FF
        ef-5gauthkeys 4F05 TR 110 05 5 -
        ef-uac-aic 4F06 TR 4 06 2 -
        ef-suci-calc-info 4F07 TR ? 07 2 FF
        ef-opl5g 4F08 LF ?x10 08 10 FF
        ef-supinai 4F09 TR ? 09 2 -
        ef-routing-indicator 4F0A TR 4 0A 2 F0FF0000
        ef-ursp 4F0B BT ? - 2 -
        ef-tn3gppsnn 4F0C TR 1 0C 2 00
        ef-cag 4F0D TR 2 0D 2 -
        ef-sor-cmci 4F0E TR ? 0E 2 -
        ef-dri 4F0F TR 7 0F 2 -
        ef-5gsedrx 4F10 TR 2 10 2 -
        ef-5gnswo-conf 4F11 TR 1 11 2 -
        ef-mchpplmn 4F15 TR 1 15 2 -
        ef-kausf-derivation 4F16 TR 1 16 2 -
    ''',
    'df-saip': '''
        df-df-saip 5FD0 DF - - 14 -
        ef-suci-calc-info-usim 4F01 TR ? - 3 FF
    ''',
    'isim': '''
        adf-isim - ADF - - 14 -
        ef-impi 6F02 TR ? 02 2 -
        ef-impu 6F04 LF 1x? 04 2 -
        ef-domain 6F03 TR ? 05 2 -
        ef-ist 6F07 TR 14 07 2 -
        ef-ad 6FAD TR 3 03 10 000000
        ef-arr 6F06 LF ?x? 06 10 -
    ''',
    'opt-isim': '''
        ef-pcscf 6F09 LF 1x? - 2 -
        ef-sms 6F3C LF 10x176 - 5 00FF
        ef-smsp 6F42 LF 1x38 - 5 FF
        ef-smss 6F43 TR 2 - 5 FFFF
        ef-smsr 6F47 LF 10x30 - 5 00FF
        ef-gbabp 6FD5 TR ? - 5 FF
        ef-gbanl 6FD7 LF ?x? - 2 FF
        ef-nafkca 6FDD LF ?x? - 2 FF
        ef-uicciari 6FE7 LF ?x? - 2 -
        ef-frompreferred 6FF7 TR 1 - 2 00
        ef-imsconfigdata 6FF8 BT ? - 2 -
        ef-xcapconfigdata 6FFC BT ? - 2 -
        ef-webrtcuri 6FFA LF ?x? - 2 -
        ef-mudmidconfigdata 6FFE BT ? - 2 -
    ''',
    'telecom': '''
        df-telecom 7F10 DF - - 14 -
        ef-arr 6F06 LF ?x? - 10 -
        ef-rma 6F53 LF ?x? - 3 -
        ef-sume 6F54 TR 22 - 3 -
        ef-ice-dn 6FE0 LF 50x24 - 9 FF
        ef-ice-ff 6FE1 LF ?x? - 9 FF
        ef-psismsc 6FE5 LF ?x? - 5 -
        df-graphics 5F50 DF - - 14 -
        ef-img 4F20 LF ?x? - 2 00FF
        ef-iidf 4F40 TR ? - 2 FF
        ef-ice-graphics 4F21 BT ? - 9 -
        ef-launch-scws 4F01 TR ? - 10 -
        ef-icon 4F80 TR ? - 10 -
        df-phonebook 5F3A DF - - 14 -
        ef-pbr 4F30 LF ?x? - 2 -
        ef-ext1 4F38 LF ?x13 - 5 00FF
        ef-aas 4F40 LF ?x? - 5 FF
        ef-gas 4F48 LF ?x? - 5 FF
        ef-psc 4F22 TR 4 - 5 00000000
        ef-cc 4F23 TR 2 - 5 0000
        ef-puid 4F24 TR 2 - 5 0000
        ef-iap 4F50 LF ?x? - 5 FF
        ef-adn 4F58 LF ?x? - 5 FF
        ef-pbc 4F60 LF ?x2 - 5 00
        ef-anr 4F68 LF ?x? - 5 FF
        ef-puri 4F70 LF ?x? - 5 -
        ef-email 4F78 LF ?x? - 5 FF
        ef-sne 4F80 LF ?x? - 5 FF
        ef-uid 4F88 LF ?x2 - 5 0000
        ef-grp 4F90 LF ?x? - 5 00
        ef-ccp1 4F98 LF ?x? - 5 FF
        df-multimedia 5F3B DF - - 14 -
        ef-mml 4F47 BT ? - 5 -
        ef-mmdf 4F48 BT ? - 5 -
        df-mmss 5F3C DF - - 14 -
        ef-mlpl 4F20 TR ? 01 2 -
        ef-mspl 4F21 TR ? 02 2 -
        ef-mmssmode 4F22 TR 1 03 2 -
        df-mcs 5F3D DF - - 14 -
        ef-mst 4F01 TR ? 01 2 -
        ef-mcs-config 4F02 BT ? 02 2 -
        df-v2x 5F3E DF - - 14 -
        ef-vst 4F01 TR ? 01 2 -
        ef-v2x-config 4F02 BT ? 02 2 -
        ef-v2xp-pc5 4F03 TR ? - 2 -
        ef-v2xp-Uu 4F04 TR ? - 2 -
    ''',
}
CSIM_SIZES = {'ef-ah': 2, 'ef-aloc': 7, 'ef-distregi': 8, 'ef-spc': 3, 'ef-esn-meid-me': 8,
              'ef-ad': 3, 'ef-mecrp': 3, 'ef-call-count': 64, 'ef-spn': 35, 'ef-csspr': 1,
              'ef-model': 126, 'ef-3gcik': 32, 'ef-maxpuzl': 5, 'ef-sf-euimid': 7}
BY_DEFAULT = ('mf', 'usim', 'isim')
KIND_OF = {1: 'TR', 2: 'LF', 6: 'CY', 0x39: 'BT', 0x38: 'DF'}


class File:
    def __init__(self, name, kind, fid, parent):
        self.name, self.kind, self.fid, self.parent = name, kind, fid, parent
        self.size = self.record = 0
        self.sfi, self.rule, self.fill = None, None, b'\xff'
        self.repeat = False
        self.tail = b''
        self.content, self.link, self.aid = None, None, None

    def path(self):
        return [] if self.parent is None else self.parent.path() + [self.fid]


class Listing:
    """What the profile should be."""

    def __init__(self, module, package):
        self.files, self.mf, self.apps, self.last_naa = [], None, {}, None
        for kind, value in elements(module, package):
            if kind == 'genericFileManagement':
                self.generic(value)
            elif 'templateID' in value:
                self.template(kind, value)
        self.resolve()

    def add(self, file):
        self.files.append(file)
        return file

    def find(self, path, directory=None):
        at = self.mf
        for fid in path:
            at = next((f for f in self.files if f.parent is at and f.fid == fid), None)
        return at

    def apply_fcp(self, file, fcp, template):
        descriptor = fcp.get('fileDescriptor')
        if descriptor is not None:
            file.kind = file.kind if file.kind in ('MF', 'ADF') else KIND_OF[descriptor[0] & 0x3f]
            if file.kind in ('LF', 'CY') and len(descriptor) > 2:
                records = file.size // file.record if file.record else 0
                file.record = int.from_bytes(descriptor[2:], 'big')
                file.size = records * file.record
        if 'fileID' in fcp:
            file.fid = int.from_bytes(fcp['fileID'], 'big')
        if 'dfName' in fcp:
            file.aid = fcp['dfName']
        if 'efFileSize' in fcp:
            file.size = int.from_bytes(fcp['efFileSize'], 'big')
        reference = fcp.get('securityAttributesReferenced')
        if reference is not None:
            if len(reference) == 1:
                file.rule = (file.rule[0], reference[0])
            else:
                file.rule = (int.from_bytes(reference[:2], 'big'), reference[2])
        if 'shortEFID' in fcp:
            file.sfi = fcp['shortEFID'][0] >> 3 if fcp['shortEFID'] else None
        elif not template:
            file.sfi = file.fid & 0x1f
        if file.sfi in (0, 31):
            file.sfi = None
        info = fcp.get('proprietaryEFInfo', {})
        if 'fillPattern' in info:
            file.fill, file.repeat, file.tail = info['fillPattern'], False, b''
        if 'repeatPattern' in info:
            file.fill, file.repeat, file.tail = info['repeatPattern'], True, b''
        if file.kind == 'BT' and 'maximumFileSize' in info:
            file.size = max(file.size, int.from_bytes(info['maximumFileSize'], 'big'))
        if fcp.get('linkPath'):
            path = fcp['linkPath']
            file.link = [int.from_bytes(path[i:i + 2], 'big') for i in range(0, len(path), 2)]

    def pattern(self, file):
        stretch = file.record or file.size
        if file.repeat:
            one = (file.fill * (stretch // len(file.fill) + 1))[:stretch]
        else:
            one = (file.fill + file.fill[-1:] * stretch)[:stretch]
        if file.tail:
            one = one[:stretch - len(file.tail)] + file.tail
        return bytearray(one * (file.size // stretch if stretch else 0))

    def fill(self, file, items):
        file.at = getattr(file, 'at', 0)
        for kind, value in items:
            if kind == 'fillFileOffset':
                file.at += value
            elif kind == 'fillFileContent':
                file.content[file.at:file.at + len(value)] = value
                file.at += len(value)
                file.used = file.at

    def template(self, kind, value):
        rows = TABLES.get(kind)
        old = value['templateID'].count('.') == 5
        root = {'opt-usim': 'usim', 'gsm-access': 'usim', 'df-5gs': 'usim', 'df-saip': 'usim',
                'phonebook': 'usim', 'opt-isim': 'isim', 'opt-csim': 'csim'}.get(kind)
        directory = self.apps[root] if root else self.mf
        own_root = False
        names = [line.split() for line in rows.strip().splitlines()] if rows else [
            [n, '-', 'ADF' if n.startswith('adf') else '?', '-', '-', '-', '-'] for n in value
            if n not in ('templateID', kind.replace('-', '') + '-header', 'optcsim-header')]
        base = directory
        for name, fid, sort, size, sfi, rule, fill in names:
            items = value.get(name)
            if items is None and kind not in BY_DEFAULT:
                continue
            if items and items[0][0] == 'doNotCreate':
                continue
            parent = base if sort in ('DF', 'ADF', 'MF') else directory
            if sort == 'ADF':
                parent = self.mf
            file = File(kind + '/' + name, sort, 0 if fid == '-' else int(fid, 16), parent)
            if kind == 'df-5gs' and name in ('ef-5gs3gppnsc', 'ef-5gsn3gppnsc') and old:
                size = '1x57'
            if kind == 'df-5gs' and name == 'ef-routing-indicator' and old:
                fill = 'F0FFFFFF'
            if kind == 'usim' and name == 'ef-ust' and old:
                size = '14'
            if 'x' in size:
                count, record = size.split('x')
                file.record = 0 if record == '?' else int(record)
                file.size = file.record * (0 if count == '?' else int(count))
            elif size not in ('-', '?'):
                file.size = int(size)
            file.sfi = None if sfi == '-' or int(sfi, 16) == 0 else int(sfi, 16)
            in_mf = parent is self.mf or sort in ('MF', 'ADF')
            file.rule = (0x2f06 if in_mf else 0x6f06, 0 if rule == '-' else int(rule))
            if fill != '-':
                if fill.startswith('*'):
                    file.fill, file.repeat = bytes.fromhex(fill[1:]), True
                elif '~' in fill:
                    file.fill, file.tail = (bytes.fromhex(x) for x in fill.split('~'))
                else:
                    file.fill = bytes.fromhex(fill)
            fcp = next((v for k, v in items or [] if k == 'fileDescriptor'), None)
            if fcp is not None:
                self.apply_fcp(file, fcp, True)
            if kind in ('csim', 'opt-csim') and file.size == 0 and not file.aid:
                written = sum(len(v) if k == 'fillFileContent' else v if k == 'fillFileOffset' else 0
                              for k, v in items)
                file.size = CSIM_SIZES.get(name, written)
            if sort in ('MF', 'DF', 'ADF'):
                file.kind = sort
                self.add(file)
                directory = file
                if not own_root:
                    base, own_root = file, True
                if sort == 'MF':
                    file.parent, self.mf = None, file
                if sort == 'ADF':
                    self.apps[kind] = file
                continue
            if file.link is None:
                if file.size == 0 and items:
                    file.size = sum(len(v) if k == 'fillFileContent' else
                                    v if k == 'fillFileOffset' else 0 for k, v in items)
                if file.size == 0:
                    continue
                file.content = self.pattern(file)
                self.fill(file, items or [])
            self.add(file)

    def generic(self, value):
        directory = self.mf
        current = None
        for group in value['fileManagementCMD']:
            for kind, item in group:
                if kind == 'filePath':
                    path = [int.from_bytes(item[i:i + 2], 'big') for i in range(0, len(item), 2)]
                    directory = self.find(path)
                    assert directory is not None, 'path %r' % path
                elif kind == 'createFCP':
                    current = File('gfm', '?', 0, directory)
                    in_mf = directory is self.mf
                    current.rule = (0x2f06 if in_mf else 0x6f06, 0)
                    self.apply_fcp(current, item, False)
                    if current.kind != 'DF' and current.link is None:
                        current.content = self.pattern(current)
                    self.add(current)
                else:
                    self.fill(current, [(kind, item)])

    def resolve(self):
        for file in self.files:
            if file.link is None:
                continue
            target = self.find(file.link)
            assert target is not None, 'link of %s' % file.name
            file.content, file.size, file.record = target.content, target.size, target.record
            file.kind = target.kind


def elements(module, package):
    at = 0
    while at < len(package):
        start = at
        at += 2 if package[at] & 0x1f == 0x1f else 1
        size = package[at]
        at += 1
        if size & 0x80:
            count = size & 0x7f
            size = int.from_bytes(package[at:at + count], 'big')
            at += count
        at += size
        yield module.decode('ProfileElement', package[start:at])


class Card:
    def __init__(self, path):
        self.process = subprocess.Popen([os.environ['TERN'], 'profile', 'try', path, '--apdu'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.banner = self.process.stdout.readline()

    def send(self, apdu):
        self.process.stdin.write(apdu + '\n')
        self.process.stdin.flush()
        answer = bytes.fromhex(self.process.stdout.readline())
        return answer[:-2], int.from_bytes(answer[-2:], 'big')

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def tlv(data):
    out, at = {}, 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        out[tag] = data[at + 2:at + 2 + size]
        at += 2 + size
    return out


def application_of(file):
    while file is not None and file.kind != 'ADF':
        file = file.parent
    return file


def select(card, file):
    app = application_of(file)
    if file.kind == 'MF':
        return card.send('00A40004023F00')
    if app is not None:
        data, sw = card.send('00A4040C%02X%s' % (len(app.aid), app.aid.hex()))
        assert sw == 0x9000, 'application %s: %04X' % (app.aid.hex(), sw)
        if file is app:
            return card.send('00A4000402' + '7FFF')
        steps = ['7FFF']
        below = []
        at = file
        while at is not app:
            below.insert(0, '%04X' % at.fid)
            at = at.parent
        path = ''.join(steps + below)
    else:
        path = ''.join('%04X' % fid for fid in file.path())
    return card.send('00A40804%02X%s' % (len(path) // 2, path))


def check_fcp(file, fcp):
    descriptor = fcp[0x82]
    kind = KIND_OF[descriptor[0] & 0x3f]
    if file.kind in ('MF', 'ADF', 'DF'):
        assert kind == 'DF', 'is a %s' % kind
        if file.kind == 'ADF':
            assert fcp[0x84] == file.aid, 'AID'
    else:
        assert kind == file.kind, 'is a %s, not a %s' % (kind, file.kind)
        assert int.from_bytes(fcp[0x80], 'big') == file.size, 'size %s, not %d' % (
            fcp[0x80].hex(), file.size)
        if kind in ('LF', 'CY'):
            assert descriptor[2:4] == file.record.to_bytes(2, 'big'), 'record size'
            assert descriptor[4] == file.size // file.record, 'records'
        sfi = fcp[0x88][0] >> 3 if fcp[0x88] else None
        assert sfi == file.sfi, 'SFI %r, not %r' % (sfi, file.sfi)
    fid = 0x7fff if file.kind == 'ADF' else file.fid
    assert int.from_bytes(fcp[0x83], 'big') == fid, 'FID'
    if file.rule is not None and file.rule[1] != 0:
        assert fcp[0x8b] == file.rule[0].to_bytes(2, 'big') + bytes([file.rule[1]]), 'rule %s' % (
            fcp[0x8b].hex())


def check_content(card, file):
    """True when the contents could be read (some files nobody may read)."""
    got = bytearray()
    if file.kind == 'TR':
        while len(got) < file.size:
            data, sw = card.send('00B0%04X%02X' % (len(got), min(255, file.size - len(got))))
            if sw == 0x6982:
                return False
            assert sw == 0x9000, 'READ BINARY %04X' % sw
            got += data
    elif file.kind in ('LF', 'CY'):
        for number in range(1, file.size // file.record + 1):
            data, sw = card.send('00B2%02X04%02X' % (number, file.record))
            if sw == 0x6982:
                return False
            assert sw == 0x9000, 'READ RECORD %d %04X' % (number, sw)
            got += data
    elif file.kind == 'BT':
        data, sw = card.send('80CB0080015C00')
        if sw == 0x6982:
            return False
        assert sw == 0x9000, 'RETRIEVE DATA %04X' % sw
        tags = data[2:]
        at, used = 0, getattr(file, 'used', 0)
        content = bytes(file.content[:used])
        while at < len(content):  # objects of one-byte tags in TS.48
            size, head = content[at + 1], 2
            if size & 0x80:
                head = 2 + (size & 0x7f)
                size = int.from_bytes(content[at + 2:at + head], 'big')
            whole = content[at:at + head + size]
            assert whole[0] in tags, 'tag %02X is not listed' % whole[0]
            value, first = bytearray(), True
            while len(value) < len(whole):
                data, sw = card.send('80CB0080%s00' % ('01%02X' % whole[0]) if first else '80CB000000')
                assert sw in (0x9000, 0x62f1), 'RETRIEVE DATA %04X' % sw
                value += data
                first = False
            assert value == whole, 'object %02X' % whole[0]
            at += len(whole)
        return True
    assert got == file.content, 'contents\n  %s\nnot\n  %s' % (got.hex(), bytes(file.content).hex())
    return True


def check(path, module):
    with open(path, 'rb') as source:
        package = source.read()
    listing = Listing(module, package)
    card = Card(path)
    assert card.banner.startswith('installed'), card.banner
    read = hidden = failures = 0
    for file in listing.files:
        for pin in ('0020000A083535353535353535', '0020000B083636363636363636'):
            card.send(pin)
        data, sw = select(card, file)
        card.send('0020008108' + '39393939FFFFFFFF')
        try:
            assert sw == 0x9000, 'SELECT %04X' % sw
            assert data[0] == 0x62, 'no FCP'
            inner = data[3:] if data[1] == 0x81 else data[2:]
            check_fcp(file, tlv(inner))
            if file.kind in ('TR', 'LF', 'CY', 'BT'):
                if check_content(card, file):
                    read += 1
                else:
                    hidden += 1
        except (AssertionError, KeyError) as error:
            failures += 1
            print('%s: %s %s: %s' % (os.path.basename(path), file.name,
                                     ''.join('%04X' % f for f in file.path()), error))
    assert card.close() == 0
    print('%-42s %3d files, %3d read, %d that nobody may read' % (
        os.path.basename(path), len(listing.files), read, hidden))
    assert read > 90, 'too few files'
    return failures


def compile_module():
    with open(os.path.join(REFDATA, 'asn1', 'PE_Definitions-3.3.1.asn')) as source:
        text = source.read()
    # asn1tools does not know a DEFAULT for SEQUENCE OF, nor a blank inside a hex string.
    text = re.sub(r"(OF OCTET STRING \(SIZE \(6\)\)) DEFAULT '0+'H", r'\1 OPTIONAL', text)
    text = re.sub(r"([0-9]) 'H", r"\1'H", text)
    return asn1tools.compile_string(text, 'der')


def main():
    module = compile_module()
    paths = sorted(glob.glob(os.path.join(REFDATA, 'upp', '*.der')))
    assert paths
    failures = sum(check(path, module) for path in paths)
    print('%d differences' % failures)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
