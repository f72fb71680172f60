# SPDX-License-Identifier: Apache-2.0
"""ES9+.InitiateAuthentication and AuthenticateClient. SGP.22, 5.6.1, 5.6.3, 6.5."""
import datetime
import json
import os
import ssl

from cryptography.x509 import RegisteredID, SubjectAlternativeName

from . import certificates as certs
from .bench import SMDP, Profile, eid, new_euicc, transaction_of
from .der import find, find_raw, oid, tlv
from .euicc import Euicc, challenge, verify
from .report import expect
from .wire import ES9, HEADERS, Answer


def run(report, server):
    initiate(report, server)
    transport(report, server)
    authenticate(report, server)
    chains(report, server)
    orders(report, server)
    eligibility(report, server)


def initiate(report, server):
    case = report.case
    euicc = new_euicc(server.pki, 1)
    auth = server.pki.smdp("auth")

    @case("5.6.1", "answer: challenge, address and transaction are signed by DPauth")
    def _():
        mine = challenge()
        answer = server.initiate(euicc, euiccChallenge=mine)
        body = find(answer["serverSigned1"], 0x30)
        expect(find(body, 0x81), mine)
        expect(find(body, 0x83), SMDP.encode())
        expect(find(body, 0x80), answer["transactionId"])
        assert len(find(body, 0x84)) == 16 and 1 <= len(answer["transactionId"]) <= 16
        expect(answer["serverCertificate"], certs.der(auth))
        expect(answer["euiccCiPKIdToBeUsed"], tlv(0x04, euicc.ci))
        verify(auth.public_key(), answer["serverSignature1"], answer["serverSigned1"])
        expect(set(answer), {"header", "transactionId", "serverSigned1", "serverSignature1",
                             "euiccCiPKIdToBeUsed", "serverCertificate"})

    @case("5.6.1", "transactionId and serverChallenge never repeat")
    def _():
        seen = set()
        for _ in range(20):
            answer = server.initiate(euicc)
            seen.add(answer["transactionId"])
            seen.add(find(answer["serverSigned1"], 0x30, 0x84))
        expect(len(seen), 40)

    @case("5.6.1", "address in another case is ours")
    def _():
        expect(server.initiate(euicc, smdpAddress=SMDP.upper()).code, "ok")

    @case("5.6.1", "8.8.1/3.8 another address")
    def _():
        expect(server.initiate(euicc, smdpAddress="smdp.other.example").code, "8.8.1/3.8")

    for svn, wanted in ((b"\x01\x00\x00", "8.8.3/3.1"), (b"\x03\x00\x00", "8.8.3/3.1"),
                        (b"\x02\x02\x01", "ok"), (b"\x02\x02\x02", "ok"), (b"\x02\x03\x00", "ok")):
        @case("5.6.1", "svn %d.%d.%d: %s" % (*svn, wanted), uncertain=True)
        def _(svn=svn, wanted=wanted):
            other = new_euicc(server.pki, 2)
            other.svn = svn
            expect(server.initiate(other).code, wanted)

    @case("5.6.1", "8.8.4/3.7 no certificate under a CI that the eUICC accepts")
    def _():
        other = new_euicc(server.pki, 2)
        other.verification = [os.urandom(20)]
        expect(server.initiate(other).code, "8.8.4/3.7")

    @case("5.6.1", "8.8.2/3.1 the eUICC signs under no CI that we trust")
    def _():
        other = new_euicc(server.pki, 2)
        other.signing = [os.urandom(20)]
        expect(server.initiate(other).code, "8.8.2/3.1")

    @case("5.6.1", "a known CI is found behind an unknown one")
    def _():
        other = new_euicc(server.pki, 2)
        other.verification = [os.urandom(20), other.ci]
        other.signing = [os.urandom(20), other.ci]
        expect(server.initiate(other)["euiccCiPKIdToBeUsed"], tlv(0x04, other.ci))

    @case("5.6.1", "unknown elements in EUICCInfo1 are stepped over")
    def _():
        info = find(euicc.info1(), 0xBF20) + tlv(0x9F42, b"\x01") + tlv(0xBF50, b"")
        expect(server.initiate(euicc, euiccInfo1=tlv(0xBF20, info)).code, "ok")

    @case("5.6.1", "unknown members and a header are no harm")
    def _():
        expect(server.initiate(euicc, header=server.header(), lpaRspCapability="x").code, "ok")

    wrong = (("euiccChallenge", challenge()[:15]), ("euiccChallenge", challenge() + b"x"),
             ("euiccInfo1", b"\xBF\x21\x00"), ("euiccInfo1", b"\xBF\x20\x05\x82"),
             ("euiccInfo1", b"\xBF\x20\x00"), ("euiccChallenge", "not base64!"),
             ("euiccChallenge", 7), ("smdpAddress", ["x"]), ("euiccInfo1", "QUI="))
    for member, value in wrong:
        @case("5.6.1", "1.3/2.1 %s as %r" % (member, value if isinstance(value, (str, int, list))
                                             else value.hex()), uncertain=True)
        def _(member=member, value=value):
            answer = server.initiate(euicc, **{member: value})
            expect(answer.code, "1.3/2.1")
            expect(answer.identifier, member)
    for member in ("euiccChallenge", "euiccInfo1", "smdpAddress"):
        @case("5.6.1", "1.3/2.2 %s missing" % member, uncertain=True)
        def _(member=member):
            expect(server.initiate(euicc, **{member: None}).code, "1.3/2.2")


