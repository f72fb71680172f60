# SPDX-License-Identifier: Apache-2.0
"""ES11: an eUICC asks for its events. SGP.22, 5.8."""
import datetime
import os

from . import certificates as certs
from .bench import SMDS, eid, new_euicc
from .der import elements, find, tlv
from .euicc import challenge, verify
from .report import expect
from .smds_bench import Smds, entries
from .wire import ES9


def run(report, pki, folder):
    server = Smds(pki, folder, SMDS).start()
    try:
        server.register(eid(50), "A-1", "smdp.a.example")
        server.register(eid(50), "B-2", "smdp.b.example")
        server.register(eid(51), "C-3", "smdp.c.example")
        initiate(report, pki, server)
        retrieve(report, pki, server)
        refuse(report, pki, server)
        asn1(report, pki, server)
    finally:
        server.stop()


def initiate(report, pki, server):
    case = report.case
    card = new_euicc(pki, 50)

    @case("5.8.1", "answer: signed by DSauth")
    def _():
        mine = challenge()
        answer = server.initiate(card, euiccChallenge=mine)
        auth = pki.smdp("auth", SMDS, "smds")
        expect(answer["serverCertificate"], certs.der(auth))
        verify(auth.public_key(), answer["serverSignature1"], answer["serverSigned1"])
        expect(find(answer["serverSigned1"], 0x30, 0x81), mine)
        expect(find(answer["serverSigned1"], 0x30, 0x83), SMDS.encode())

    for wanted, words, wrong in (("8.9.1/3.8", "another address", {"smdpAddress": "x.example"}),):
        @case("5.8.1", "%s %s" % (wanted, words))
        def _(wanted=wanted, wrong=wrong):
            expect(server.initiate(card, **wrong).code, wanted)

    for wanted, words, change in (
            ("8.9.3/3.1", "svn 1.0.0", {"svn": b"\x01\x00\x00"}),
            ("8.9.3/3.1", "svn 3.0.0", {"svn": b"\x03\x00\x00"}),
            ("8.9.4/3.7", "no certificate for the eUICC's CIs", {"verification": [bytes(20)]}),
            ("8.9.2/3.1", "no CI that we trust", {"signing": [bytes(20)]})):
        @case("5.8.1", "%s %s" % (wanted, words))
        def _(wanted=wanted, change=change):
            other = new_euicc(pki, 50)
            for key, value in change.items():
                setattr(other, key, value)
            expect(server.initiate(other).code, wanted)


def retrieve(report, pki, server):
    case = report.case

    for words, matching_id in (("absent", None), ("empty", "")):
        @case("5.8.2", "MatchingID %s: all events of the EID, of nobody else" % words)
        def _(matching_id=matching_id):
            expect(entries(server.authenticate(new_euicc(pki, 50), matching_id)),
                   [("A-1", "smdp.a.example"), ("B-2", "smdp.b.example")])

    @case("5.8.2", "an EventID: that event alone, again and again")
    def _():
        for _ in range(2):
            expect(entries(server.authenticate(new_euicc(pki, 50), "B-2")),
                   [("B-2", "smdp.b.example")])

    @case("5.8.2", "8.9.5/3.9 an unknown EventID, and one of another EID")
    def _():
        for event in ("NONE", "C-3", "X" * 300):
            result = server.authenticate(new_euicc(pki, 50), event)
            assert result.code in ("8.9.5/3.9", "1.3/2.1"), result.code

    @case("5.8.2", "no event: an empty list, not an error", uncertain=True)
    def _():
        expect(entries(server.authenticate(new_euicc(pki, 59))), [])


