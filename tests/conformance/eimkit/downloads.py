# SPDX-License-Identifier: Apache-2.0
"""Indirect downloads, cancels, notifications. SGP.32, 3.2.3.2, 3.2.3.3, 3.7, 3.9, 5.14.1 to 5.14.3,
5.14.7, 5.14.8."""
import base64
import hashlib
import os
import subprocess
import tempfile
import time

from eimkit.der import child, child_raw, integer, number, one, path, read, text, tlv
from eimkit.packages import ICCID_VALUE, NOTHING, Bench, ask, equal
from eimkit.world import SIMA_OK, SMDP, SMDS, Device, sign

AID = bytes.fromhex("A0000005591010FFFFFFFF8900001000")
FULL, COMPACT = "full", "compact"


def metadata(*more):
    return tlv(0xBF25, tlv(0x5A, ICCID_VALUE), text(0x91, "Nordlys"), text(0x92, "Nordlys IoT"),
               tlv(0xB7, tlv(0x80, bytes.fromhex("42F010"))), *more)


def capabilities(b, *bits):
    """Tell the eIM what this IPA does, and the rest it needs for compact forms."""
    mask = sum(0x80 >> bit for bit in bits)
    unused = 7 - max(bits)
    _, _, transaction = ask(b, "ipaCapabilities", "euiccInfo1", "euiccInfo2", "deviceInfo")
    b.provide(tlv(0xBF52, tlv(
        0xA0, b.device.info1, b.device.info2(), tlv(0x87, transaction),
        tlv(0xA8, tlv(0x80, bytes([unused, mask]))),
        tlv(0xA9, tlv(0x80, bytes.fromhex("35290611")), tlv(0xA1)))))


class Download:
    """One download, step by step; every step checks what an IPA and a card would."""

    def __init__(self, b, smdp, form=FULL, code=None, **request):
        self.b, self.smdp, self.form = b, smdp, form
        body = {"kind": "download"}
        if not request:
            body["activation_code"] = code or "1$%s$MATCH-1" % SMDP
        body.update(request)
        self.id = b.eim.api("POST", "/devices/%s/operations" % b.device.eid_text, body)["id"]
        smdp.metadata = smdp.metadata or metadata()

    def trigger(self):
        tag, value, _ = one(one(self.b.poll())[1])
        equal(tag, 0xBF54)
        self.eim_transaction = child(value, 0x82)
        return child(value, 0xA0)

    def initiate(self, address=SMDP, info1=True, eim_transaction=None, raw=False):
        self.challenge = os.urandom(16)
        transaction = self.eim_transaction if eim_transaction is None else eim_transaction
        answer = self.b.send(tlv(
            0xBF39, tlv(0x81, self.challenge), text(0x83, address) if address else None,
            self.b.device.info1 if info1 else None, tlv(0x82, transaction) if transaction else None))
        if raw:
            return answer
        ok = path(answer, 0xBF39, 0xA0)
        assert ok is not None, answer.hex()
        self.signed1 = child_raw(ok, 0x30)
        inner = one(self.signed1)[1]
        equal(child(inner, 0x81), self.challenge)
        self.transaction = child(inner, 0x80)
        self.address = child(inner, 0x83)
        equal(child_raw(ok, 0x5F37)[:3], bytes.fromhex("5F3740"))
        return ok

    def context(self, ok):
        """ctxParams1 as the eIM gave it, or our own."""
        given = child(ok, 0xA2)
        if given is not None:
            self.given_context = True
            return given
        self.given_context = False
        matching_id = child(ok, 0x0C)
        self.matching_id = b"MATCH-1" if matching_id is None else matching_id
        return tlv(0xA0, tlv(0x80, self.matching_id),
                   tlv(0xA1, tlv(0x80, bytes.fromhex("35290611")), tlv(0xA1)))

    def authenticate(self, ok, info2=None, signer=None, raw=False, transaction=None):
        device = self.b.device
        context = self.context(ok)
        free = b"\x81\x01\x01\x82\x04\x00\x01\x02\x03\x83\x02\x10\x00"
        self.info2 = info2 or device.info2(free)
        inner = one(self.signed1)[1]
        self.euicc_signed1 = tlv(0x30, child_raw(inner, 0x80), child_raw(inner, 0x83),
                                 child_raw(inner, 0x84), self.info2, context)
        self.euicc_signature1 = tlv(0x5F37, sign((signer or device).key, self.euicc_signed1))
        source = signer or device
        if self.form == FULL:
            response = tlv(0xA0, self.euicc_signed1, self.euicc_signature1, source.certificate,
                           source.eum)
        else:
            response = tlv(0xA2, tlv(0xA0, tlv(0x84, free),
                                     None if self.given_context else tlv(0xA2, context)),
                           self.euicc_signature1)
        answer = self.b.send(tlv(0xBF3B, tlv(0x80, transaction or self.transaction),
                                 tlv(0xBF38, response)))
        if raw:
            return answer
        ok = path(answer, 0xBF3B, 0xA0)
        assert ok is not None, answer.hex()
        self.smdp_signed2 = child_raw(ok, 0x30)
        self.smdp_signature2 = child_raw(ok, 0x5F37)
        return ok

    def prepare(self, ok, signer=None, raw=False, transaction=None, otpk=None):
        self.otpk = otpk or b"\4" + os.urandom(64)
        hash_cc = child_raw(ok, 0x04)
        signed2 = tlv(0x30, tlv(0x80, self.transaction), tlv(0x5F49, self.otpk), hash_cc)
        key = (signer or self.b.device).key
        signature = tlv(0x5F37, sign(key, signed2 + self.smdp_signature2))
        if self.form == FULL:
            response = tlv(0xA0, signed2, signature)
        else:
            response = tlv(0xA2, tlv(0x30, None if otpk else tlv(0x5F49, self.otpk)), signature)
        self.euicc_signed2 = signed2
        answer = self.b.send(tlv(0xBF3A, tlv(0x80, transaction or self.transaction),
                                 tlv(0xBF21, response)))
        if raw:
            return answer
        package = child_raw(path(answer, 0xBF3A, 0xA0) or b"", 0xBF36)
        equal(package, self.smdp.package)
        return package

    def installed(self, failed=None, device=None):
        device = device or self.b.device
        result = tlv(0xA0, tlv(0x4F, AID), tlv(0x04, SIMA_OK)) if failed is None else \
            tlv(0xA1, integer(0x80, 5), integer(0x81, failed))
        data, pir = device.installation(self.transaction, result, self.address.decode(),
                                        self.smdp.oid, ICCID_VALUE)
        if self.form == COMPACT and failed is None:
            pending = tlv(0xA0, tlv(0xA0, tlv(0x80, self.transaction),
                                    integer(0x02, device.sequence),
                                    tlv(0xA2, tlv(0xA0, tlv(0x4F, AID[13:15])))),
                          child_raw(one(pir)[1], 0x5F37))
        else:
            pending = pir
        self.pir = pir
        status, body = self.b.wire.call(tlv(0xBF3D, tlv(0xA0, pending)))
        return status, body

    def state(self):
        return self.b.operation(self.id)


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("no %s in 20 s" % what)
        time.sleep(0.02)