def transport(report, server):
    case = report.case
    path = ES9 + "initiateAuthentication"
    bodies = (("not JSON", b"hello"), ("nothing", b""), ("cut off", b'{"euiccChallenge":"'),
              ("an array", b"[]"), ("trailing bytes", b"{} {}"), ("NUL", b'{"a":"\x00"}'),
              ("a doubled member", b'{"smdpAddress":"a","smdpAddress":"b"}'),
              ("bad UTF-8", b'{"a":"\xff"}'), ("very deep", b"[" * 5000),
              ("10,000 members", b"{" + b",".join(b'"k%d":1' % i for i in range(10000)) + b"}"))
    for words, body in bodies:
        @case("6.5.1", "HTTP 400 or a refusal: %s" % words)
        def _(body=body):
            status, _, data = server.es9.raw(path, body)
            if status == 200:
                assert not Answer(json.loads(data)).ok
            else:
                expect(status, 400)

    @case("6.5.1", "HTTP 404 for another path, 405 for GET, 415 for another content")
    def _():
        expect(server.es9.raw("/gsma/rsp2/es9plus/nothing", b"{}")[0], 404)
        expect(server.es9.raw("/", b"{}")[0], 404)
        expect(server.es9.raw(path, None, method="GET")[0], 405)
        expect(server.es9.raw(path, b"{}", {"Content-Type": "text/plain"})[0], 415)

    @case("6.5.1", "HTTP 400 for another X-Admin-Protocol, none and v3 are taken")
    def _():
        body = json.dumps({"x": 1}).encode()
        expect(server.es9.raw(path, body, dict(HEADERS, **{"X-Admin-Protocol": "http/1"}))[0], 400)
        for value in ("gsma/rsp/v2.2.2", "gsma/rsp/v3.0.0"):
            expect(server.es9.raw(path, body, dict(HEADERS, **{"X-Admin-Protocol": value}))[0],
                   200)
        expect(server.es9.raw(path, body, {"Content-Type": "application/json;charset=UTF-8"})[0],
               200)

    @case("6.5.1", "a body over the limit is refused, the server goes on")
    def _():
        try:
            status = server.es9.raw(path, b'{"a":"' + b"x" * (3 << 20) + b'"}')[0]
            assert status in (400, 413), status
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        server.es9.close()
        expect(server.initiate(new_euicc(server.pki, 3)).code, "ok")


