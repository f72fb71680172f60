# SPDX-License-Identifier: Apache-2.0
"""ES9+.GetBoundProfilePackage, HandleNotification, CancelSession. SGP.22, 5.6.2, 5.6.4, 5.6.5."""
import base64
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import RegisteredID, SubjectAlternativeName

from . import certificates as certs
from .bench import SMDP, eid, new_euicc
from .der import find, oid, tlv
from .euicc import Euicc, Package, one_time_key
from .report import expect
from .wire import ES9


def smdp_oid(server):
    names = server.pki.smdp("auth").extensions.get_extension_for_class(SubjectAlternativeName)
    return oid(names.value.get_values_for_type(RegisteredID)[0].dotted_string)


def open_package(server, euicc, answer, package, otsk):
    return Package(package["boundProfilePackage"], answer["transactionId"], otsk,
                   server.pki.smdp("pb"), euicc.eid)


def download(server, euicc, kind="plain", **order):
    """A session up to the delivered package: (iccid, matchingId, answer, package)."""
    iccid, matching_id = server.order(kind, **order)
    answer = server.authenticate(euicc, matching_id)
    package = server.get_package(euicc, answer, one_time_key())
    expect(package.code, "ok")
    return iccid, matching_id, answer, package


def run(report, server):
    packages(report, server)
    confirmation(report, server)
    notifications(report, server)
    cancellations(report, server)


