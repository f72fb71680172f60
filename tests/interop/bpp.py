#!/usr/bin/env python3
"""Opens our bound profile packages with the openssl command alone, as sgp22.md 5, 7.3 and 8 say.

Nothing of tern reads here: key agreement, KDF, MACs, counters and decryption are done again.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["TERN_BUILD"], "tests", "test-unit-bpp")
# SEC1 ECPrivateKey with named curve, and SubjectPublicKeyInfo, without their last field.
CURVES = {
    "p256": ("06082a8648ce3d030107", "301306072a8648ce3d020106082a8648ce3d030107"),
    "brainpool": ("06092b2403030208010107", "301406072a8648ce3d020106092b2403030208010107"),
}


def openssl(*arguments, data=b""):
    result = subprocess.run(["openssl", *arguments], input=data, capture_output=True)
    if result.returncode != 0:
        sys.exit(f"openssl {' '.join(arguments)}: {result.stderr.decode()}")
    return result.stdout


def length(size):
    if size < 0x80:
        return bytes([size])
    body = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 + len(body)]) + body


def tlv(tag, value):
    return bytes.fromhex(tag) + length(len(value)) + value


def children(data):
    """(tag, value, raw) of each element."""
    out = []
    at = 0
    while at < len(data):
        start = at
        at += 1
        if data[start] & 0x1F == 0x1F:
            while data[at] & 0x80:
                at += 1
            at += 1
        tag = data[start:at].hex()
        size = data[at]
        at += 1
        if size >= 0x80:
            count = size - 0x80
            size = int.from_bytes(data[at:at + count], "big")
            at += count
        out.append((tag, data[at:at + size], data[start:at + size]))
        at += size
    assert at == len(data)
    return out


class Bsp:
    def __init__(self, keys):
        self.mcv, self.enc, self.mac = keys
        self.counter = 1

    def open(self, tag, value, raw):
        full = bytes.fromhex(openssl("mac", "-cipher", "AES-128-CBC", "-macopt",
                                     f"hexkey:{self.mac.hex()}", "-in", "-", "CMAC",
                                     data=self.mcv + raw[:-8]).decode().strip())
        assert full[:8] == raw[-8:], "MAC"
        text = value[:-8]
        if tag in ("86", "87"):
            icv = openssl("enc", "-aes-128-ecb", "-nopad", "-K", self.enc.hex(),
                          data=self.counter.to_bytes(16, "big"))
            text = openssl("enc", "-d", "-aes-128-cbc", "-nopad", "-K", self.enc.hex(), "-iv",
                           icv.hex(), data=text)
            text = text.rstrip(b"\0")
            assert text[-1] == 0x80, "padding"
            text = text[:-1]
        self.mcv = full
        self.counter += 1
        return text


def shared_secret(folder, curve, scalar, own, peer):
    curve_oid, algorithm = CURVES[curve]
    key = tlv("30", bytes.fromhex("020101") + tlv("04", scalar) +
              tlv("a0", bytes.fromhex(curve_oid)) + tlv("a1", tlv("03", b"\0" + own)))
    public = tlv("30", bytes.fromhex(algorithm) + tlv("03", b"\0" + peer))
    for name, data in (("key", key), ("peer", public)):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    return openssl("pkeyutl", "-derive", "-inkey", f"{folder}/key", "-keyform", "DER", "-peerkey",
                   f"{folder}/peer", "-peerform", "DER")


def verify(folder, spki, signature, data):
    def integer(raw):
        raw = raw.lstrip(b"\0")
        return tlv("02", (b"\0" if raw[0] & 0x80 else b"") + raw)
    for name, content in (("spki", spki), ("data", data),
                          ("signature", tlv("30", integer(signature[:32]) +
                                            integer(signature[32:])))):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
    openssl("dgst", "-sha256", "-keyform", "DER", "-verify", f"{folder}/spki", "-signature",
            f"{folder}/signature", f"{folder}/data")


def session_keys(secret, host_id, eid):
    info = b"\x88\x10" + length(len(host_id)) + host_id + length(len(eid)) + eid
    stream = b"".join(hashlib.sha256(secret + count.to_bytes(4, "big") + info).digest()
                      for count in (1, 2))
    return stream[:16], stream[16:32], stream[32:48]


def check(curve, ppk, size):
    out = subprocess.run([PROGRAM, "print", curve, ppk, str(size)], check=True,
                         capture_output=True, text=True).stdout
    given = {line.split()[0]: bytes.fromhex(line.split()[1]) for line in out.splitlines()}
    (tag, value, _), = children(given["package"])
    assert tag == "bf36"
    parts = children(value)
    wanted = ["bf23", "a0", "a1"] + (["a2"] if ppk == "ppk" else []) + ["a3"]
    assert [part[0] for part in parts] == wanted, parts
    head = children(parts[0][1])
    assert [part[0] for part in head] == ["82", "80", "a6", "5f49", "5f37"]
    assert head[0][1] == b"\x01" and head[1][1] == given["transaction_id"]
    crt = children(head[2][1])
    assert [(part[0], part[1]) for part in crt[:2]] == [("80", b"\x88"), ("81", b"\x10")]
    with tempfile.TemporaryDirectory() as folder:
        signed = b"".join(part[2] for part in head[:4]) + tlv("5f49", given["euicc_otpk"])
        verify(folder, given["dppb_spki"], head[4][1], signed)
        secret = shared_secret(folder, curve, given["euicc_otsk"], given["euicc_otpk"], head[3][1])
    bsp = Bsp(session_keys(secret, crt[2][1], given["eid"]))
    plain = {}
    for section, content, _ in parts[1:]:
        elements = children(content)
        expected = {"a0": "87", "a1": "88", "a2": "87", "a3": "86"}[section]
        assert all(element[0] == expected and len(element[2]) <= 1020 for element in elements)
        plain[section] = b"".join(bsp.open(*element) for element in elements)
        if section == "a2":
            (tag, keys, _), = children(plain[section])
            keys = children(keys)
            assert tag == "bf26" and [key[0] for key in keys] == ["80", "81", "82"]
            bsp = Bsp([key[1] for key in keys])
    assert plain["a0"] == bytes.fromhex("bf2400")
    assert plain["a1"] == given["metadata"]
    assert plain["a3"] == given["upp"]
    print(f"{curve} {ppk}: {len(given['package'])} bytes open to a profile of {size}")


if not os.path.exists(PROGRAM):
    print(f"skipped: {PROGRAM} is not built")
    sys.exit(77)
for each_curve in CURVES:
    for each_ppk in ("ppk", "session"):
        check(each_curve, each_ppk, 3000)
        check(each_curve, each_ppk, 1)