def forwarded(smdp, message):
    wanted = base64.b64encode(message).decode()
    wait_for(lambda: any(name == "handleNotification" and body["pendingNotification"] == wanted
                         for name, body in list(smdp.requests)), "forwarded notification")


def decoded(smdp, function, key):
    return base64.b64decode(smdp.last(function)[key])


def openssl_verifies(device, data, signature):
    """OpenSSL's command line as the second opinion."""
    with tempfile.TemporaryDirectory() as place:
        def write(name, content):
            with open(os.path.join(place, name), "wb") as file:
                file.write(content)
            return os.path.join(place, name)
        r, s = signature[:32], signature[32:]
        der = tlv(0x30, integer(2, int.from_bytes(r, "big")), integer(2, int.from_bytes(s, "big")))
        certificate = write("cert.der", device.certificate)
        public = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", certificate, "-pubkey",
                                 "-noout"], check=True, capture_output=True).stdout
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", write("key.pem", public),
                        "-signature", write("sig.der", der), write("data", data)], check=True,
                       capture_output=True)


def whole(b, smdp, form):
    d = Download(b, smdp, form)
    d.trigger()
    ok = d.initiate(info1=form == FULL, address=SMDP)
    ok = d.authenticate(ok)
    full = decoded(smdp, "authenticateClient", "authenticateServerResponse")
    equal(full, tlv(0xBF38, tlv(0xA0, d.euicc_signed1, d.euicc_signature1, b.device.certificate,
                                b.device.eum)))
    openssl_verifies(b.device, d.euicc_signed1, one(d.euicc_signature1)[1])
    d.prepare(ok)
    prepared = decoded(smdp, "getBoundProfilePackage", "prepareDownloadResponse")
    equal(child_raw(path(prepared, 0xBF21, 0xA0), 0x30), d.euicc_signed2)
    status, body = d.installed()
    equal((status, body), (204, b""))
    shown = d.state()
    equal((shown["state"], shown["iccid"]), ("done", "89460000000000000019"))
    forwarded(smdp, d.pir)
    assert any(p["iccid"] == shown["iccid"] for p in b.shown()["profiles"])
    b.idle()