def authenticate(report, server):
    case = report.case
    euicc = new_euicc(server.pki, 10)
    pb = server.pki.smdp("pb")
    iccid, matching = server.order()

    @case("5.6.3", "answer: metadata, smdpSigned2 signed by DPpb together with euiccSignature1")
    def _():
        answer = server.authenticate(euicc, matching)
        expect(answer.code, "ok")
        body = find(answer["smdpSigned2"], 0x30)
        expect(find(body, 0x80), answer["transactionId"])
        expect(find(body, 0x01), b"\x00")
        expect(answer["smdpCertificate"], certs.der(pb))
        verify(pb.public_key(), answer["smdpSignature2"], answer["smdpSigned2"],
               answer.signature1)
        expect(answer["profileMetadata"], server.profiles[iccid].metadata)
        again = server.es9.call(ES9 + "authenticateClient",
                                {"transactionId": answer["transactionId"],
                                 "authenticateServerResponse": answer.sent})
        expect(dict(again), dict(answer))

    @case("5.6.3", "DPpb and DPauth carry the same OID")
    def _():
        oids = [c.extensions.get_extension_for_class(SubjectAlternativeName).value
                .get_values_for_type(RegisteredID) for c in (pb, server.pki.smdp("auth"))]
        expect(oids[0], oids[1])

    @case("5.6.3", "transactionId in lower case is the same")
    def _():
        _, matching_id = server.order()
        first = server.initiate(new_euicc(server.pki, 11))
        other = new_euicc(server.pki, 11)
        message, _ = other.authenticate(first, matching_id)
        answer = server.es9.call(ES9 + "authenticateClient",
                                 {"transactionId": first["transactionId"].hex(),
                                  "authenticateServerResponse": message})
        assert answer["transactionId"] == first["transactionId"]

    @case("5.6.3", "8.10.1/3.9 a transaction that never was")
    def _():
        answer = server.initiate(euicc)
        message, _ = euicc.authenticate(answer, matching)
        for transaction in (os.urandom(16), os.urandom(4),
                            bytes([answer["transactionId"][0] ^ 1]) + answer["transactionId"][1:]):
            result = server.es9.call(ES9 + "authenticateClient",
                                     {"transactionId": transaction,
                                      "authenticateServerResponse": message})
            expect(result.code, "8.10.1/3.9")

    @case("5.6.3", "8.10.1/3.9 another transaction inside euiccSigned1")
    def _():
        expect(server.authenticate(euicc, matching, transaction=os.urandom(16)).code, "8.10.1/3.9")

    @case("5.6.3", "8.10.1/3.9 an answer replayed in another transaction")
    def _():
        old = server.authenticate(euicc, matching)
        fresh = server.initiate(euicc)
        result = server.es9.call(ES9 + "authenticateClient",
                                 {"transactionId": fresh["transactionId"],
                                  "authenticateServerResponse": old.sent})
        expect(result.code, "8.10.1/3.9")

    @case("5.6.3", "8.10.1/3.9 a second, different answer in one transaction")
    def _():
        _, other_matching = server.order()
        first = server.initiate(euicc)
        expect(server.authenticate(euicc, other_matching, first).code, "ok")
        expect(server.authenticate(euicc, other_matching, first).code, "8.10.1/3.9")

    for words, wrong in (("signed by another key", {"key": certs.new_key()}),
                         ("changed after signing", {"tamper": True}),
                         ("another serverChallenge", {"challenge": os.urandom(16)}),
                         ("another serverAddress", {"address": b"smdp.other.example"})):
        @case("5.6.3", "8.1/6.1 euiccSigned1 %s" % words)
        def _(wrong=wrong):
            result = server.authenticate(euicc, matching, **wrong)
            assert result.code in ("8.1/6.1", "1.3/2.1"), result.code
            if not wrong.get("tamper"):
                expect(result.code, "8.1/6.1")

    @case("5.6.3", "8.1/4.2 the eUICC itself refused us", uncertain=True)
    def _():
        answer = server.initiate(euicc)
        error = tlv(0xBF38, tlv(0xA1, tlv(0x80, answer["transactionId"]), tlv(0x02, b"\x02")))
        result = server.es9.call(ES9 + "authenticateClient",
                                 {"transactionId": answer["transactionId"],
                                  "authenticateServerResponse": error})
        expect(result.code, "8.1/4.2")

    @case("5.6.3", "1.3/2.1 garbage inside BF38", uncertain=True)
    def _():
        answer = server.initiate(euicc)
        for body in (b"", tlv(0xA0, b""), tlv(0xA5, b"\x01"), tlv(0xA0, tlv(0x30, b"\x80\x00"))):
            result = server.es9.call(ES9 + "authenticateClient",
                                     {"transactionId": answer["transactionId"],
                                      "authenticateServerResponse": tlv(0xBF38, body)})
            assert not result.ok, result.code