def packages(report, server):
    case = report.case
    pki = server.pki

    for kind, ppk in (("plain", True), ("sessions", False)):
        @case("2.5.3", "the package opens: %s" % ("profile protection keys" if ppk
                                                  else "session keys"))
        def _(kind=kind, ppk=ppk):
            card = new_euicc(pki, 100 + ppk)
            iccid, matching_id = server.order(kind)
            answer = server.authenticate(card, matching_id)
            otsk = one_time_key()
            package = server.get_package(card, answer, otsk)
            expect(package.code, "ok")
            expect(package["transactionId"], answer["transactionId"])
            opened = open_package(server, card, answer, package, otsk)
            profile = server.profiles[iccid]
            expect(opened.metadata, profile.metadata)
            expect(opened.upp, profile.upp)
            expect(opened.ppk, ppk)
            assert opened.configure[:2] == b"\xBF\x24"
            assert max(opened.segments) <= 1020, max(opened.segments)
            expect(server.state(iccid)["state"], "Downloaded")

    @case("5.6.2", "asked again in the same words: the same package")
    def _():
        card = new_euicc(pki, 102)
        _, matching_id = server.order()
        answer = server.authenticate(card, matching_id)
        otsk = one_time_key()
        first = server.get_package(card, answer, otsk)
        second = server.es9.call(ES9 + "getBoundProfilePackage",
                                 {"transactionId": answer["transactionId"],
                                  "prepareDownloadResponse": first.sent})
        one = open_package(server, card, answer, first, otsk)
        two = open_package(server, card, answer, second, otsk)
        expect(two.smdp_otpk, one.smdp_otpk)
        expect(two.body, one.body)

    @case("5.6.2", "a new session with the same euiccOtpk: the same smdpOtpk, offered before")
    def _():
        card = new_euicc(pki, 103)
        _, matching_id = server.order()
        otsk = one_time_key()
        answer = server.authenticate(card, matching_id)
        one = open_package(server, card, answer, server.get_package(card, answer, otsk), otsk)
        again = server.authenticate(card, matching_id)
        expect(find(again["smdpSigned2"], 0x30, 0x5F49), certs.point(otsk))
        two = open_package(server, card, again, server.get_package(card, again, otsk), otsk)
        expect(two.smdp_otpk, one.smdp_otpk)
        expect(two.body, one.body)

    @case("5.6.2", "a new session with a new euiccOtpk: another smdpOtpk", uncertain=True)
    def _():
        card = new_euicc(pki, 104)
        _, matching_id = server.order()
        keys = []
        for _ in range(2):
            otsk = one_time_key()
            answer = server.authenticate(card, matching_id)
            package = server.get_package(card, answer, otsk)
            keys.append(open_package(server, card, answer, package, otsk).smdp_otpk)
        assert keys[0] != keys[1]

    @case("5.6.2", "8.10.1/3.9 before AuthenticateClient")
    def _():
        card = new_euicc(pki, 105)
        first = server.initiate(card)
        fake = {"transactionId": first["transactionId"], "smdpSignature2": tlv(0x5F37, bytes(64)),
                "smdpSigned2": tlv(0x30, tlv(0x80, first["transactionId"]))}
        expect(server.get_package(card, fake, one_time_key()).code, "8.10.1/3.9")
        fake["transactionId"] = os.urandom(16)
        expect(server.get_package(card, fake, one_time_key()).code, "8.10.1/3.9")

    @case("5.6.2", "8.10.1/3.9 a session that a newer one has replaced")
    def _():
        card = new_euicc(pki, 106)
        _, matching_id = server.order()
        old = server.authenticate(card, matching_id)
        new = server.authenticate(card, matching_id)
        expect(server.get_package(card, old, one_time_key()).code, "8.10.1/3.9")
        expect(server.get_package(card, new, one_time_key()).code, "ok")

    @case("5.6.2", "8.10.1/3.9 another key in a session that has its package", uncertain=True)
    def _():
        card = new_euicc(pki, 107)
        _, matching_id = server.order()
        answer = server.authenticate(card, matching_id)
        expect(server.get_package(card, answer, one_time_key()).code, "ok")
        expect(server.get_package(card, answer, one_time_key()).code, "8.10.1/3.9")

    card = new_euicc(pki, 108)
    iccid, matching_id = server.order()
    answer = server.authenticate(card, matching_id)
    for wanted, words, wrong in (
            ("8.1/6.1", "signed by another key", {"key": certs.new_key()}),
            ("8.1/6.1", "signed with another smdpSignature2",
             {"signature2": tlv(0x5F37, bytes(64))}),
            ("8.10.1/3.9", "another transaction inside", {"transaction": os.urandom(16)}),
            ("8.1/6.1", "euiccOtpk is no point of the curve", {"otpk": b"\x04" + bytes(64)}),
            ("8.1/6.1", "euiccOtpk is on no curve", {"otpk": b"\x04" + os.urandom(64)})):
        @case("5.6.2", "%s %s" % (wanted, words))
        def _(wanted=wanted, wrong=wrong):
            expect(server.get_package(card, answer, one_time_key(), **wrong).code, wanted)

    @case("5.6.2", "1.3/2.1 euiccOtpk compressed or empty", uncertain=True)
    def _():
        for otpk in (b"\x02" + os.urandom(32), b""):
            result = server.get_package(card, answer, None, otpk=otpk or b"\x00")
            assert result.code in ("1.3/2.1", "8.1/6.1"), result.code

    @case("5.6.2", "8.1/4.2 the eUICC itself refused", uncertain=True)
    def _():
        error = tlv(0xBF21, tlv(0xA1, tlv(0x80, answer["transactionId"]), tlv(0x02, b"\x02")))
        result = server.es9.call(ES9 + "getBoundProfilePackage",
                                 {"transactionId": answer["transactionId"],
                                  "prepareDownloadResponse": error})
        expect(result.code, "8.1/4.2")

    @case("5.6.2", "after all these refusals the session still works")
    def _():
        otsk = one_time_key()
        opened = open_package(server, card, answer, server.get_package(card, answer, otsk), otsk)
        expect(opened.upp, server.profiles[iccid].upp)