def otpk_from_smdp_signed2(b, smdp):
    d = Download(b, smdp, COMPACT)
    d.trigger()
    smdp.otpk = b"\4" + os.urandom(64)
    try:
        d.prepare(d.authenticate(d.initiate()), otpk=smdp.otpk)
        prepared = decoded(smdp, "getBoundProfilePackage", "prepareDownloadResponse")
        equal(child_raw(path(prepared, 0xBF21, 0xA0), 0x30), d.euicc_signed2)
        equal(d.installed()[0], 204)
    finally:
        smdp.otpk = None


def compact_that_does_not_verify(b, smdp):
    """The eIM's snapshot of EUICCInfo2 is not what was signed: 5, then the full form works."""
    d = Download(b, smdp, COMPACT)
    d.trigger()
    changed = b.device.info2(b"\x81\x01\x01", version=b"\1\1\0")
    answer = d.authenticate(d.initiate(), info2=changed, raw=True)
    equal(answer, tlv(0xBF3B, integer(0x82, 5)))
    assert "full-forms" in b.shown()["quirks"]
    d.form = FULL
    d.trigger()
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")


def eim_handles_data(b, smdp, context):
    d = Download(b, smdp)
    equal(d.trigger(), None)
    ok = d.initiate(address=None)
    if context:
        given = child(ok, 0xA2)
        equal(path(given, 0xA0, 0x80), b"MATCH-1")
        equal(path(given, 0xA0, 0xA1, 0x80), bytes.fromhex("35290611"))
    else:
        equal(child(ok, 0x0C), b"MATCH-1")
    equal(smdp.last("initiateAuthentication")["smdpAddress"], SMDP)
    d.prepare(d.authenticate(ok))
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")


def minimal_answers(b, smdp):
    d = Download(b, smdp, COMPACT)
    d.trigger()
    ok = d.initiate(address=None)
    equal(child(ok, 0x80), None)
    ok = d.authenticate(ok)
    equal((child(ok, 0x80), child(ok, 0xBF25)), (None, None))
    d.prepare(ok)
    equal(d.installed()[0], 204)


def trigger_bytes(b, smdp):
    d = Download(b, smdp)
    equal(d.trigger(), text(0x80, "1$%s$MATCH-1" % SMDP))
    b.provide(tlv(0xBF54, tlv(0x82, d.eim_transaction), tlv(0x30, integer(0x80, 104))))
    shown = d.state()
    equal((shown["state"], shown["error"]["code"]), ("failed", "ecallActive"))


def default_smdp(b, smdp):
    d = Download(b, smdp, default_smdp=True)
    equal(d.trigger(), bytes.fromhex("8100"))
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")


def by_smds(b, smdp, smds, events):
    d = Download(b, smds, smds=SMDS)
    equal(d.trigger(), tlv(0xA2, text(0x80, SMDS)))
    smds.events = [{"eventId": "EVENT-1", "rspServerAddress": SMDP}] if events else []
    ok = d.initiate(address=SMDS)
    answer = d.authenticate(ok, raw=True)
    event = path(answer, 0xBF3B, 0xA1)
    equal(child(event, 0x80), d.transaction)
    if not events:
        equal(child(event, 0xBF54), None)
        equal(d.state()["error"]["code"], "noEvent")
        return
    trigger = child(event, 0xBF54)
    equal(child(trigger, 0xA0), text(0x80, "1$%s$EVENT-1" % SMDP))
    equal(child(trigger, 0x82), d.eim_transaction)
    d.smdp = smdp
    smdp.metadata = metadata()
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")


def confirmation_code(b, smdp):
    d = Download(b, smdp, activation_code="1$%s$MATCH-1$$1" % SMDP, confirmation_code="12345678")
    smdp.cc_required = True
    try:
        d.trigger()
        ok = d.authenticate(d.initiate())
        inner = hashlib.sha256(b"12345678").digest()
        equal(child(ok, 0x04), hashlib.sha256(inner + d.transaction).digest())
        d.prepare(ok)
        equal(d.installed()[0], 204)
    finally:
        smdp.cc_required = False
    assert "12345678" not in str(d.state())


INITIATE_ERRORS = [(("8.8.1", "3.8"), 1), (("8.8.3", "3.1"), 2), (("8.8.4", "3.7"), 3),
                   (("8.8.2", "3.1"), 3), (("1.3", "4.2"), 127)]