def chains(report, server):
    """Certificates of every wrong kind."""
    case = report.case
    pki = server.pki
    day = datetime.timedelta(days=1)
    now = datetime.datetime.utcnow()
    other_ci, other_ci_key = certs.make_ci()
    digits = eid(20)

    def answer_for(eum, eum_key, digits=digits, ci=None, **euicc):
        certificate, key = certs.make_euicc(eum, eum_key, digits, **euicc)
        card = Euicc(bytes.fromhex(digits), key, certificate, eum, ci or pki.ci)
        card.ci, card.verification, card.signing = (certs.skid(pki.ci),) + ([certs.skid(pki.ci)],) * 2
        return server.authenticate(card, "NO-SUCH-ORDER")

    @case("4.5.2", "a good chain gets as far as its order (8.2.6/3.8)")
    def _():
        expect(answer_for(pki.eum, pki.eum_key).code, "8.2.6/3.8")

    eums = (
        ("8.1.2/6.3", "EUM expired", dict(before=now - 3 * day, after=now - day)),
        ("8.1.2/6.3", "EUM not valid yet", dict(before=now + day, after=now + 3 * day)),
        ("8.1.2/6.1", "EUM without CA", dict(ca=None)),
        ("8.1.2/6.1", "EUM with keyUsage digitalSignature", dict(usage="sign")),
        ("8.1.2/6.1", "EUM with the role of an eUICC", dict(role="euicc")),
        ("8.1.2/6.1", "EUM without a role", dict(role=None)),
        ("8.1.2/6.1", "EUM with an unknown critical extension", dict(unknown_critical=True)),
    )
    for wanted, words, arguments in eums:
        @case("4.5.2", "%s %s" % (wanted, words))
        def _(wanted=wanted, arguments=arguments):
            eum, key = certs.make_eum(pki.ci, pki.ci_key, **arguments)
            expect(answer_for(eum, key).code, wanted)

    @case("4.5.2", "8.11.1/3.9 EUM of another CI")
    def _():
        eum, key = certs.make_eum(other_ci, other_ci_key)
        expect(answer_for(eum, key).code, "8.11.1/3.9")

    @case("4.5.2", "8.1.2/6.1 EUM signed by another key in the name of the CI")
    def _():
        eum, key = certs.make_eum(pki.ci, other_ci_key)
        expect(answer_for(eum, key).code, "8.1.2/6.1")

    euiccs = (
        ("8.1.3/6.3", "eUICC expired", dict(before=now - 3 * day, after=now - day)),
        ("8.1.3/6.1", "eUICC with the role of a DPauth", dict(role="dp-auth")),
        ("8.1.3/6.1", "eUICC without a role", dict(role=None)),
        ("8.1.3/6.1", "eUICC with keyUsage keyCertSign", dict(usage="ca")),
        ("8.1.3/6.1", "eUICC of another organisation", dict(organisation="Somebody Else")),
        ("8.1.3/6.1", "eUICC with an unknown critical extension", dict(unknown_critical=True)),
        ("8.1.3/6.1", "EID outside the EUM's range", dict(digits="89044000" + digits[8:])),
        ("8.1.3/6.1", "EID of 31 digits", dict(digits=digits[:31])),
    )
    for wanted, words, arguments in euiccs:
        @case("4.5.2", "%s %s" % (wanted, words))
        def _(wanted=wanted, arguments=arguments):
            arguments = dict(arguments)
            wrong_eid = arguments.pop("digits", digits)
            certificate, key = certs.make_euicc(pki.eum, pki.eum_key, wrong_eid, **arguments)
            card = Euicc(bytes(16), key, certificate, pki.eum, pki.ci)
            expect(server.authenticate(card, "NO-SUCH-ORDER").code, wanted)

    @case("4.5.2", "8.1.3/6.1 eUICC signed by another key in the name of the EUM")
    def _():
        certificate, key = certs.make_euicc(pki.eum, certs.new_key(), digits)
        card = Euicc(bytes.fromhex(digits), key, certificate, pki.eum, pki.ci)
        expect(server.authenticate(card, "NO-SUCH-ORDER").code, "8.1.3/6.1")

    @case("4.5.2", "8.1.3/6.1 a DPauth certificate in place of the eUICC's")
    def _():
        card = new_euicc(pki, 21)
        card.certificate = pki.smdp("auth")
        expect(server.authenticate(card, "NO-SUCH-ORDER").code, "8.1.3/6.1")

    @case("4.5.2", "1.3/2.1 or 8.1.2/6.1: no certificate at all in place of the EUM's")
    def _():
        answer = server.initiate(new_euicc(pki, 22))
        card = new_euicc(pki, 22)
        message, _ = card.authenticate(answer, "X")
        ok = find(message, 0xBF38, 0xA0)
        eum = certs.der(pki.eum)
        broken = tlv(0xBF38, tlv(0xA0, ok[:-len(eum)], tlv(0x30, b"\x05\x00")))
        result = server.es9.call(ES9 + "authenticateClient",
                                 {"transactionId": answer["transactionId"],
                                  "authenticateServerResponse": broken})
        assert result.code in ("1.3/2.1", "8.1.2/6.1"), result.code


