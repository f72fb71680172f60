#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A USIM built from a description, driven by APDU: records, rings, searches, BER-TLV, AKA, SUCI.

Milenage, TUAK (by SHAKE256, whose padding TUAK shares), ECIES of TS 33.501 and all expected values
are computed here, with Python's own libraries.
"""
import hashlib
import hmac
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('TERN_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, x25519
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
except ImportError:
    if os.environ.get('TERN_VENV_TRIED'):
        print('SKIP: no Python package "cryptography"')
        sys.exit(77)
    run = subprocess.run([os.path.join(SOURCE, 'scripts', 'venv')], stdout=subprocess.PIPE)
    if run.returncode != 0:
        print('SKIP: the Python environment could not be made')
        sys.exit(77)
    os.environ['TERN_VENV_TRIED'] = '1'
    python = run.stdout.decode().strip()
    os.execv(python, [python] + sys.argv)

USIM = '00A4040C07A0000000871002'
KEY = bytes.fromhex('465b5ce8b199b49faa5f0a2ee238a6bc')
OP = bytes.fromhex('cdc202d5123e20f62b6d676ac72cb318')


def aes(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Milenage:
    def __init__(self, key, op):
        self.key, self.opc = key, xor(aes(key, op), op)

    def out(self, rand, n, in1=bytes(16)):
        temp = aes(self.key, xor(rand, self.opc))
        bits = (64, 0, 32, 64, 96)[n - 1]
        turn = int.from_bytes(xor(in1 if n == 1 else temp, self.opc), 'big')
        turn = ((turn << bits) | (turn >> (128 - bits))) & ((1 << 128) - 1)
        block = turn.to_bytes(16, 'big')
        if n == 1:
            block = xor(block, temp)
        block = xor(block, bytes(15) + bytes([(0, 1, 2, 4, 8)[n - 1]]))
        return xor(aes(self.key, block), self.opc)

    def mac(self, rand, sqn, amf, resync=False):
        out = self.out(rand, 1, (sqn + amf) * 2)
        return out[8:] if resync else out[:8]

    def answer(self, rand):
        out = self.out(rand, 2)
        return out[8:], self.out(rand, 3), self.out(rand, 4), out[:6]

    def resync_key(self, rand):
        return self.out(rand, 5)[:6]


class Tuak:
    def __init__(self, key, top, keccak):
        self.key, self.keccak, self.topc = key, keccak, None
        self.topc = self.block(0, top)[:32][::-1]

    def block(self, instance, top=None, rand=bytes(16), amf=bytes(2), sqn=bytes(6)):
        state = (top or self.topc)[::-1] + bytes([instance | (len(self.key) == 32)]) + b'0.1KAUT'
        state += rand[::-1] + amf[::-1] + sqn[::-1] + self.key[::-1].ljust(32, b'\0')
        return hashlib.shake_256(state).digest(136 * self.keccak)[-136:]

    def mac(self, rand, sqn, amf, resync=False):
        return self.block(0x88 if resync else 0x08, None, rand, amf, sqn)[:8][::-1]

    def answer(self, rand):
        b = self.block(0x48, None, rand)
        return b[:8][::-1], b[32:48][::-1], b[64:80][::-1], b[96:102][::-1]

    def resync_key(self, rand):
        return self.block(0xC0, None, rand)[96:102][::-1]


class Card:
    def __init__(self, description, t0=False):
        self.folder = tempfile.TemporaryDirectory()
        yaml, upp = (os.path.join(self.folder.name, n) for n in ('p.yaml', 'p.der'))
        with open(yaml, 'w') as out:
            out.write(description)
        tern = os.environ['TERN']
        subprocess.run([tern, 'profile', 'build', yaml, '-o', upp], check=True)
        self.size = os.path.getsize(upp)
        self.process = subprocess.Popen([tern, 'profile', 'try', upp, '--apdu'] + ['--t0'] * t0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        banner = self.process.stdout.readline()
        assert banner.startswith('installed'), banner

    def send(self, apdu):
        self.process.stdin.write(apdu.replace(' ', '') + '\n')
        self.process.stdin.flush()
        answer = bytes.fromhex(self.process.stdout.readline())
        return answer[:-2], int.from_bytes(answer[-2:], 'big')

    def reset(self):
        self.process.stdin.write('reset\n')
        self.process.stdin.flush()
        assert self.process.stdout.readline() == 'ok\n'

    def expect(self, apdu, sw, data=None):
        got, got_sw = self.send(apdu)
        assert got_sw == sw, '%s: %04X, not %04X' % (apdu, got_sw, sw)
        if data is not None:
            assert got.hex().upper() == data.replace(' ', ''), '%s: %s' % (apdu, got.hex())
        return got

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0
        self.process.stdout.close()


BASE = '''
iccid: "8946012345678901235"
type: Conformance
pins: {puk1: "11111111", adm1: "55555555", pin2: "9999", puk2: "22222222"}
usim:
  imsi: "240010123456789"
  spn: Sweden
  services: [27, 38]
aka: {key: %s, op: %s}
files:
  - {path: 7FD0, fid: 6F90, type: linear, records: 4, record_size: 5, arr: "6F06:5", sfi: 21,
     content: 01020304050102FFFFFF}
  - {path: 7FD0, fid: 6F91, type: cyclic, records: 3, record_size: 3, arr: "6F06:7", content: "000005"}
  - {path: 7FD0, fid: 6F92, type: ber-tlv, size: 300, arr: "6F06:5"}
  - {path: 7FD0, fid: 6F93, type: transparent, size: 400, arr: "6F06:5", repeat: 0A0B0C}
  - {path: 7FD0, fid: 6F94, type: transparent, link: 7FD06F93, arr: "6F06:5"}
  - {path: 7FD0, fid: 5F70, type: directory, arr: "6F06:14", pins: 010A}
  - {path: 7FD05F70, fid: 4F01, type: transparent, size: 2, arr: "6F06:3", content: CAFE}
''' % (KEY.hex(), OP.hex())


def records(card):
    card.expect(USIM, 0x9000)
    card.expect('00A4000C026F90', 0x9000)
    card.expect('00B2000205', 0x9000, '0102030405')  # next, from nothing: the first
    card.expect('00B2000205', 0x9000, '0102FFFFFF')
    card.expect('00B2000405', 0x9000, '0102FFFFFF')  # current
    card.expect('00B2000305', 0x9000, '0102030405')  # previous
    card.expect('00B2000305', 0x6A83)
    card.expect('00B2040405', 0x9000, 'FFFFFFFFFF')
    card.expect('00B2050405', 0x6A83)
    card.expect('00B2010404', 0x6C05)
    card.expect('00B2010505', 0x6A86)
    card.expect('00DC030405 1112131415', 0x9000)
    card.expect('00DC0304041112131 4', 0x6700)
    card.expect('00DC050405 1112131415', 0x6A83)
    card.expect('00B203AC05', 0x9000, '1112131415')  # by SFI 21
    card.expect('00A2010402 0102', 0x9000, '0102')
    card.expect('00A2020402 0102', 0x9000, '02')
    card.expect('00A2040502 0102', 0x9000, '0201')  # backwards
    card.expect('00A2010402 9999', 0x6282)
    card.expect('00A2010604 04011213', 0x9000, '03')  # enhanced, from offset 1
    card.expect('00A2010604 0403 1112', 0x6282)
    card.expect('00A2010604 0C12 1314', 0x9000, '03')  # enhanced, behind the first 12
    card.expect('00A20104', 0x6700)
    card.expect('00B0000001', 0x6981)


def rings(card):
    card.expect(USIM, 0x9000)
    card.expect('00A4000C026F91', 0x9000)
    card.expect('00B2010403', 0x9000, '000005')
    card.expect('8032000003 000003', 0x9000, '000008000003')
    card.expect('00B2010403', 0x9000, '000008')
    card.expect('00B2020403', 0x9000, '000005')
    card.expect('8032000001 10', 0x9000, '00001810')
    card.expect('8032000003 FFFFFF', 0x9850)
    card.expect('00B2010403', 0x9000, '000018')
    card.expect('00DC000303 000001', 0x9000)  # previous is the only way to update a ring
    card.expect('00DC010403 000001', 0x6A86)
    card.expect('00B2010403', 0x9000, '000001')
    card.expect('00B2020403', 0x9000, '000018')
    card.expect('00B2030403', 0x9000, '000008')
    card.expect('00B2040403', 0x6A83)
    card.expect('0032000003 000003', 0x6E00)
    card.expect('00A4000C026F90', 0x9000)
    card.expect('8032000003 000003', 0x6982)  # its rule knows no INCREASE


def objects(card):
    card.expect(USIM, 0x9000)
    card.expect('00A4000C026F92', 0x9000)
    card.expect('80CB0080015C00', 0x9000, '5C00')
    card.expect('80CB0080018000', 0x6A88)
    card.expect('80DB0080 05 8003010203', 0x9000)
    card.expect('80DB0080 03 810155', 0x9000)
    card.expect('80CB0080015C00', 0x9000, '5C028081')
    card.expect('80CB0080018000', 0x9000, '8003010203')
    card.expect('80DB0080 04 8002AABB', 0x9000)  # again: the old one goes
    card.expect('80CB0080018000', 0x9000, '8002AABB')
    card.expect('80CB0080015C00', 0x9000, '5C028180')
    long = '8281C8' + 'AB' * 200
    card.expect('80DB0080 64 ' + long[:200], 0x9000)
    card.expect('80CB0080018200', 0x6A88)  # not there before its last byte
    card.expect('80DB0080 64 ' + long[:200], 0x9000)  # a new start
    card.expect('80DB0000 67 ' + long[200:], 0x9000)
    data, sw = card.send('80CB00800182C0')
    assert sw == 0x62f1 and len(data) == 0xC0
    rest = card.expect('80CB000000', 0x9000)
    assert (data + rest).hex().upper() == long.upper()
    card.expect('80CB000000', 0x6985)
    card.expect('80DB0080 03 8381C8', 0x6A84)  # no room for 203 more
    card.expect('80DB0080 02 8200', 0x9000)  # without a value: deleted
    card.expect('80CB0080015C00', 0x9000, '5C028180')
    card.expect('00B0000001', 0x6981)


def files(card):
    card.expect(USIM, 0x9000)
    card.expect('00A4000C026F94', 0x9000)
    data = card.expect('00B0000000', 0x9000)
    assert data == (b'\x0a\x0b\x0c' * 86)[:256]
    card.expect('00D6018E02 7777', 0x9000)
    card.expect('00A4000C026F93', 0x9000)  # the other name of the same bytes
    card.expect('00B0018E02', 0x9000, '7777')
    card.expect('00B0018F02', 0x6282, '77')
    card.expect('00D6018F02 7777', 0x6700)
    card.expect('00D6019001 77', 0x6B00)
    card.expect('00A4000C025F70', 0x9000)
    card.expect('00A4000C024F01', 0x9000)
    card.expect('00B0000002', 0x6982)  # ADM1
    card.expect('0020000A083535353535353535', 0x9000)
    card.expect('00B0000002', 0x9000, 'CAFE')
    card.expect('00A4000C025F70', 0x9000)  # the parent, from its child
    card.expect('00A4030C', 0x9000)
    card.expect('00A4000C026F07', 0x9000)
    card.expect('00A4090C045F704F01', 0x9000)
    card.expect('00A4090C045F704F01', 0x6A82)
    card.expect('00A4080C067FFF5F704F01', 0x9000)
    card.expect('00040000', 0x9000)  # deactivate
    card.expect('00B0000002', 0x6985)
    card.expect('00A4080C067FFF5F704F01', 0x6283)
    card.expect('00440000', 0x9000)
    card.expect('00B0000002', 0x9000, 'CAFE')
    card.reset()
    card.expect(USIM, 0x9000)
    card.expect('00A4000C026F93', 0x9000)
    card.expect('00B0018E02', 0x9000, '7777')


def local_pin(card):
    card.expect(USIM, 0x9000)
    card.expect('0020008108 39393938FFFFFFFF', 0x63C2)
    card.expect('0020008108 39393939FFFFFFFF', 0x9000)
    card.expect('00A4000C023F00', 0x9000)
    card.expect('0020008108 39393939FFFFFFFF', 0x6A88)  # it belongs to the USIM


def sqn_bytes(seq, ind):
    return (seq << 5 | ind).to_bytes(6, 'big')


def authenticate(card, aka, seq, ind, amf=b'\x80\0', flip=None):
    rand = os.urandom(16)
    sqn = sqn_bytes(seq, ind)
    res, ck, ik, ak = aka.answer(rand)
    autn = bytearray(xor(sqn, ak) + amf + aka.mac(rand, sqn, amf))
    if flip is not None:
        autn[flip // 8] ^= 1 << flip % 8
    data, sw = card.send('0088008122 10%s10%s00' % (rand.hex(), bytes(autn).hex()))
    if sw != 0x9000:
        return sw, None
    if data[0] == 0xDC:
        assert data[1] == 14
        sqn_ms = xor(data[2:8], aka.resync_key(rand))
        assert data[8:] == aka.mac(rand, sqn_ms, bytes(2), True), 'MAC-S'
        value = int.from_bytes(sqn_ms, 'big')
        return 'AUTS', (value >> 5, value & 31)
    n = data[1]
    assert data[0] == 0xDB and data[2:2 + n] == res, 'RES'
    at = 2 + n
    assert data[at] == 16 and data[at + 1:at + 17] == ck, 'CK'
    assert data[at + 17] == 16 and data[at + 18:at + 34] == ik, 'IK'
    return 'ok', data[at + 34:]


def windows(card, aka):
    """TS 33.102, annex C: one highest SEQ for each IND, a jump and an age limit of 2^28."""
    limit = 1 << 28
    card.expect(USIM, 0x9000)
    assert authenticate(card, aka, 0, 0) == ('AUTS', (0, 0))
    assert authenticate(card, aka, 1, 1)[0] == 'ok'
    assert authenticate(card, aka, 1, 1) == ('AUTS', (1, 1))  # a replay
    assert authenticate(card, aka, 1, 2)[0] == 'ok'  # the same SEQ under another IND
    assert authenticate(card, aka, 10, 3)[0] == 'ok'
    assert authenticate(card, aka, 9, 4)[0] == 'ok'  # late, but its IND has not seen it
    assert authenticate(card, aka, 9, 3) == ('AUTS', (10, 3))
    assert authenticate(card, aka, 10 + limit + 1, 5) == ('AUTS', (10, 3))  # too far ahead
    assert authenticate(card, aka, 10 + limit, 5)[0] == 'ok'
    assert authenticate(card, aka, 10, 6) == ('AUTS', (10 + limit, 5))  # too old
    assert authenticate(card, aka, 11, 6)[0] == 'ok'
    card.reset()  # all that is remembered
    card.expect(USIM, 0x9000)
    assert authenticate(card, aka, 11, 6) == ('AUTS', (10 + limit, 5))
    for bit in range(0, 128, 7):
        assert authenticate(card, aka, 20 + limit, 7, flip=bit)[0] == 0x9862, 'bit %d' % bit
    assert authenticate(card, aka, 20 + limit, 7)[0] == 'ok'


def contexts(card, aka):
    card.expect('00A4000C023F00', 0x9000)
    card.reset()
    card.expect('0088008122 10%s10%s' % ('00' * 16, '00' * 16), 0x6985)  # no application
    card.expect(USIM, 0x9000)
    card.expect('0088008121 10%s0F%s' % ('00' * 16, '00' * 15), 0x6700)
    card.expect('0088008211 10%s' % ('00' * 16), 0x9864)
    card.expect('0088000111 10%s' % ('00' * 16), 0x6A86)
    rand = os.urandom(16)
    res, ck, ik, _ = aka.answer(rand)
    kc = xor(xor(ck[:8], ck[8:]), xor(ik[:8], ik[8:]))
    sres = xor(res[:4], res[4:])
    card.expect('0088008011 10%s00' % rand.hex(), 0x9000, ('04%s08%s' % (sres.hex(), kc.hex())).upper())
    state, kc = authenticate(card, aka, 500 + (1 << 28), 9)
    assert state == 'ok' and kc[0] == 8 and len(kc) == 9  # service 27


def status_words_of_t0(card):
    card.expect('00A4000C022FE2', 0x9000)
    card.expect('00B0000000', 0x6C0A)
    card.expect('00B000000A', 0x9000)
    card.expect('00A4000C022F00', 0x9000)
    card.expect('00B2010400', 0x6C14)
    card.expect('80F2000000', 0x6C22)


SUCI = '''
iccid: "8946012345678901236"
usim: {imsi: "274012001002086", mnc_length: 3}
aka: {key: %s, op: %s}
df_5gs:
  routing_indicator: "678"
  suci_in_usim: true
  suci: [%s]
'''


def deconceal(output, scheme, private):
    size = 32 if scheme == 1 else 33
    ephemeral, cipher, mac = output[:size], output[size:-8], output[-8:]
    if scheme == 1:
        shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(ephemeral))
    else:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), ephemeral)
        shared = private.exchange(ec.ECDH(), point)
    keys = b''.join(hashlib.sha256(shared + i.to_bytes(4, 'big') + ephemeral).digest() for i in (1, 2))
    assert hmac.new(keys[32:64], cipher, hashlib.sha256).digest()[:8] == mac, 'MAC tag'
    return Cipher(algorithms.AES(keys[:16]), modes.CTR(keys[16:32])).decryptor().update(cipher)


def suci(rows, scheme, identifier, private):
    card = Card(SUCI % (KEY.hex(), OP.hex(), rows))
    card.expect('8078000100', 0x6985)
    card.expect(USIM, 0x9000)
    seen = set()
    for _ in range(2):
        data = card.expect('8078000100', 0x9000)
        assert data[0] == 0xA1 and data[1] == len(data) - 2
        value = data[2:]
        assert value[0] == 0x01
        assert value[1:4] == bytes.fromhex('722410'), value[1:4].hex()
        assert value[4:6] == bytes.fromhex('76F8'), value[4:6].hex()
        assert value[6:8] == bytes([scheme, identifier])
        output = value[8:]
        msin = output if scheme == 0 else deconceal(output, scheme, private)
        assert msin == MSIN, msin.hex()
        seen.add(output)
    assert len(seen) == (1 if scheme == 0 else 2), 'ephemeral keys repeat'
    card.expect('8078000200', 0x6A86)
    card.close()


# IMSI 274 012 001002086 with a three-digit MNC: MSIN 001002086, F behind the odd digit
MSIN = bytes.fromhex('00012080F6')


def concealed():
    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    a = x25519.X25519PrivateKey.generate()
    b = ec.generate_private_key(ec.SECP256R1())
    key_a = a.public_key().public_bytes(*raw).hex()
    x962 = serialization.Encoding.X962
    compressed = b.public_key().public_bytes(x962, serialization.PublicFormat.CompressedPoint).hex()
    whole = b.public_key().public_bytes(x962, serialization.PublicFormat.UncompressedPoint).hex()
    suci('{scheme: "null"}', 0, 0, None)
    suci('{scheme: a, identifier: 27, key: %s}' % key_a, 1, 27, a)
    suci('{scheme: b, identifier: 28, key: "%s"}, {scheme: "null"}' % compressed, 2, 28, b)
    suci('{scheme: b, identifier: 29, key: "%s"}, {scheme: a, identifier: 27, key: %s}' % (
        whole, key_a), 2, 29, b)


TUAK = '''
iccid: "8946012345678901237"
usim: {imsi: "240010123456789"}
aka: {algorithm: tuak, key: %s, topc: %s, keccak: %d}
'''


def tuak():
    for key, keccak in ((bytes([0xAB] * 16), 1), (bytes(range(32)), 3)):
        aka = Tuak(key, bytes([0x55] * 32), keccak)
        card = Card(TUAK % (key.hex(), aka.topc.hex(), keccak))
        card.expect(USIM, 0x9000)
        assert authenticate(card, aka, 1, 0)[0] == 'ok'
        assert authenticate(card, aka, 1, 0) == ('AUTS', (1, 0))
        assert authenticate(card, aka, 2, 0, flip=3)[0] == 0x9862
        assert authenticate(card, aka, 2, 0)[0] == 'ok'
        card.close()


IOT = '''
iot: true
iccid: "8946012345678901234"
pins: {pin1: {value: "1234", enabled: true}, puk1: "12345678"}
usim: {imsi: "240010123456789"}
aka: {key: %s, op: %s}
'''


def smallest(aka):
    """PE-IoT of SAIP 3.3: a profile in 212 bytes that authenticates."""
    card = Card(IOT % (KEY.hex(), OP.hex()))
    assert card.size <= 230, card.size
    card.expect('00A4000C022FE2', 0x9000)
    card.expect('00B000000A', 0x9000, '986410325476981032F4')
    card.expect(USIM, 0x9000)
    assert authenticate(card, aka, 1, 0)[0] == 0x6982
    card.expect('0020000108 31323334FFFFFFFF', 0x9000)
    assert authenticate(card, aka, 1, 0)[0] == 'ok'
    card.expect('00B0870009', 0x9000, '082904101032547698')
    card.close()
    print('a profile of %d bytes' % card.size)


def main():
    aka = Milenage(KEY, OP)
    card = Card(BASE)
    for test in (records, rings, objects, files, local_pin):
        test(card)
        print(test.__name__)
    windows(card, aka)
    contexts(card, aka)
    card.close()
    card = Card(BASE, t0=True)
    status_words_of_t0(card)
    card.close()
    print('windows, contexts')
    tuak()
    concealed()
    smallest(aka)
    print('tuak, suci')


if __name__ == '__main__':
    main()