CLIENT_ERRORS = [(("8.1.2", "6.1"), 1), (("8.1.2", "6.3"), 2), (("8.1.3", "6.1"), 3),
                 (("8.1.3", "6.3"), 4), (("8.1", "6.1"), 5), (("8.2.6", "3.8"), 6),
                 (("8.1.1", "3.8"), 7), (("8.2.5", "4.3"), 8), (("8.11.1", "3.9"), 9),
                 (("8.10.1", "3.9"), 10), (("8.1", "4.8"), 11), (("8.2", "1.2"), 127)]
PACKAGE_ERRORS = [(("8.1", "6.1"), 1), (("8.2.7", "2.2"), 2), (("8.2.7", "3.8"), 3),
                  (("8.2.7", "6.4"), 4), (("8.2", "3.7"), 5), (("8.8.5", "4.10"), 6),
                  (("8.10.1", "3.9"), 95), (("1.3", "4.2"), 127)]


def refused(b, smdp, function, status, code):
    d = Download(b, smdp)
    d.trigger()
    smdp.fail[function] = status
    try:
        if function == "initiateAuthentication":
            equal(d.initiate(raw=True), tlv(0xBF39, integer(0x81, code)))
        else:
            ok = d.initiate()
            if function == "authenticateClient":
                equal(d.authenticate(ok, raw=True), tlv(0xBF3B, integer(0x82, code)))
            else:
                ok = d.authenticate(ok)
                equal(d.prepare(ok, raw=True), tlv(0xBF3A, integer(0x81, code)))
    finally:
        del smdp.fail[function]
    shown = d.state()
    equal((shown["state"], shown["error"]["where"]), ("failed", "smdp"))
    b.idle()


def unreachable(b, smdp, how):
    """No answer: the trigger stays and works once the server is back."""
    d = Download(b, smdp)
    d.trigger()
    smdp.fail["initiateAuthentication"] = how
    try:
        equal(d.initiate(raw=True), tlv(0xBF39, integer(0x81, 1)))
    finally:
        del smdp.fail["initiateAuthentication"]
    equal(d.state()["error"]["code"], "smdpUnreachable")
    d.trigger()
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")


def address_mismatch(b, smdp):
    d = Download(b, smdp)
    d.trigger()
    smdp.server_address = "elsewhere.example"
    try:
        equal(d.initiate(raw=True), tlv(0xBF39, integer(0x81, 50)))
    finally:
        smdp.server_address = SMDP
    equal(d.state()["error"]["code"], "smdpAddressMismatch")


def oid_mismatch(b, smdp):
    d = Download(b, smdp, activation_code="1$%s$MATCH-1$2.999.77" % SMDP)
    d.trigger()
    equal(d.initiate(raw=True), tlv(0xBF39, integer(0x81, 51)))
    equal(d.state()["error"]["code"], "smdpOidMismatch")


def oid_match(b, smdp):
    d = Download(b, smdp, activation_code="1$%s$MATCH-1$%s" % (SMDP, smdp.oid_text))
    d.trigger()
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed()[0], 204)


def unknown_transactions(b, smdp):
    d = Download(b, smdp)
    d.trigger()
    equal(d.initiate(eim_transaction=b"\xEE\xEE", raw=True), tlv(0xBF39, integer(0x81, 52)))
    ok = d.initiate()
    equal(d.authenticate(ok, transaction=b"\1\2\3", raw=True), tlv(0xBF3B, integer(0x82, 10)))
    ok = d.authenticate(ok)
    equal(d.prepare(ok, transaction=b"\1\2\3", raw=True), tlv(0xBF3A, integer(0x81, 95)))
    equal(b.send(tlv(0xBF41, tlv(0x80, b"\1\2\3"), tlv(0xA1, integer(0x81, 5)))),
          tlv(0xBF41, integer(0x81, 1)))
    d.prepare(ok)
    equal(d.installed()[0], 204)


def another_address(b, smdp):
    """An IPA is no proxy client: only the trigger's server is called."""
    d = Download(b, smdp)
    d.trigger()
    before = smdp.count("initiateAuthentication")
    equal(d.initiate(address="evil.example", raw=True), tlv(0xBF39, integer(0x81, 1)))
    equal(smdp.count("initiateAuthentication"), before)
    b.provide(tlv(0xBF54, tlv(0x82, d.eim_transaction), tlv(0x30, integer(0x80, 127))))