def confirmation(report, server):
    case = report.case
    pki = server.pki

    @case("5.6.2", "a confirmation code: asked for, missing 8.2.7/2.2, wrong 8.2.7/3.8, right")
    def _():
        card = new_euicc(pki, 120)
        _, matching_id = server.order(confirmationCode="12345678")
        answer = server.authenticate(card, matching_id)
        assert find(answer["smdpSigned2"], 0x30, 0x01) != b"\x00"
        expect(server.get_package(card, answer, one_time_key()).code, "8.2.7/2.2")
        expect(server.get_package(card, answer, one_time_key(), "87654321").code, "8.2.7/3.8")
        otsk = one_time_key()
        package = server.get_package(card, answer, otsk, "12345678")
        expect(package.code, "ok")
        open_package(server, card, answer, package, otsk)

    @case("5.6.2", "8.2.7/6.4 wrong too often, also with the right one afterwards")
    def _():
        card = new_euicc(pki, 121)
        iccid, matching_id = server.order(confirmationCode="12345678")
        answer = server.authenticate(card, matching_id)
        expect(server.get_package(card, answer, one_time_key(), "1").code, "8.2.7/3.8")
        expect(server.get_package(card, answer, one_time_key(), "2").code, "8.2.7/6.4")
        assert not server.get_package(card, answer, one_time_key(), "12345678").ok
        assert not server.authenticate(card, matching_id).ok
        expect(server.state(iccid)["state"], "Error")

    @case("5.6.2", "the code read as hexadecimal bytes is not taken unless configured",
          uncertain=True)
    def _():
        card = new_euicc(pki, 122)
        _, matching_id = server.order(confirmationCode="12345678")
        answer = server.authenticate(card, matching_id)
        expect(server.get_package(card, answer, one_time_key(), bytes.fromhex("12345678")).code,
               "8.2.7/3.8")

    @case("5.6.2", "a hash where none is wanted is no harm")
    def _():
        card = new_euicc(pki, 123)
        _, matching_id = server.order()
        answer = server.authenticate(card, matching_id)
        expect(server.get_package(card, answer, one_time_key(), "0000").code, "ok")


def notifications(report, server):
    case = report.case
    pki = server.pki
    address = SMDP.encode()
    our_oid = smdp_oid(server)

    @case("5.6.4", "installed: acknowledged, state Installed, repeated without harm")
    def _():
        card = new_euicc(pki, 130)
        iccid, matching_id, answer, _ = download(server, card)
        result = card.result(answer["transactionId"], address, our_oid,
                             server.profiles[iccid].iccid)
        server.notify(result)
        expect(server.state(iccid)["state"], "Installed")
        server.notify(result)
        expect(server.state(iccid)["state"], "Installed")
        expect(server.authenticate(card, matching_id).code, "8.2.6/3.8")

    @case("5.6.4", "a result signed by somebody else is acknowledged and ignored")
    def _():
        card = new_euicc(pki, 131)
        iccid, _, answer, _ = download(server, card)
        server.notify(card.result(answer["transactionId"], address, our_oid,
                                  server.profiles[iccid].iccid, key=certs.new_key()))
        expect(server.state(iccid)["state"], "Downloaded")

    for reason, wanted in ((10, "Released"), (11, "Released"), (2, "Error"), (8, "Error"),
                           (9, "Error"), (12, "Error"), (13, "Error"), (127, "Error")):
        @case("5.6.4", "installation failed with reason %d: %s" % (reason, wanted), uncertain=True)
        def _(reason=reason, wanted=wanted):
            card = new_euicc(pki, 140 + reason)
            iccid, matching_id, answer, _ = download(server, card)
            server.notify(card.result(answer["transactionId"], address, our_oid,
                                      server.profiles[iccid].iccid, error=reason))
            expect(server.state(iccid)["state"], wanted)
            expect(server.authenticate(card, matching_id).ok, wanted == "Released")

    @case("5.6.4", "an unknown transaction, garbage, an empty element: all acknowledged")
    def _():
        card = new_euicc(pki, 132)
        server.notify(card.result(os.urandom(16), address, our_oid, bytes(10)))
        server.notify(tlv(0xBF37, b""))
        server.notify(tlv(0x30, b""))
        server.notify(tlv(0x30, os.urandom(3)))

    @case("5.6.4", "a member that is no notification is acknowledged, no JSON is not",
          uncertain=True)
    def _():
        path = ES9 + "handleNotification"
        body = b'{"pendingNotification":"' + base64.b64encode(b"\x05\x00") + b'"}'
        expect(server.es9.raw(path, body)[0], 204)
        expect(server.es9.raw(path, b"nonsense")[0], 400)

    @case("5.6.4", "enabled, disabled, deleted: each once, in order, from its own eUICC")
    def _():
        card = new_euicc(pki, 133)
        iccid, _, answer, _ = download(server, card)
        coded = server.profiles[iccid].iccid
        server.notify(card.result(answer["transactionId"], address, our_oid, coded, seq=5))
        server.notify(card.notification(1, address, coded, 6))
        expect(server.state(iccid)["state"], "Installed")
        stranger = new_euicc(pki, 134)
        server.notify(stranger.notification(3, address, coded, 7))
        expect(server.state(iccid)["state"], "Installed")
        server.notify(card.notification(3, address, coded, 7, key=certs.new_key()))
        expect(server.state(iccid)["state"], "Installed")
        server.notify(card.notification(3, address, coded, 4))
        expect(server.state(iccid)["state"], "Installed")
        server.notify(card.notification(3, address, coded, 8))
        expect(server.state(iccid)["state"], "Deleted")

    @case("5.6.4", "a notification under a foreign chain is ignored")
    def _():
        card = new_euicc(pki, 135)
        iccid, _, answer, _ = download(server, card)
        coded = server.profiles[iccid].iccid
        server.notify(card.result(answer["transactionId"], address, our_oid, coded))
        ci, ci_key = certs.make_ci()
        eum, eum_key = certs.make_eum(ci, ci_key)
        certificate, key = certs.make_euicc(eum, eum_key, eid(135))
        fake = Euicc(card.eid, key, certificate, eum, ci)
        server.notify(fake.notification(3, address, coded, 9))
        expect(server.state(iccid)["state"], "Installed")