def orders(report, server):
    case = report.case
    pki = server.pki

    for matching_id in ("WRONG-MATCHING-ID-12345", "WRONG_AC_12345", "X" * 255, "X" * 2000):
        @case("3.1.1.3", "8.2.6/3.8 unknown MatchingID of %d characters" % len(matching_id))
        def _(matching_id=matching_id):
            result = server.authenticate(new_euicc(pki, 30), matching_id)
            assert result.code in ("8.2.6/3.8", "1.3/2.1"), result.code

    @case("3.1.1.3", "8.1.1/3.8 the order is for another EID, also before it is released")
    def _():
        _, matching_id = server.order(eid=eid(31))
        expect(server.authenticate(new_euicc(pki, 32), matching_id).code, "8.1.1/3.8")
        expect(server.authenticate(new_euicc(pki, 31), matching_id).code, "ok")
        _, held = server.order(eid=eid(31), releaseFlag=False)
        expect(server.authenticate(new_euicc(pki, 32), held).code, "8.1.1/3.8")
        expect(server.authenticate(new_euicc(pki, 31), held).code, "8.2/1.2")

    @case("3.1.1.3", "an order without EID belongs to the first eUICC that comes")
    def _():
        _, matching_id = server.order()
        expect(server.authenticate(new_euicc(pki, 33), matching_id).code, "ok")
        expect(server.authenticate(new_euicc(pki, 34), matching_id).code, "8.1.1/3.8")
        expect(server.authenticate(new_euicc(pki, 33), matching_id).code, "ok")

    for words, sent in (("empty", ""), ("absent", None)):
        @case("3.1.1.3", "default SM-DP+: MatchingID %s, found by the EID" % words)
        def _(sent=sent, words=words):
            number = 35 if sent is None else 36
            iccid, matching_id = server.order(eid=eid(number), matchingId="")
            expect(matching_id, "")
            answer = server.authenticate(new_euicc(pki, number), sent)
            expect(answer.code, "ok")
            expect(answer["profileMetadata"], server.profiles[iccid].metadata)

    @case("3.1.1.3", "8.1.1/3.8 default SM-DP+ with an unknown EID", uncertain=True)
    def _():
        expect(server.authenticate(new_euicc(pki, 37), "").code, "8.1.1/3.8")
        expect(server.authenticate(new_euicc(pki, 37), None).code, "8.1.1/3.8")

    @case("3.1.1.3", "8.2/1.2 default SM-DP+ with an order that is not released")
    def _():
        server.order(eid=eid(38), matchingId="", releaseFlag=False)
        expect(server.authenticate(new_euicc(pki, 38), "").code, "8.2/1.2")

    @case("3.1.1.3", "8.8.5/6.4 too many attempts")
    def _():
        _, matching_id = server.order()
        card = new_euicc(pki, 39)
        for _ in range(4):
            expect(server.authenticate(card, matching_id).code, "ok")
        expect(server.authenticate(card, matching_id).code, "8.8.5/6.4")
        expect(server.authenticate(card, matching_id).code, "8.8.5/6.4")


def eligibility(report, server):
    case = report.case
    pki = server.pki

    @case("3.1.2", "8.1/4.8 not enough memory on the eUICC")
    def _():
        _, matching_id = server.order()
        card = new_euicc(pki, 40)
        card.memory = 1000
        expect(server.authenticate(card, matching_id).code, "8.1/4.8")
        card.memory = 10000
        expect(server.authenticate(card, matching_id).code, "ok")

    @case("3.1.2", "8.2.5/4.3 the eUICC forbids the profile's policy rule")
    def _():
        _, matching_id = server.order("ppr")
        card = new_euicc(pki, 41)
        card.forbidden = b"\x06\x40"
        expect(server.authenticate(card, matching_id).code, "8.2.5/4.3")
        card.forbidden = b"\x05\x20"
        expect(server.authenticate(card, matching_id).code, "ok")

    @case("3.1.2", "8.2.5/4.3 the eUICC takes no test profiles")
    def _():
        _, matching_id = server.order("test")
        card = new_euicc(pki, 42)
        card.rsp_capability = b"\x06\x80"
        expect(server.authenticate(card, matching_id).code, "8.2.5/4.3")
        card.rsp_capability = b"\x04\x90"
        expect(server.authenticate(card, matching_id).code, "ok")

    @case("3.1.2", "8.2.5/4.3 the eUICC lacks an algorithm that the profile needs")
    def _():
        _, matching_id = server.order("tuak")
        card = new_euicc(pki, 43)
        expect(server.authenticate(card, matching_id).code, "8.2.5/4.3")
        card.capability = [1, 6, 7]
        expect(server.authenticate(card, matching_id).code, "ok")


__all__ = ["run", "Profile", "find_raw", "oid", "transaction_of"]