def forged_card(b, smdp, what):
    d = Download(b, smdp)
    d.trigger()
    ok = d.initiate()
    thief = Device(b.eim, b.pki, 7)
    calls = smdp.count("authenticateClient")
    if what == "eid":
        equal(d.authenticate(ok, signer=thief, raw=True), tlv(0xBF3B, integer(0x82, 7)))
    else:
        class Mixed:
            key, certificate, eum = thief.key, b.device.certificate, b.device.eum
        equal(d.authenticate(ok, signer=Mixed, raw=True), tlv(0xBF3B, integer(0x82, 5)))
    equal(smdp.count("authenticateClient"), calls)
    ok = d.authenticate(ok)
    calls = smdp.count("getBoundProfilePackage")
    equal(d.prepare(ok, signer=thief, raw=True), tlv(0xBF3A, integer(0x81, 1)))
    equal(smdp.count("getBoundProfilePackage"), calls)
    d.prepare(ok)
    equal(d.installed()[0], 204)


def other_devices_session(b, smdp, eim, pki, binding, index):
    """A session belongs to the device that began it."""
    d = Download(b, smdp)
    d.trigger()
    ok = d.initiate()
    other = Bench(eim, pki, binding, index)
    other.idle()  # ties that connection to the other EID
    d.b = other
    equal(d.authenticate(ok, raw=True), tlv(0xBF3B, integer(0x82, 10)))
    d.b = b
    d.prepare(d.authenticate(ok))
    equal(d.installed()[0], 204)


def two_at_once(b, smdp, eim, pki, binding, index):
    other = Bench(eim, pki, binding, index)
    first, second = Download(b, smdp), Download(other, smdp, activation_code="1$%s$M-2" % SMDP)
    first.trigger()
    second.trigger()
    a, c = first.initiate(), second.initiate()
    c = second.authenticate(c)
    a = first.authenticate(a)
    first.prepare(a)
    first.installed()
    second.prepare(c)
    second.installed()
    equal([first.state()["state"], second.state()["state"]], ["done", "done"])


def card_refuses(b, smdp, step):
    d = Download(b, smdp)
    d.trigger()
    ok = d.initiate()
    if step == "authenticate":
        answer = b.send(tlv(0xBF3B, tlv(0x80, d.transaction),
                            tlv(0xBF38, tlv(0xA1, tlv(0x80, d.transaction), integer(0x02, 1)))))
        equal(one(answer)[0], 0xBF3B)
        equal(d.state()["error"]["code"], "invalidCertificate")
        sent = decoded(smdp, "authenticateClient", "authenticateServerResponse")
        equal(path(sent, 0xBF38, 0xA1, 0x02), b"\1")
    else:
        d.authenticate(ok)
        b.send(tlv(0xBF3A, tlv(0x80, d.transaction),
                   tlv(0xBF21, tlv(0xA1, tlv(0x80, d.transaction), integer(0x02, 2)))))
        equal(d.state()["error"]["code"], "invalidSignature")


def cancel_message(d, reason, form=FULL, inner=False, named=True):
    device = d.b.device
    data = tlv(0x30, tlv(0x80, d.transaction), tlv(0x81, d.smdp.oid), integer(0x82, reason))
    signature = tlv(0x5F37, sign(device.key, data))
    response = tlv(0xA0, data, signature) if form == FULL else \
        tlv(0xA2, tlv(0x30, integer(0x80, reason) if named else None), signature)
    if inner:
        response = tlv(0xBF41, response)
    d.cancel = tlv(0xBF41, tlv(0xA0, data, signature))
    return tlv(0xBF41, tlv(0x80, d.transaction), tlv(0xA1, response))


def cancelled(b, smdp, reason, when, form=FULL, inner=False):
    d = Download(b, smdp)
    d.trigger()
    ok = d.initiate()
    if when != "initiated":
        ok = d.authenticate(ok)
    if when == "bound":
        d.prepare(ok)
    equal(b.send(cancel_message(d, reason, form, inner)), bytes.fromhex("BF4102A000"))
    equal(decoded(smdp, "cancelSession", "cancelSessionResponse"), d.cancel)
    again = reason in (1, 2)
    equal(d.state()["state"], "fetched" if again else "failed")
    if again:
        d.trigger()
        b.provide(tlv(0xBF54, tlv(0x82, d.eim_transaction), tlv(0x30, integer(0x80, 127))))
    b.idle()


