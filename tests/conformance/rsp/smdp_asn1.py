# SPDX-License-Identifier: Apache-2.0
"""ES9+ in the ASN.1 binding. SGP.22, 6.6."""
import os

from . import certificates as certs
from .bench import SMDP, new_euicc
from .der import elements, find, find_raw, read, tlv
from .euicc import Package, challenge, one_time_key, verify
from .report import expect
from .smdp_download import smdp_oid

PATH = "/gsma/rsp2/asn1"
HEADERS = {"User-Agent": "gsma-rsp-lpad", "X-Admin-Protocol": "gsma/rsp/v2.5.0",
           "Content-Type": "application/x-gsma-rsp-asn1"}


def post(server, body):
    status, headers, data = server.es9.raw(PATH, body, HEADERS)
    return status, headers.get("Content-Type"), data


def ask(server, tag, *members):
    """The arm (tag, value) of the answer under `tag`."""
    status, kind, data = post(server, tlv(0xA2, tlv(tag, *members)))
    expect(status, 200)
    expect(kind, HEADERS["Content-Type"])
    arms = elements(find(data, 0xA2, tag))
    expect(len(arms), 1)
    return arms[0][0], arms[0][1]


def initiate(server, card):
    arm, value = ask(server, 0xBF39, tlv(0x81, challenge()), tlv(0x83, SMDP.encode()),
                     card.info1())
    expect(arm, 0xA0)
    parts = elements(value)
    expect([p[0] for p in parts], [0x80, 0x30, 0x5F37, 0x04, 0x30])
    verify(server.pki.smdp("auth").public_key(), parts[2][2], parts[1][2])
    return {"transactionId": parts[0][1], "serverSigned1": parts[1][2]}


def authenticate(server, card, matching_id):
    first = initiate(server, card)
    message, signature = card.authenticate(first, matching_id)
    arm, value = ask(server, 0xBF3B, tlv(0x80, first["transactionId"]), message)
    if arm != 0xA0:
        return first, int.from_bytes(value, "big")
    parts = elements(value)
    expect([p[0] for p in parts], [0x80, 0xBF25, 0x30, 0x5F37, 0x30])
    verify(server.pki.smdp("pb").public_key(), parts[3][2], parts[2][2], signature)
    return first, {"transactionId": parts[0][1], "smdpSigned2": parts[2][2],
                   "smdpSignature2": parts[3][2], "profileMetadata": parts[1][2]}