def cancellations(report, server):
    case = report.case
    pki = server.pki
    our_oid = smdp_oid(server)
    expected = ((0, "Error"), (1, "Released"), (2, "Released"), (3, "Error"), (4, "Error"),
                (5, "Error"), (127, "Error"))
    for reason, wanted in expected:
        @case("5.6.5", "cancelled with reason %d: %s" % (reason, wanted), uncertain=reason > 2)
        def _(reason=reason, wanted=wanted):
            card = new_euicc(pki, 160 + reason)
            iccid, matching_id = server.order()
            answer = server.authenticate(card, matching_id)
            message = card.cancel(answer["transactionId"], our_oid, reason)
            expect(server.cancel(answer["transactionId"], message).code, "ok")
            expect(server.state(iccid)["state"], wanted)
            expect(server.authenticate(card, matching_id).ok, wanted == "Released")
            expect(server.cancel(answer["transactionId"], message).code, "8.10.1/3.9")

    card = new_euicc(pki, 158)
    iccid, matching_id = server.order()
    answer = server.authenticate(card, matching_id)
    transaction = answer["transactionId"]
    for wanted, words, message in (
            ("8.1/6.1", "signed by another key",
             card.cancel(transaction, our_oid, 0, key=certs.new_key())),
            ("8.10.1/3.9", "another transaction inside",
             card.cancel(transaction, our_oid, 0, inside=os.urandom(16))),
            ("8.8/3.10", "another SM-DP+ OID", card.cancel(transaction, oid("2.999.77"), 0)),
            ("8.1/4.2", "an error of the eUICC", tlv(0xBF41, tlv(0x81, b"\x05"))),
            ("1.3/2.1", "garbage", tlv(0xBF41, tlv(0xA0, b"\x30\x00")))):
        @case("5.6.5", "%s %s" % (wanted, words), uncertain=wanted in ("8.1/4.2", "1.3/2.1"))
        def _(wanted=wanted, message=message):
            expect(server.cancel(transaction, message).code, wanted)
            expect(server.state(iccid)["state"], "Released")

    @case("5.6.5", "8.10.1/3.9 an unknown transaction")
    def _():
        unknown = os.urandom(16)
        expect(server.cancel(unknown, card.cancel(unknown, our_oid, 0)).code, "8.10.1/3.9")

    @case("5.6.5", "cancelled after the package was delivered")
    def _():
        other = new_euicc(pki, 159)
        iccid_, _, answer_, _ = download(server, other)
        message = other.cancel(answer_["transactionId"], our_oid, 5)
        expect(server.cancel(answer_["transactionId"], message).code, "ok")
        expect(server.state(iccid_)["state"], "Error")


__all__ = ["run", "download", "open_package", "ec"]