def cancel_forged(b, smdp):
    d = Download(b, smdp)
    d.trigger()
    d.initiate()
    message = bytearray(cancel_message(d, 0))
    message[-1] ^= 1
    equal(b.send(bytes(message)), tlv(0xBF41, integer(0x81, 2)))
    equal(d.state()["state"], "running")
    equal(b.send(cancel_message(d, 0)), bytes.fromhex("BF4102A000"))


def cancel_when_smdp_is_down(b, smdp):
    d = Download(b, smdp)
    d.trigger()
    d.initiate()
    smdp.fail["cancelSession"] = 503
    calls = smdp.count("cancelSession")
    equal(b.send(cancel_message(d, 0)), bytes.fromhex("BF4102A000"))
    del smdp.fail["cancelSession"]
    wait_for(lambda: smdp.count("cancelSession") > calls + 1, "second try")
    equal(decoded(smdp, "cancelSession", "cancelSessionResponse"), d.cancel)


def refused_by_eim(b, smdp, what):
    """Policy rules and metadata, where the IPA leaves them to the eIM."""
    d = Download(b, smdp)
    d.trigger()
    ok = d.initiate(address=None)
    if what == "rules":
        smdp.metadata = metadata(tlv(0x99, bytes.fromhex("0520")))
        answer, code, reason = d.authenticate(ok, raw=True), "pprNotAllowed", 3
        equal(answer, tlv(0xBF3B, integer(0x82, 50)))
    else:
        smdp.metadata, smdp.bpp_metadata = metadata(), metadata(text(0x90, "other"))
        answer, code, reason = d.prepare(d.authenticate(ok), raw=True), "metadataMismatch", 4
        equal(answer, tlv(0xBF3A, integer(0x81, 50)))
    smdp.metadata = smdp.bpp_metadata = None
    equal(d.state()["error"]["code"], code)
    # The compact cancel leaves the reason out: the eIM knows why.
    equal(b.send(cancel_message(d, reason, COMPACT, named=False)), bytes.fromhex("BF4102A000"))
    equal(decoded(smdp, "cancelSession", "cancelSessionResponse"), d.cancel)


def rules_in_the_table(b, smdp):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    row = tlv(0x30, tlv(0x80, bytes.fromhex("0560")),
              tlv(0xA1, tlv(0x30, tlv(0x80, bytes.fromhex("42F01E")))), tlv(0x82, b"\7\0"))
    b.done(counter, transaction, tlv(0xA6, row))
    equal(b.operation(operation)["state"], "done")
    d = Download(b, smdp)
    d.trigger()
    smdp.metadata = metadata(tlv(0x99, bytes.fromhex("0520")))
    d.prepare(d.authenticate(d.initiate(address=None)))
    equal(d.installed()[0], 204)
    smdp.metadata = None


def failed_installation(b, smdp, reason, name):
    d = Download(b, smdp)
    d.trigger()
    d.prepare(d.authenticate(d.initiate()))
    equal(d.installed(failed=reason)[0], 204)
    equal(d.state()["error"]["code"], name)
    forwarded(smdp, d.pir)


def direct_result(b, smdp, by_notification):
    d = Download(b, smdp, activation_code="1$%s$M" % SMDP, direct=True)
    d.trigger()
    _, pir = b.device.installation(b"\5" * 16, tlv(0xA0, tlv(0x4F, AID), tlv(0x04, SIMA_OK)), SMDP,
                                   smdp.oid, ICCID_VALUE)
    content = tlv(0xBF54, tlv(0x82, d.eim_transaction), pir)
    if by_notification:
        status, _ = b.wire.call(tlv(0xBF3D, tlv(0xBF50, tlv(0x5A, b.device.eid), content)))
        equal(status, 204)
    else:
        equal(b.acked(b.provide(content)), [])
    equal(d.state()["state"], "done")


def forged_installation(b, smdp):
    d = Download(b, smdp)
    d.trigger()
    d.prepare(d.authenticate(d.initiate()))
    thief = Device(b.eim, b.pki, 7)
    calls = smdp.count("handleNotification")
    equal(d.installed(device=thief)[0], 204)
    equal(d.state()["state"], "running")
    equal(d.installed()[0], 204)
    equal(d.state()["state"], "done")
    forwarded(smdp, d.pir)
    equal(smdp.count("handleNotification"), calls + 1)


# ---- Notifications ----

def notification(b, smdp, form, event):
    meta, other = b.device.other(event, SMDP, ICCID_VALUE)
    pending = other if form == FULL else \
        tlv(0xA1, tlv(0x5A, b.device.eid), meta, child_raw(one(other)[1], 0x5F37))
    status, body = b.wire.call(tlv(0xBF3D, tlv(0xA0, pending)))
    equal((status, body), (204, b""))
    forwarded(smdp, other)
    calls = smdp.count("handleNotification")
    equal(b.wire.call(tlv(0xBF3D, tlv(0xA0, pending)))[0], 204)
    b.idle()
    equal(smdp.count("handleNotification"), calls)


