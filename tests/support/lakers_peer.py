# SPDX-License-Identifier: Apache-2.0
"""
One end of EDHOC with lakers, messages as lines of hex on stdin and stdout.
usage: initiator|responder OWN_SCALAR OWN_CCS PEER_CCS
"""
import sys

import lakers


def say(message):
    print(bytes(message).hex(), flush=True)


def hear():
    return bytes.fromhex(sys.stdin.readline())


def initiate(scalar, own, peer):
    session = lakers.EdhocInitiator()
    say(session.prepare_message_1(c_i=b"\x07"))
    _, id_cred, _ = session.parse_message_2(hear())
    session.verify_message_2(scalar, own, lakers.credential_check_or_fetch(id_cred, peer))
    message_3, _ = session.prepare_message_3(lakers.CredentialTransfer.ByReference)
    say(message_3)
    session.process_message_4(hear())
    return session


def respond(scalar, own, peer):
    session = lakers.EdhocResponder(scalar, own)
    session.process_message_1(hear())
    say(session.prepare_message_2(lakers.CredentialTransfer.ByReference, b"\x08"))
    id_cred, _ = session.parse_message_3(hear())
    session.verify_message_3(lakers.credential_check_or_fetch(id_cred, peer))
    say(session.prepare_message_4())
    return session


role, scalar, own, peer = sys.argv[1], *(bytes.fromhex(text) for text in sys.argv[2:5])
session = {"initiator": initiate, "responder": respond}[role](
    scalar, lakers.Credential(own), lakers.Credential(peer))
say(session.edhoc_exporter(0, b"", 16))
say(session.edhoc_exporter(1, b"", 8))
