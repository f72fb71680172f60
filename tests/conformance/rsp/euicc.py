# SPDX-License-Identifier: Apache-2.0
"""An eUICC and its LPA as an SM-DP+ sees them, and the opening of a bound profile package."""
import hashlib
import hmac
import os

from cryptography.hazmat.primitives import cmac, hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import certificates
from .der import elements, find, find_raw, integer, oid, read, tlv


def sign(key, *parts):
    der = key.sign(b"".join(parts), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    return tlv(0x5F37, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def verify(public_key, signature, *parts):
    """`signature` is the whole 5F37 TLV. Raises when it does not hold."""
    tag, raw, _, _ = read(signature)
    assert tag == 0x5F37 and len(raw) == 64, "not a raw signature"
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"),
                                     int.from_bytes(raw[32:], "big"))
    public_key.verify(der, b"".join(parts), ec.ECDSA(hashes.SHA256()))


class Euicc:
    """Certificates, keys and what EUICCInfo says."""

    def __init__(self, eid, key, certificate, eum, ci):
        self.eid = eid
        self.key = key
        self.certificate = certificate
        self.eum = eum
        self.ci = certificates.skid(ci)
        self.svn = bytes([2, 5, 0])
        self.verification = [self.ci]
        self.signing = [self.ci]
        self.memory = 500000
        self.capability = [1, 2, 4, 6, 16, 31]
        self.rsp_capability = b"\x02\x94"
        self.forbidden = None

    def info1(self):
        return tlv(0xBF20, tlv(0x82, self.svn),
                   tlv(0xA9, *[tlv(0x04, ci) for ci in self.verification]),
                   tlv(0xAA, *[tlv(0x04, ci) for ci in self.signing]))

    def info2(self):
        bits = bytearray(4)
        for bit in self.capability:
            bits[bit // 8] |= 0x80 >> bit % 8
        unused = 0
        while bits and bits[-1] == 0:
            bits.pop()
        while bits and not bits[-1] >> unused & 1:
            unused += 1
        resource = tlv(0x81, b"\x02") + tlv(0x82, self.memory.to_bytes(4, "big")) + tlv(
            0x83, b"\x00\x40\x00")
        members = [tlv(0x81, b"\x02\x03\x01"), tlv(0x82, self.svn), tlv(0x83, b"\x01\x00\x00"),
                   tlv(0x84, resource), tlv(0x85, bytes([unused]) + bytes(bits)),
                   tlv(0x88, self.rsp_capability),
                   tlv(0xA9, *[tlv(0x04, ci) for ci in self.verification]),
                   tlv(0xAA, *[tlv(0x04, ci) for ci in self.signing])]
        if self.forbidden:
            members.append(tlv(0x99, self.forbidden))
        members += [tlv(0x04, b"\x01\x00\x00"), tlv(0x0C, b"CONFORMANCE")]
        return tlv(0xBF22, *members)

    def context(self, matching_id):
        device = tlv(0xA1, tlv(0x80, b"\x35\x29\x06\x11"), tlv(0xA1, tlv(0x85, b"\x0E\x00\x00")))
        return tlv(0xA0, tlv(0x80, matching_id.encode()) if matching_id is not None else b"",
                   device)

    def authenticate(self, answer, matching_id, **wrong):
        """AuthenticateServerResponse for the answer to InitiateAuthentication."""
        signed1 = answer["serverSigned1"]
        body = find(signed1, 0x30)
        challenge = wrong.get("challenge", find(body, 0x84))
        address = wrong.get("address", find(body, 0x83))
        transaction = wrong.get("transaction", find(body, 0x80))
        euicc_signed1 = tlv(0x30, tlv(0x80, transaction), tlv(0x83, address), tlv(0x84, challenge),
                            self.info2(), self.context(matching_id))
        signature = sign(wrong.get("key", self.key), euicc_signed1)
        if wrong.get("tamper"):
            euicc_signed1 = euicc_signed1[:-1] + bytes([euicc_signed1[-1] ^ 1])
        return tlv(0xBF38, tlv(0xA0, euicc_signed1, signature,
                               certificates.der(wrong.get("certificate", self.certificate)),
                               certificates.der(wrong.get("eum", self.eum)))), signature

    def prepare(self, answer, otpk, code=None, **wrong):
        """PrepareDownloadResponse for the answer to AuthenticateClient."""
        transaction = wrong.get("transaction", find(answer["smdpSigned2"], 0x30, 0x80))
        members = [tlv(0x80, transaction), tlv(0x5F49, otpk)]
        if code is not None:
            inner = hashlib.sha256(code if isinstance(code, bytes) else code.encode()).digest()
            members.append(tlv(0x04, hashlib.sha256(inner + transaction).digest()))
        signed2 = tlv(0x30, *members)
        signature = sign(wrong.get("key", self.key), signed2,
                         wrong.get("signature2", answer["smdpSignature2"]))
        return tlv(0xBF21, tlv(0xA0, signed2, signature))

    def cancel(self, transaction, smdp_oid, reason, **wrong):
        signed = tlv(0x30, tlv(0x80, wrong.get("inside", transaction)),
                     tlv(0x81, smdp_oid), tlv(0x82, integer(reason)))
        return tlv(0xBF41, tlv(0xA0, signed, sign(wrong.get("key", self.key), signed)))

    def result(self, transaction, address, smdp_oid, iccid, seq=1, error=None, key=None):
        """ProfileInstallationResult."""
        if error is None:
            final = tlv(0xA0, tlv(0x4F, bytes.fromhex("A0000005591010FFFFFFFF8900001000")),
                        tlv(0x04, bytes.fromhex("3007A0053003800100")))
        else:
            final = tlv(0xA1, tlv(0x80, bytes([5])), tlv(0x81, integer(error)))
        data = tlv(0xBF27, tlv(0x80, transaction),
                   tlv(0xBF2F, tlv(0x80, integer(seq)), tlv(0x81, b"\x07\x80"),
                       tlv(0x0C, address), tlv(0x5A, iccid)),
                   tlv(0x06, smdp_oid), tlv(0xA2, final))
        return tlv(0xBF37, data, sign(key or self.key, data))

    def notification(self, event, address, iccid, seq, key=None):
        """OtherSignedNotification; event 1 enable, 2 disable, 3 delete."""
        bits = bytes([7 - event, 0x80 >> event])
        tbs = tlv(0xBF2F, tlv(0x80, integer(seq)), tlv(0x81, bits), tlv(0x0C, address),
                  tlv(0x5A, iccid))
        return tlv(0x30, tbs, sign(key or self.key, tbs), certificates.der(self.certificate),
                   certificates.der(self.eum))


# ---- Opening a package, from sgp22.md 7.3 and 8 ----


def kdf(secret, host_id, eid):
    info = b"\x88\x10" + bytes([len(host_id)]) + host_id + b"\x10" + eid
    blocks = b"".join(hashlib.sha256(secret + i.to_bytes(4, "big") + info).digest()
                      for i in (1, 2))
    return blocks[:16], blocks[16:32], blocks[32:48]


class Bsp:
    def __init__(self, mcv, enc, mac):
        self.mcv, self.enc, self.mac, self.counter = mcv, enc, mac, 1

    def open(self, raw):
        tag, value, _, _ = read(raw)
        body, mac = value[:-8], value[-8:]
        calculator = cmac.CMAC(algorithms.AES(self.mac))
        calculator.update(self.mcv + raw[:-8])
        full = calculator.finalize()
        assert hmac.compare_digest(full[:8], mac), "MAC of %02X does not hold" % tag
        counter = self.counter.to_bytes(16, "big")
        self.mcv, self.counter = full, self.counter + 1
        if tag == 0x88:
            return body
        block = Cipher(algorithms.AES(self.enc), modes.ECB()).encryptor()
        icv = block.update(counter) + block.finalize()
        cipher = Cipher(algorithms.AES(self.enc), modes.CBC(icv)).decryptor()
        plain = (cipher.update(body) + cipher.finalize()).rstrip(b"\x00")
        assert plain[-1:] == b"\x80", "padding"
        return plain[:-1]


class Package:
    """A bound profile package, opened as an eUICC would."""

    def __init__(self, bpp, transaction, otsk, dppb, eid):
        otpk = certificates.point(otsk)
        tag, value, _, end = read(bpp)
        assert tag == 0xBF36 and end == len(bpp)
        sections = elements(value)
        assert [s[0] for s in sections] in ([0xBF23, 0xA0, 0xA1, 0xA2, 0xA3],
                                            [0xBF23, 0xA0, 0xA1, 0xA3]), "order of the sections"
        initialise = elements(sections[0][1])
        assert [e[0] for e in initialise] == [0x82, 0x80, 0xA6, 0x5F49, 0x5F37]
        assert initialise[0][1] == b"\x01" and initialise[1][1] == transaction
        assert find(initialise[2][1], 0x80) == b"\x88" and find(initialise[2][1], 0x81) == b"\x10"
        self.smdp_otpk = initialise[3][1]
        host_id = find(initialise[2][1], 0x84)
        verify(dppb.public_key(), initialise[4][2], *[e[2] for e in initialise[:4]],
               tlv(0x5F49, otpk))
        peer = ec.EllipticCurvePublicKey.from_encoded_point(otsk.curve, self.smdp_otpk)
        bsp = Bsp(*kdf(otsk.exchange(ec.ECDH(), peer), host_id, eid))
        parts = {s[0]: elements(s[1]) for s in sections[1:]}
        self.segments = [len(e[2]) for part in parts.values() for e in part]
        self.configure = b"".join(bsp.open(e[2]) for e in parts[0xA0])
        self.metadata = b"".join(bsp.open(e[2]) for e in parts[0xA1])
        self.ppk = 0xA2 in parts
        if self.ppk:
            keys = b"".join(bsp.open(e[2]) for e in parts[0xA2])
            body = find(keys, 0xBF26)
            bsp = Bsp(find(body, 0x80), find(body, 0x81), find(body, 0x82))
        self.upp = b"".join(bsp.open(e[2]) for e in parts[0xA3])
        self.body = bpp[len(bpp) - len(b"".join(s[2] for s in sections[1:])):]


def one_time_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def challenge():
    return os.urandom(16)


__all__ = ["Euicc", "Package", "challenge", "one_time_key", "sign", "verify", "find_raw", "oid"]