def notification_retried(b, smdp):
    _, other = b.device.other(bytes.fromhex("0640"), SMDP, ICCID_VALUE)
    smdp.fail["handleNotification"] = 503
    calls = smdp.count("handleNotification")
    equal(b.wire.call(tlv(0xBF3D, tlv(0xA0, other)))[0], 204)
    wait_for(lambda: smdp.count("handleNotification") > calls, "first try")
    del smdp.fail["handleNotification"]
    calls = smdp.count("handleNotification")
    b.eim.stop()
    b.eim.start()  # the queue is in the store
    b.wire = type(b.wire)(b.eim)
    wait_for(lambda: smdp.count("handleNotification") > calls, "second try")


def notification_forged(b, smdp):
    _, other = b.device.other(bytes.fromhex("0640"), SMDP, ICCID_VALUE)
    value = one(other)[1]
    broken = other.replace(child(value, 0x5F37), bytes(64))
    calls = smdp.count("handleNotification")
    equal(b.wire.call(tlv(0xBF3D, tlv(0xA0, broken)))[0], 204)
    b.idle()
    equal(smdp.count("handleNotification"), calls)


def notification_bare(b, smdp):
    if b.wire.name != "ASN.1":
        return
    _, other = b.device.other(bytes.fromhex("0510"), SMDP, ICCID_VALUE)
    equal(b.wire.call(tlv(0xBF3D, other))[0], 204)
    forwarded(smdp, other)
    assert "bare-notification" in b.shown()["quirks"]


def notifications_in_data(b, smdp):
    _, _, transaction = ask(b, "notificationsList")
    _, first = b.device.other(bytes.fromhex("0640"), SMDP, ICCID_VALUE)
    one_number = b.device.sequence
    _, second = b.device.other(bytes.fromhex("0520"), SMDP, ICCID_VALUE)
    answer = b.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA0, first, second), tlv(0x87, transaction))))
    equal(b.acked(answer), [one_number, b.device.sequence])
    forwarded(smdp, first)
    forwarded(smdp, second)


def slow_smdp(b, smdp):
    """A slow SM-DP+ blocks nobody else."""
    d = Download(b, smdp)
    d.trigger()
    other = Bench(b.eim, b.pki, type(b.wire), 3 if b.wire.name == "ASN.1" else 7)
    smdp.delay = 1.0
    import threading
    worker = threading.Thread(target=lambda: setattr(d, "ok", d.initiate()))
    try:
        worker.start()
        start = time.monotonic()
        for _ in range(10):
            equal(other.poll(), NOTHING)
        spent = time.monotonic() - start
        worker.join(30)
    finally:
        smdp.delay = 0
    assert spent < 0.9, "ten polls took %.2f s" % spent
    d.prepare(d.authenticate(d.ok))
    equal(d.installed()[0], 204)