def refuse(report, pki, server):
    case = report.case
    card = new_euicc(pki, 50)
    now = datetime.datetime.utcnow()
    day = datetime.timedelta(days=1)

    @case("5.8.2", "8.10.1/3.9 unknown, changed and mixed-up transactions")
    def _():
        answer = server.initiate(card)
        message, _ = card.authenticate(answer, None)
        for transaction in (os.urandom(16), b"\x01", answer["transactionId"][:-1]):
            result = server.es11.call(ES9 + "authenticateClient",
                                      {"transactionId": transaction,
                                       "authenticateServerResponse": message})
            expect(result.code, "8.10.1/3.9")
        other = server.initiate(card)
        result = server.es11.call(ES9 + "authenticateClient",
                                  {"transactionId": other["transactionId"],
                                   "authenticateServerResponse": message})
        expect(result.code, "8.10.1/3.9")

    for words, wrong in (("another key", {"key": certs.new_key()}),
                         ("another challenge", {"challenge": os.urandom(16)}),
                         ("another address", {"address": b"x.example"})):
        @case("5.8.2", "8.1/6.1 %s" % words)
        def _(wrong=wrong):
            expect(server.authenticate(card, None, **wrong).code, "8.1/6.1")

    @case("5.8.2", "certificates: 8.1.2/6.1, 8.1.2/6.3, 8.1.3/6.1, 8.1.3/6.3, 8.11.1/3.9")
    def _():
        def code(eum_arguments=None, euicc_arguments=None, ci=pki.ci, ci_key=pki.ci_key):
            eum, key = certs.make_eum(ci, ci_key, **(eum_arguments or {}))
            other = new_euicc(pki, 50)
            other.certificate, other.key = certs.make_euicc(eum, key, eid(50),
                                                            **(euicc_arguments or {}))
            other.eum = eum
            return server.authenticate(other).code
        expect(code(), "ok")
        expect(code({"role": "euicc"}), "8.1.2/6.1")
        expect(code({"before": now - 2 * day, "after": now - day}), "8.1.2/6.3")
        expect(code(None, {"role": "ds-auth"}), "8.1.3/6.1")
        expect(code({"iin": "89044000"}), "8.1.3/6.1")
        expect(code(None, {"before": now - 2 * day, "after": now - day}), "8.1.3/6.3")
        expect(code(ci=certs.make_ci()[0], ci_key=certs.new_key()), "8.11.1/3.9")

    @case("5.8", "the functions of ES9+ alone are refused")
    def _():
        answer = server.es11.call(ES9 + "getBoundProfilePackage",
                                  {"transactionId": bytes(16),
                                   "prepareDownloadResponse": tlv(0xBF21, b"")})
        expect(answer.code, "1.3/3.1")
        status = server.es11.raw(ES9 + "handleNotification",
                                 b'{"pendingNotification":"vzcA"}')[0]
        expect(status, 404)

    @case("6.5.1", "HTTP 400, 404, 405, 415; ES12 is not on this port")
    def _():
        path = ES9 + "initiateAuthentication"
        for body in (b"", b"x", b"[]", b"{}x"):
            status = server.es11.raw(path, body)[0]
            assert status in (200, 400), status
        expect(server.es11.raw("/nothing", b"{}")[0], 404)
        expect(server.es11.raw(path, None, method="GET")[0], 405)
        expect(server.es11.raw(path, b"{}", {"Content-Type": "text/xml"})[0], 415)
        expect(server.es11.raw("/gsma/rsp2/es12/registerEvent", b"{}")[0], 404)


def asn1(report, pki, server):
    case = report.case
    headers = {"Content-Type": "application/x-gsma-rsp-asn1",
               "X-Admin-Protocol": "gsma/rsp/v2.5.0"}

    def post(tag, answer_tag, *members):
        status, _, data = server.es11.raw("/gsma/rsp2/asn1", tlv(0xA2, tlv(tag, *members)), headers)
        expect(status, 200)
        return elements(find(data, 0xA2, answer_tag))[0]

    def session(card, matching_id):
        _, value, _ = post(0xBF39, 0xBF39, tlv(0x81, challenge()), tlv(0x83, SMDS.encode()),
                           card.info1())
        parts = elements(value)
        first = {"transactionId": parts[0][1], "serverSigned1": parts[1][2]}
        message, _ = card.authenticate(first, matching_id)
        return post(0xBF3B, 0xBF40, tlv(0x80, first["transactionId"]), message)

    @case("6.6", "ES11 in ASN.1: events in BF40, error 6 eventIdUnknown")
    def _():
        tag, value, _ = session(new_euicc(pki, 51), None)
        expect(tag, 0xA0)
        listed = elements(find(value, 0xA1))
        expect([(find(v, 0x80), find(v, 0x81)) for _, v, _ in listed],
               [(b"C-3", b"smdp.c.example")])
        tag, value, _ = session(new_euicc(pki, 51), "NONE")
        expect((tag, value), (0x81, b"\x06"))
        tag, value, _ = session(new_euicc(pki, 58), None)
        expect((tag, find(value, 0xA1)), (0xA0, b""))
