#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tests/unit/smdp.c expects: the package that seed 42 decides, made from the specification.

Run with `scripts/venv`'s interpreter; prints SHA-256 of A0, A1, A2, A3. SGP.22, 2.5.3, 2.5.4.
"""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))

from cryptography.hazmat.primitives import cmac  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402

from rsp.der import tlv  # noqa: E402
from rsp.euicc import kdf  # noqa: E402

EID = bytes.fromhex("89049032123451234512345678901235")
METADATA = bytes.fromhex("BF251A5A0A98001032547698103214") + b"\x91\x04tern\x92\x06seeded"
UPP = bytes(i * 7 & 0xFF for i in range(3000))


def block(counter):
    return hashlib.sha256((42).to_bytes(8, "little") + counter.to_bytes(8, "little")).digest()


class Protect:
    def __init__(self, mcv, enc, mac):
        self.mcv, self.enc, self.mac, self.counter = mcv, enc, mac, 1

    def __call__(self, tag, plain):
        body = plain
        if tag != 0x88:
            padded = plain + b"\x80"
            padded += bytes(-len(padded) % 16)
            one = Cipher(algorithms.AES(self.enc), modes.ECB()).encryptor()
            icv = one.update(self.counter.to_bytes(16, "big"))
            cbc = Cipher(algorithms.AES(self.enc), modes.CBC(icv)).encryptor()
            body = cbc.update(padded)
        head = tlv(tag, body + bytes(8))[:-len(body) - 8]
        calculator = cmac.CMAC(algorithms.AES(self.mac))
        calculator.update(self.mcv + head + body)
        self.mcv = calculator.finalize()
        self.counter += 1
        return head + body + self.mcv[:8]


def main():
    ppk = block(0) + block(1)[:16]  # at import; block 2 is the nonce of the seal
    host_id, scalar = block(3)[:16], block(4)  # at binding
    dp = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
    euicc = ec.derive_private_key(int.from_bytes(b"\x11" * 32, "big"), ec.SECP256R1())
    session = Protect(*kdf(dp.exchange(ec.ECDH(), euicc.public_key()), host_id, EID))
    protected = Protect(ppk[:16], ppk[16:32], ppk[32:])
    keys = tlv(0xBF26, tlv(0x80, ppk[:16]), tlv(0x81, ppk[16:32]), tlv(0x82, ppk[32:]))
    body = tlv(0xA0, session(0x87, tlv(0xBF24)))
    body += tlv(0xA1, session(0x88, METADATA))
    body += tlv(0xA2, session(0x87, keys))
    body += tlv(0xA3, b"".join(protected(0x86, UPP[i:i + 1007])
                               for i in range(0, len(UPP), 1007)))
    print(hashlib.sha256(body).hexdigest().upper())


if __name__ == "__main__":
    main()