def run(report, eim, pki, binding, smdp, smds):
    name = binding.name
    offset = 0 if name == "ASN.1" else 4
    smdp.metadata = None
    b = Bench(eim, pki, binding, 1 + offset)
    capabilities(b, 1)
    section = "3.2.3.2 indirect download, " + name
    report.check(section, "trigger bytes, ecallActive", trigger_bytes, b, smdp)
    report.check(section, "full forms", whole, b, smdp, FULL)
    report.check(section, "confirmation code", confirmation_code, b, smdp)
    report.check(section, "default SM-DP+", default_smdp, b, smdp)
    report.check(section, "two devices at once", two_at_once, b, smdp, eim, pki, binding, 2 + offset)
    report.check(section, "slow SM-DP+", slow_smdp, b, smdp)
    report.check(section, "SM-DP+ drops the connection", unreachable, b, smdp, "drop")
    report.check(section, "SM-DP+ answers 503", unreachable, b, smdp, 503)
    report.check("3.9 SM-DS, " + name, "an event", by_smds, b, smdp, smds, True)
    report.check("3.9 SM-DS, " + name, "no event", by_smds, b, smdp, smds, False)
    section = "5.14.1 InitiateAuthentication, " + name
    for status, code in INITIATE_ERRORS:
        report.check(section, "%s/%s is %d" % (*status, code), refused, b, smdp,
                     "initiateAuthentication", status, code)
    report.check(section, "50 smdpAddressMismatch", address_mismatch, b, smdp)
    report.check(section, "51 smdpOidMismatch", oid_mismatch, b, smdp)
    report.check(section, "the OID fits", oid_match, b, smdp)
    report.check(section, "an address that was not triggered", another_address, b, smdp)
    section = "5.14.3 AuthenticateClient, " + name
    for status, code in CLIENT_ERRORS:
        report.check(section, "%s/%s is %d" % (*status, code), refused, b, smdp,
                     "authenticateClient", status, code)
    report.check(section, "another card's chain", forged_card, b, smdp, "eid")
    report.check(section, "another card's signature", forged_card, b, smdp, "signature")
    report.check(section, "the card refuses the server", card_refuses, b, smdp, "authenticate")
    report.check(section, "another device's session", other_devices_session, b, smdp, eim, pki,
                 binding, 2 + offset)
    section = "5.14.2 GetBoundProfilePackage, " + name
    for status, code in PACKAGE_ERRORS:
        report.check(section, "%s/%s is %d" % (*status, code), refused, b, smdp,
                     "getBoundProfilePackage", status, code)
    report.check(section, "the card refuses the profile", card_refuses, b, smdp, "prepare")
    report.check(section, "unknown transactions 52, 10, 95, 1", unknown_transactions, b, smdp)
    section = "5.14.8 CancelSession, " + name
    for reason in (0, 1, 2, 3, 4, 5, 127):
        report.check(section, "reason %d after AuthenticateClient" % reason, cancelled, b, smdp,
                     reason, "authenticated")
    for when in ("initiated", "bound"):
        report.check(section, "when %s" % when, cancelled, b, smdp, 0, when)
    report.check(section, "BF41 inside A1", cancelled, b, smdp, 0, "authenticated", FULL, True)
    report.check(section, "compact", cancelled, b, smdp, 5, "bound", COMPACT)
    report.check(section, "forged", cancel_forged, b, smdp)
    report.check(section, "SM-DP+ down", cancel_when_smdp_is_down, b, smdp)
    section = "2.11.2.3 trigger results, " + name
    for reason, code in ((9, "installFailedDueToIccidAlreadyExistsOnEuicc"),
                         (10, "installFailedDueToInsufficientMemoryForProfile"),
                         (12, "installFailedDueToPEProcessingError"), (15, "pprNotAllowed")):
        report.check(section, "installation fails: %s" % code, failed_installation, b, smdp, reason,
                     code)
    report.check(section, "forged installation result", forged_installation, b, smdp)
    report.check(section, "direct, by ProvideEimPackageResult", direct_result, b, smdp, False)
    report.check(section, "direct, by HandleNotification", direct_result, b, smdp, True)
    section = "5.14.7 HandleNotification, " + name
    for event in ("0640", "0520", "0410"):
        report.check(section, "event %s, repeated" % event, notification, b, smdp, FULL,
                     bytes.fromhex(event))
    report.check(section, "compact", notification, b, smdp, COMPACT, bytes.fromhex("0640"))
    report.check(section, "forged", notification_forged, b, smdp)
    report.check(section, "bare, as v1.0 has it", notification_bare, b, smdp)
    report.check(section, "in IpaEuiccData", notifications_in_data, b, smdp)
    section = "5.5, 5.7 minimised forms, " + name
    b = Bench(eim, pki, binding, 2 + offset)
    capabilities(b, 1, 5)
    report.check(section, "compact forms are the bytes that were signed", whole, b, smdp, COMPACT)
    report.check(section, "otpk out of smdpSigned2", otpk_from_smdp_signed2, b, smdp)
    report.check(section, "a snapshot that does not fit", compact_that_does_not_verify, b, smdp)
    capabilities(b, 1, 2)
    report.check(section, "eIM handles download data", eim_handles_data, b, smdp, False)
    capabilities(b, 1, 2, 3)
    report.check(section, "eIM generates ctxParams1", eim_handles_data, b, smdp, True)
    capabilities(b, 1, 2, 3, 4, 5)
    report.check(section, "redundant members left out", minimal_answers, b, smdp)
    report.check(section, "50 pprNotAllowed, compact cancel", refused_by_eim, b, smdp, "rules")
    report.check(section, "50 metadataMismatch, compact cancel", refused_by_eim, b, smdp, "metadata")
    report.check(section, "a rule that the RAT authorises", rules_in_the_table, b, smdp)
    b = Bench(eim, pki, binding, 3 + offset)
    report.check("5.14.7 HandleNotification, " + name, "SM-DP+ down, eIM restarted", 
                 notification_retried, b, smdp)
