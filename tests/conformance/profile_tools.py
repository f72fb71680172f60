#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tern profile build, show, lint, personalise: what comes out, read by asn1tools where it is there.

Needs nothing but tern for the round trips; the module PEDefinitions and the TS.48 packages are used
when TERN_REFDATA has them.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('TERN_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
REFDATA = os.environ.get('TERN_REFDATA', os.path.join(SOURCE, '..', 'shared', 'refdata'))
MODULE = os.path.join(REFDATA, 'asn1', 'PE_Definitions-3.3.1.asn')
TERN = os.environ['TERN']

if os.path.exists(MODULE) and not os.environ.get('TERN_VENV_TRIED'):
    try:
        import asn1tools
    except ImportError:
        run = subprocess.run([os.path.join(SOURCE, 'scripts', 'venv')], stdout=subprocess.PIPE)
        os.environ['TERN_VENV_TRIED'] = '1'
        if run.returncode == 0:
            python = run.stdout.decode().strip()
            os.execv(python, [python] + sys.argv)
try:
    import asn1tools
except ImportError:
    asn1tools = None

SMALL = '''
iccid: "8946012345678901234"
pins: {puk1: "12345678", adm1: "55555555"}
usim: {imsi: "240010123456789", spn: Sweden, minimal: true}
aka: {key: 465b5ce8b199b49faa5f0a2ee238a6bc, op: cdc202d5123e20f62b6d676ac72cb318}
metadata:
  service_provider_name: Sweden
  profile_name: Sensor
  class: operational
  notifications: [{events: [enable, delete], address: smdp.sweden.example}]
  owner: {plmn: "24001", gid1: "AB"}
  ppr: [ppr1]
  fallback_allowed: true
  ecall: false
'''
LARGE = '''
version: "3.1"
type: Everything
iccid: "8946012345678901242"
connectivity: "3507020300000302"
pins:
  pin1: {value: "1234", tries: 5}
  puk1: "11111111"
  pin2: "9999"
  puk2: "22222222"
  adm1: "0102030405060708"
usim:
  imsi: "240010123456789"
  mnc_length: 3
  label: USIM
  spn: Sweden
  smsc: "+46705008999"
  ecc: ["112", "911"]
  services: [2, 45]
  files: {ef-fplmn: {size: 24, fill: "FF"}}
  optional_files:
    ef-ehplmn: {content: 42F010}
    ef-pnn: {records: 2, record_size: 10, content: 430583F4F29C0E, arr: "10", sfi: 25}
aka: {algorithm: milenage, key: 00112233445566778899AABBCCDDEEFF, opc: FFEEDDCCBBAA99887766554433221100,
      sqn: "000000000010", sqn_delta: "000000000100", counter_max: "00FFFF"}
telecom: {files: {ef-sume: {size: 22, text: "tern"}}}
gsm_access: {}
df_5gs: {routing_indicator: "12", suci_in_usim: true, suci: [{scheme: "null"}]}
isim: {label: ISIM}
files:
  - {path: "", fid: 2F10, size: 8, content: "0102", arr: "2F06:10", sfi: none}
  - {path: 7F10, fid: 6F44, type: linear, records: 2, record_size: 30, arr: "6F06:5"}
security_domain:
  keys:
    - {version: 1, id: 1, type: des, data: 000102030405060708090A0B0C0D0E0F}
    - {version: 48, id: 3, data: 000102030405060708090A0B0C0D0E0F}
rfm:
  - {tar: [B00140], msl: "12", adf: A0000000871002FFFFFFFF8907090000}
'''


def tern(*arguments, status=0):
    run = subprocess.run([TERN, 'profile'] + list(arguments), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    assert run.returncode == status, '%s: %d %s' % (arguments, run.returncode, run.stderr.decode())
    return run


class Work:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()

    def path(self, name, content=None):
        path = os.path.join(self.folder.name, name)
        if content is not None:
            with open(path, 'w') as out:
                out.write(content)
        return path


def read(path):
    with open(path, 'rb') as source:
        return source.read()


def elements(package):
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
        yield package[start:at]


def module():
    text = read(MODULE).decode()
    text = re.sub(r"(OF OCTET STRING \(SIZE \(6\)\)) DEFAULT '0+'H", r'\1 OPTIONAL', text)
    text = re.sub(r"([0-9]) 'H", r"\1'H", text)
    return asn1tools.compile_string(text, 'der')


def installs(path):
    return json.loads(tern('try', path, '--json').stdout)


def builds(work):
    small, large = work.path('small.yaml', SMALL), work.path('large.yaml', LARGE)
    upp, metadata = work.path('small.der'), work.path('small.metadata')
    tern('build', small, '-o', upp, '--metadata', metadata)
    size = os.path.getsize(upp)
    assert size <= 1000, 'the IoT profile has %d bytes' % size
    assert os.stat(upp).st_mode & 0o777 == 0o600
    assert installs(upp)['installed']
    # StoreMetadataRequest, by hand (SGP.22, RSPDefinitions)
    content = read(metadata)
    for piece in ('5a0a986410325476981032f4', '9106' + b'Sweden'.hex(), '9206' + b'Sensor'.hex(),
                  '80020450' '8113' + b'smdp.sweden.example'.hex(), '99020640', '9f6701ff'):
        assert bytes.fromhex(piece) in content, piece
    assert bytes.fromhex('b708' '800342f010' '8101ab') in content, content.hex()
    assert content[:2] == b'\xbf\x25' and content[2] == len(content) - 3
    assert b'\x95' not in content  # operational is the DEFAULT
    tern('build', large, '-o', work.path('large.der'))
    assert installs(work.path('large.der'))['installed']
    for wanted in (2000, 4000, 12200, 30000):
        path = work.path('padded.der')
        tern('build', small, '-o', path, '--size', str(wanted))
        assert os.path.getsize(path) == wanted
        assert installs(path)['installed']
    tern('build', small, '-o', work.path('x'), '--size', '500', status=2)
    print('build: %d bytes for IoT, %d for everything, any size' % (
        size, os.path.getsize(work.path('large.der'))))


def examples(work):
    paths = sorted(glob.glob(os.path.join(SOURCE, 'examples', 'profiles', '*.yaml')))
    assert len(paths) >= 3
    for path in paths:
        upp = work.path('example.der')
        tern('build', path, '-o', upp, '--metadata', work.path('example.metadata'))
        assert installs(upp)['installed'], path
        tern('lint', upp)
    print('examples: %d build, install and pass lint' % len(paths))


def complains(work):
    for change, words in ((('"240010123456789"', '"24001x"'), b'IMSI'),
                          (('iccid: "8946', 'iccid: "89x6'), b'ICCID'),
                          (('spn: Sweden', 'spn: A name that is too long'), b'16'),
                          (('key: 465b', 'key: 46'), b'16 bytes'),
                          (('minimal: true', 'minimal: true, colour: red'), b'known'),
                          (('adm1: "55555555"', 'adm1: "x"'), b'digits'),
                          (('class: operational', 'class: gold'), b'operational'),
                          (('plmn: "24001"', 'plmn: "2400"'), b'MCC')):
        path = work.path('bad.yaml', SMALL.replace(*change))
        run = tern('build', path, '-o', work.path('bad.der'), '--metadata', work.path('bad.meta'),
                   status=2)
        assert words in run.stderr, (change, run.stderr)
        assert b'bad.yaml:' in run.stderr  # with its line
    print('build: complaints name the line')


def round_trips(work):
    packages = sorted(glob.glob(os.path.join(REFDATA, 'upp', '*.der')))
    for path in packages + [work.path('small.der'), work.path('large.der')]:
        yaml, again = work.path('shown.yaml'), work.path('again.der')
        run = tern('show', path, '--output', yaml)
        assert b'raw' not in run.stderr, run.stderr
        tern('build', yaml, '-o', again)
        assert read(path) == read(again), path
    unknown = work.path('unknown.der')  # an element of a version to come stays as it is
    package = read(work.path('small.der'))
    with open(unknown, 'wb') as out:
        out.write(package[:-9] + bytes.fromhex('BF2A05A0038101 63') + package[-9:])
    tern('show', unknown, '--output', work.path('unknown.yaml'))
    tern('build', work.path('unknown.yaml'), '-o', work.path('unknown2.der'))
    assert read(unknown) == read(work.path('unknown2.der'))
    print('show: %d packages, byte for byte' % (len(packages) + 3))


def decodes(work):
    if asn1tools is None or not os.path.exists(MODULE):
        print('asn1tools: not here, skipped')
        return
    pe = module()
    for name in ('small.der', 'large.der'):
        package = read(work.path(name))
        identifications = []
        for element in elements(package):
            kind, value = pe.decode('ProfileElement', element)
            assert pe.encode('ProfileElement', (kind, value)) is not None
            headers = [v for v in value.values() if isinstance(v, dict) and 'identification' in v]
            identifications += [h['identification'] for h in headers[:1]]
        assert len(set(identifications)) == len(identifications)
    values = dict(pe.decode('ProfileElement', e) for e in elements(read(work.path('large.der'))))
    assert values['header']['connectivityParameters'].hex() == '3507020300000302'
    assert values['header']['major-version'] == 3
    aka = values['akaParameter']['algoConfiguration'][1]
    assert aka['key'].hex() == '00112233445566778899aabbccddeeff'
    assert aka['authCounterMax'].hex() == '00ffff'
    assert values['akaParameter']['sqnInit'] == [bytes.fromhex('000000000010')] * 32
    assert values['rfm']['tarList'] == [bytes.fromhex('b00140')]
    assert len(values['securityDomain']['keyList']) == 2
    print('asn1tools reads what tern builds')


def personalises(work):
    out = work.path('many')
    csv = work.path('many.csv', 'note,IMSI, Ki ,OPc,ICCID\n# a remark\n' + ''.join(
        'x,24001012345%04d,%032x,%032x,894601234567890%04d\n' % (i, i + 1, i + 7, i)
        for i in range(300)) + '\n')
    run = tern('personalise', work.path('large.der'), '--csv', csv, '--out', out, '--json',
               '--metadata', work.path('small.metadata'))
    assert json.loads(run.stdout)['profiles'] == 300
    files = os.listdir(out)
    assert len(files) == 600
    package = read(os.path.join(out, '8946012345678900123.der'))
    assert len(package) == os.path.getsize(work.path('large.der'))
    assert installs(os.path.join(out, '8946012345678900123.der'))['installed']
    assert bytes.fromhex('%032x' % 124) in package and bytes.fromhex('%032x' % 130) in package
    assert bytes.fromhex('082904101032541032') in package  # EF.IMSI 240010123450123
    assert b'240010123450123@ims' in package and b'240010123456789' not in package
    assert bytes.fromhex('8946012345678900123f') in package
    metadata = read(os.path.join(out, '8946012345678900123.metadata'))
    assert bytes.fromhex('5a0a9864103254769800' + '21f3') in metadata, metadata.hex()
    bad = work.path('bad.csv', '8946012345678901234,240010123456789,00,11\n')
    run = tern('personalise', work.path('large.der'), '--csv', bad, '--out', out, status=2)
    assert b'bad.csv:1' in run.stderr
    print('personalise: 300 profiles')


def lints(work):
    report = json.loads(tern('lint', work.path('small.der'), '--json').stdout)
    assert not [f for f in report['findings'] if f['kind'] == 'error']
    assert sum(e['bytes'] for e in report['elements']) == report['bytes']
    for path in sorted(glob.glob(os.path.join(REFDATA, 'upp', '*.der'))):
        trimmed = work.path('trimmed.der')
        report = json.loads(tern('lint', path, '--json', '--trim', trimmed).stdout)
        kinds = {f['element'] for f in report['findings'] if f['kind'] == 'waste'}
        assert {'csim', 'opt-csim', 'cdmaParameter', 'gsm-access'} <= kinds
        assert os.path.getsize(trimmed) == report['trimmed_bytes'] < 0.65 * report['bytes']
        assert installs(trimmed)['installed']
        names = [e['element'] for e in json.loads(tern('lint', trimmed, '--json').stdout)['elements']]
        assert 'csim' not in names and 'usim' in names
    broken = work.path('broken.yaml', SMALL.replace(
        'minimal: true', 'files: {ef-fplmn: {arr: "99"}}'))
    run = tern('lint', broken, '--json', status=1)
    findings = json.loads(run.stdout)['findings']
    assert any(f['kind'] == 'error' and '99' in f['text'] for f in findings), findings
    print('lint: ballast found and trimmed, wrong rules named')


def main():
    work = Work()
    builds(work)
    examples(work)
    complains(work)
    round_trips(work)
    decodes(work)
    personalises(work)
    lints(work)


if __name__ == '__main__':
    main()