def run(report, server):
    case = report.case
    pki = server.pki

    @case("6.6", "a whole download in ASN.1")
    def _():
        card = new_euicc(pki, 200)
        iccid, matching_id = server.order()
        _, answer = authenticate(server, card, matching_id)
        expect(answer["profileMetadata"], server.profiles[iccid].metadata)
        otsk = one_time_key()
        arm, value = ask(server, 0xBF3A, tlv(0x80, answer["transactionId"]),
                         card.prepare(answer, certs.point(otsk)))
        expect(arm, 0xA0)
        package = Package(find_raw(value, 0xBF36), answer["transactionId"], otsk,
                          pki.smdp("pb"), card.eid)
        expect(package.upp, server.profiles[iccid].upp)
        result = card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                             server.profiles[iccid].iccid)
        status, _, data = post(server, tlv(0xA2, tlv(0xBF3D, tlv(0xA0, result))))
        expect((status, data), (204, b""))
        expect(server.state(iccid)["state"], "Installed")

    @case("6.6", "CancelSession: A1 in the place of BF41, and the two forms of other peers")
    def _():
        for form in range(3):
            card = new_euicc(pki, 201 + form)
            iccid, matching_id = server.order()
            _, answer = authenticate(server, card, matching_id)
            message = card.cancel(answer["transactionId"], smdp_oid(server), 1)
            inner = (tlv(0xA1, read(message)[1]), tlv(0xA1, message), message)[form]
            arm, value = ask(server, 0xBF41, tlv(0x80, answer["transactionId"]), inner)
            expect((arm, value), (0xA0, b""))
            expect(server.state(iccid)["state"], "Released")

    @case("6.6", "HandleNotification without the A0 of the choice is taken")
    def _():
        status, _, _ = post(server, tlv(0xA2, tlv(0xBF3D, tlv(0xBF37, b""))))
        expect(status, 204)

    @case("6.6", "a request without the outer A2 is taken", uncertain=True)
    def _():
        card = new_euicc(pki, 204)
        status, _, data = post(server, tlv(0xBF39, tlv(0x81, challenge()),
                                           tlv(0x83, SMDP.encode()), card.info1()))
        expect(status, 200)
        assert find(data, 0xA2, 0xBF39, 0xA0)

    def initiate_error(**wrong):
        card = new_euicc(pki, 205)
        for key, value in wrong.items():
            setattr(card, key, value)
        return ask(server, 0xBF39, tlv(0x81, challenge()),
                   tlv(0x83, wrong.get("address", SMDP.encode())), card.info1())

    for number, words, wrong in ((1, "invalidDpAddress", {"address": b"smdp.other.example"}),
                                 (2, "euiccVersionNotSupportedByDp", {"svn": b"\x01\x00\x00"}),
                                 (3, "ciPKNotSupported (verification)",
                                  {"verification": [bytes(20)]}),
                                 (3, "ciPKNotSupported (signing)", {"signing": [bytes(20)]})):
        @case("6.6", "initiateAuthenticationError %d %s" % (number, words))
        def _(number=number, wrong=wrong):
            arm, value = initiate_error(**wrong)
            expect((arm, value), (0x81, bytes([number])))

    @case("6.6", "authenticateClientError: 5 signature, 6 MatchingID, 7 EID, 9 CI, 10 transaction, "
                 "11 memory")
    def _():
        card = new_euicc(pki, 210)
        expect(authenticate(server, card, "NO-SUCH")[1], 6)
        _, matching_id = server.order()
        authenticate(server, card, matching_id)
        expect(authenticate(server, new_euicc(pki, 211), matching_id)[1], 7)
        small = new_euicc(pki, 210)
        small.memory = 10
        expect(authenticate(server, small, matching_id)[1], 11)
        wrong_key = new_euicc(pki, 210)
        wrong_key.key = certs.new_key()
        expect(authenticate(server, wrong_key, matching_id)[1], 5)
        foreign = new_euicc(pki, 212)
        ci, ci_key = certs.make_ci()
        foreign.eum, eum_key = certs.make_eum(ci, ci_key)
        expect(authenticate(server, foreign, matching_id)[1], 9)
        first = initiate(server, card)
        message, _ = card.authenticate(first, matching_id)
        arm, value = ask(server, 0xBF3B, tlv(0x80, os.urandom(16)), message)
        expect((arm, value), (0x81, bytes([10])))

    @case("6.6", "getBoundProfilePackageError: 1, 2, 3, 95")
    def _():
        card = new_euicc(pki, 213)
        _, matching_id = server.order(confirmationCode="4711")
        _, answer = authenticate(server, card, matching_id)

        def package(transaction=None, **wrong):
            code = wrong.pop("code", None)
            return ask(server, 0xBF3A, tlv(0x80, transaction or answer["transactionId"]),
                       card.prepare(answer, certs.point(one_time_key()), code, **wrong))
        expect(package(key=certs.new_key()), (0x81, b"\x01"))
        expect(package(), (0x81, b"\x02"))
        expect(package(code="1"), (0x81, b"\x03"))
        expect(package(code="2"), (0x81, b"\x04"))
        expect(package(transaction=os.urandom(16)), (0x81, b"\x5F"))

    @case("6.6", "cancelSessionError: 1 transaction, 2 signature")
    def _():
        card = new_euicc(pki, 214)
        _, matching_id = server.order()
        _, answer = authenticate(server, card, matching_id)
        transaction = answer["transactionId"]
        message = card.cancel(transaction, smdp_oid(server), 1, key=certs.new_key())
        expect(ask(server, 0xBF41, tlv(0x80, transaction), tlv(0xA1, read(message)[1])),
               (0x81, b"\x02"))
        expect(ask(server, 0xBF41, tlv(0x80, os.urandom(16)), tlv(0xA1, read(message)[1])),
               (0x81, b"\x01"))

    @case("6.6", "HTTP 400 for what is no request")
    def _():
        for body in (b"", b"\xA2\x00", b"\xA2\x05\xBF\x39", os.urandom(50), tlv(0xA2, tlv(0x30)),
                     tlv(0xBF55, b"")):
            status, _, _ = post(server, body)
            expect(status, 400)
