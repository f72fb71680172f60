# SPDX-License-Identifier: Apache-2.0
"""ESep: packages and their results. SGP.32, 2.11, 3.3 to 3.5, 5.14.5, 5.14.6."""
import base64
import subprocess

from eimkit.der import child, integer, number, one, path, read, text, tlv
from eimkit.world import EIM, Device, sign

ICCID = "89460000000000000019"
ICCID_VALUE = bytes.fromhex("98640000000000000091")
NOTHING = bytes.fromhex("BF4F03020101")


class Bench:
    """One device over one binding."""

    def __init__(self, eim, pki, binding, index, token=0, **enrolment):
        self.eim, self.pki = eim, pki
        self.device = Device(eim, pki, index, token)
        self.wire = binding(eim)
        eim.request("DELETE", "/devices/%s?force=forget-device" % self.device.eid_text)
        eim.api("POST", "/devices", self.device.enrolment(**enrolment))
        # The counter of an EID survives forgetting it: go on from there.
        shown = eim.api("GET", "/devices/" + self.device.eid_text)
        self.device.counter = shown["counter"]

    def queue(self, *commands, **more):
        body = dict({"kind": "package", "commands": list(commands)}, **more)
        return self.eim.api("POST", "/devices/%s/operations" % self.device.eid_text, body)["id"]

    def operation(self, name):
        return self.eim.api("GET", "/operations/" + name)

    def shown(self):
        return self.eim.api("GET", "/devices/" + self.device.eid_text)

    def send(self, message):
        status, body = self.wire.call(message)
        assert status == 200, "HTTP %d" % status
        return body

    def poll(self, *more):
        return self.send(tlv(0xBF4F, tlv(0x5A, self.device.eid), *more))

    def fetch(self):
        """Poll and open the package."""
        tag, value, _ = one(self.poll())
        assert tag == 0xBF4F
        counter, transaction, commands = self.device.open_package(value)
        return counter, transaction, commands, value

    def provide(self, *content, eid=True):
        return self.send(tlv(0xBF50, tlv(0x5A, self.device.eid) if eid else None, *content))

    def acked(self, answer):
        """Sequence numbers of a BF50 answer; [] for emptyResponse."""
        tag, value, _ = one(answer)
        assert tag == 0xBF50
        acks = child(value, 0xBF53)
        if acks is None:
            assert value == bytes.fromhex("3000"), value.hex()
            return []
        return [number(content) for _, content, _ in read(acks)]

    def done(self, counter, transaction, *results, expect=None):
        """A signed result, acknowledged."""
        epr = self.device.result(counter, transaction, results)
        assert self.acked(self.provide(epr)) == [self.device.sequence]
        self.device.counter = counter
        return epr

    def idle(self):
        assert self.poll() == NOTHING, self.poll().hex()

    def drain(self):
        """Answer whatever else is queued, so that cases do not meet each other's work."""
        for _ in range(20):
            answer = self.poll()
            if answer == NOTHING:
                return
            value = one(answer)[1]
            tag, inner, _ = one(value)
            if tag == 0xBF51:
                counter, transaction, commands = self.device.open_package(value)
                names = {0xBF2D: tlv(0xBF2D, tlv(0xA0))}
                self.done(counter, transaction,
                          *[names.get(found, tlv(0x83, b"\0")) for found, _, _ in read(commands)])
            elif tag == 0xBF52:
                self.provide(tlv(0xBF52, tlv(0xA0, tlv(0x87, child(inner, 0x83)))))
            else:
                self.provide(tlv(0xBF54, tlv(0x82, child(inner, 0x82)),
                                 tlv(0x30, integer(0x80, 127))))
        raise AssertionError("the queue never ends")


def equal(found, wanted):
    assert found == wanted, "%r, not %r" % (found, wanted)


# ---- GetEimPackage ----

def poll_errors(b):
    b.idle()
    for content, code in ((tlv(0x5A, bytes.fromhex("89" + "00" * 15)), 2),
                          (tlv(0x5A, b"\x89\x04"), 3), (b"", 4)):
        equal(b.send(tlv(0xBF4F, content)), tlv(0xBF4F, integer(0x02, code)))


def poll_bad_digits(b):
    equal(b.send(tlv(0xBF4F, tlv(0x5A, b"\x8A" * 16))), tlv(0xBF4F, integer(0x02, 3)))


def state_changes(b):
    for cause in (0, 1, 2, 3, 4, 5, 6, 127):
        value = one(b.poll(tlv(0x80), integer(0x81, cause), tlv(0x82, bytes.fromhex("02F801"))))[1]
        assert one(value)[0] in (0xBF51, 0xBF52), "state is to be refreshed"
        shown = b.shown()
        equal(shown["state_change_cause"], cause)
        equal(shown["rplmn"], "02F801")
        b.drain()


def state_change_without_cause(b):
    b.poll(tlv(0x80))
    equal(b.shown()["state_change_cause"], 127)
    b.drain()


# ---- PSMOs and eCOs ----

OTHER = {"other": None}


def other_configuration(pki):
    """Another eIM's EimConfigurationData, made here."""
    spki = subprocess.run(["openssl", "pkey", "-in", pki.file("ci.key"), "-pubout", "-outform",
                           "DER"], check=True, capture_output=True).stdout
    return (text(0x80, "other.example") + text(0x81, "other.example") + integer(0x83, 5) +
            integer(0x84, -1) + tlv(0xA5, tlv(0xA0, one(spki)[1])))


def commands(pki):
    """name, API command, expected bytes, ok result, [(code, result)]"""
    iccid = tlv(0x5A, ICCID_VALUE)
    other = other_configuration(pki)
    configuration = base64.b64encode(tlv(0xBF57, tlv(0xA0, tlv(0x30, other)))).decode()
    update = text(0x80, "other.example") + integer(0x83, 9)

    def codes(tag, *values):
        return [(value, tlv(tag, bytes([value]))) for value in values]

    return [
        ("enable", {"iccid": ICCID}, tlv(0xA3, iccid), tlv(0x83, b"\0"),
         codes(0x83, 1, 2, 3, 5, 20, 127)),
        ("enable", {"iccid": ICCID, "rollback": True}, tlv(0xA3, iccid, tlv(0x05)),
         tlv(0x83, b"\0"), []),
        ("disable", {"iccid": ICCID}, tlv(0xA4, iccid), tlv(0x84, b"\0"),
         codes(0x84, 1, 2, 3, 5, 127)),
        ("delete", {"iccid": ICCID}, tlv(0xA5, iccid), tlv(0x85, b"\0"),
         codes(0x85, 1, 2, 3, 20, 21, 127)),
        ("list-profile-info", {}, tlv(0xBF2D), tlv(0xBF2D, tlv(0xA0, tlv(0xE3, iccid))),
         [(code, tlv(0xBF2D, integer(0x81, code))) for code in (1, 11, 127)]),
        ("list-profile-info", {"iccid": ICCID, "tags": "5A9F70"},
         tlv(0xBF2D, tlv(0xA0, iccid), tlv(0x5C, bytes.fromhex("5A9F70"))),
         tlv(0xBF2D, tlv(0xA0)), []),
        ("list-profile-info", {"class": 2}, tlv(0xBF2D, tlv(0xA0, tlv(0x95, b"\2"))),
         tlv(0xBF2D, tlv(0xA0)), []),
        ("list-profile-info", {"aid": "A0000005591010FFFFFFFF8900001000"},
         tlv(0xBF2D, tlv(0xA0, tlv(0x4F, bytes.fromhex("A0000005591010FFFFFFFF8900001000")))),
         tlv(0xBF2D, tlv(0xA0)), []),
        ("get-rat", {}, tlv(0xA6), tlv(0xA6), []),
        ("configure-immediate-enable", {"allow": True, "address": "smdp.example.com"},
         bytes.fromhex("A71480008210736D64702E6578616D706C652E636F6D"), tlv(0x87, b"\0"),
         codes(0x87, 1, 7, 127)),
        ("configure-immediate-enable", {"smdp_oid": "2.999.10"},
         tlv(0xA7, tlv(0x81, bytes.fromhex("88370A"))), tlv(0x87, b"\0"), []),
        ("set-fallback", {"iccid": ICCID}, tlv(0xA8, iccid), tlv(0x8D, b"\0"),
         codes(0x8D, 1, 2, 3, 127)),
        ("unset-fallback", {}, tlv(0xA9), tlv(0x8E, b"\0"), codes(0x8E, 2, 3, 7, 127)),
        ("set-default-smdp", {"address": "smdp.example.com"},
         bytes.fromhex("BF65128010736D64702E6578616D706C652E636F6D"), tlv(0xBF65, tlv(0x80, b"\0")),
         [(127, tlv(0xBF65, integer(0x80, 127)))]),
        ("add-eim", {"configuration": configuration}, tlv(0xA8, other),
         tlv(0xA8, integer(0x84, 3)),
         [(code, tlv(0xA8, integer(0x02, code))) for code in (1, 2, 3, 5, 6, 7, 127)]),
        ("add-eim", {"configuration": configuration}, tlv(0xA8, other), tlv(0xA8, integer(0x02, 0)),
         []),
        ("update-eim", {"configuration": base64.b64encode(tlv(0x30, update)).decode()},
         tlv(0xAA, update), tlv(0x8A, b"\0"), codes(0x8A, 1, 3, 6, 7, 127)),
        ("delete-eim", {"eim_id": "other.example"}, tlv(0xA9, text(0x80, "other.example")),
         tlv(0x89, b"\0"), codes(0x89, 1, 7, 127)),
        ("delete-eim", {"eim_id": "other.example"}, tlv(0xA9, text(0x80, "other.example")),
         tlv(0x89, b"\2"), []),
        ("list-eim", {}, tlv(0xAB),
         tlv(0xAB, tlv(0xA0, tlv(0x30, text(0x80, EIM), integer(0x82, 2)))),
         [(127, tlv(0xAB, integer(0x81, 127)))]),
    ]


def command_ok(b, name, arguments, wire, result):
    before = b.device.counter
    operation = b.queue(dict({"command": name}, **arguments), force="strand-device")
    counter, transaction, sent, _ = b.fetch()
    equal(counter, before + 1)
    equal(sent, wire)
    b.done(counter, transaction, result)
    shown = b.operation(operation)
    equal(shown["state"], "done")
    assert "error" not in shown, shown["error"]
    b.idle()


def command_refused(b, name, arguments, code, result):
    operation = b.queue(dict({"command": name}, **arguments), force="strand-device")
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, result)
    shown = b.operation(operation)
    equal(shown["state"], "failed")
    equal(shown["error"]["number"], code)
    for word in ("code", "what", "party", "next"):
        assert shown["error"][word], "no explanation"
    assert shown["error"]["code"] != "unknown", "unknown code %d" % code
    b.idle()


def several_in_order(b):
    operation = b.queue({"command": "disable", "iccid": ICCID}, {"command": "delete", "iccid": ICCID},
                        force="strand-device")
    counter, transaction, sent, _ = b.fetch()
    equal(sent, tlv(0xA4, tlv(0x5A, ICCID_VALUE)) + tlv(0xA5, tlv(0x5A, ICCID_VALUE)))
    b.done(counter, transaction, tlv(0x84, b"\0"), tlv(0x85, b"\0"))
    equal(b.operation(operation)["state"], "done")


def list_stops_early(b, results, state, code):
    operation = b.queue({"command": "disable", "iccid": ICCID}, {"command": "delete", "iccid": ICCID},
                        force="strand-device")
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, *results)
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["code"]), (state, code))


def rolled_back(b, results):
    operation = b.queue({"command": "enable", "iccid": ICCID, "rollback": True})
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, *results)
    equal(b.operation(operation)["error"]["code"], "rolledBack")
    b.drain()


def rolled_back_later(b):
    """The first result was delivered, then the device rolled back and reports again."""
    operation = b.queue({"command": "enable", "iccid": ICCID, "rollback": True})
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, tlv(0x83, b"\0"))
    equal(b.operation(operation)["state"], "done")
    b.done(counter, transaction, tlv(0x83, b"\0"), tlv(0x8C, b"\0"))
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["code"]), ("failed", "rolledBack"))
    b.drain()


def signed_error(b, code):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    equal(b.acked(b.provide(b.device.error(counter, transaction, code))), [])
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["number"]), ("failed", code))
    b.drain()


def unsigned_error(b, token):
    operation = b.queue({"command": "get-rat"})
    _, transaction, _, _ = b.fetch()
    content = tlv(0xBF51, tlv(0xA2, text(0x80, EIM), tlv(0x82, transaction), token))
    equal(b.acked(b.provide(content)), [])
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["code"]), ("failed", "euiccPackageErrorUnsigned"))
    equal(b.shown()["association_token"], b.device.token)
    asked = one(b.poll())[1]
    assert one(asked)[0] == 0xBF52, "token and certificates are to be asked for"
    assert b"\x84" in child(one(asked)[1], 0x5C)
    b.drain()


def signed_result_beats_unsigned_error(b):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.provide(tlv(0xBF51, tlv(0xA2, text(0x80, EIM), tlv(0x82, transaction))))
    equal(b.operation(operation)["state"], "failed")
    b.done(counter, transaction, tlv(0xA6))
    equal(b.operation(operation)["state"], "done")
    b.drain()


# ---- Delivery ----

def same_bytes_again(b):
    b.queue({"command": "get-rat"})
    counter, transaction, _, first = b.fetch()
    equal(one(b.poll())[1], first)
    b.wire.close()
    b.wire = type(b.wire)(b.eim)
    equal(one(b.poll())[1], first)
    b.done(counter, transaction, tlv(0xA6))
    b.idle()


def replay_error_finds_the_result(b, kept):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.poll()
    equal(b.acked(b.provide(b.device.error(counter, transaction, 4))), [])
    equal(b.operation(operation)["state"], "lost")
    request = one(one(b.poll())[1])[1]
    assert b"\xA2" in child(request, 0x5C), "the stored results are to be asked for"
    lost = b.device.result(counter, transaction, [tlv(0xA6)])
    answer = b.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA2, lost if kept else b""),
                                       tlv(0x87, child(request, 0x83)))))
    equal(b.acked(answer), [b.device.sequence] if kept else [])
    equal(b.operation(operation)["state"], "done" if kept else "failed")
    b.device.counter = counter
    b.drain()


def result_twice(b):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.done(counter, transaction, tlv(0xA6))
    equal(b.acked(b.provide(epr)), [b.device.sequence])
    equal(b.operation(operation)["state"], "done")


def stray_result(b):
    b.drain()
    b.done(b.device.counter + 1000, b"\1\2\3", tlv(0x83, b"\0"))
    b.device.counter -= 1000
    b.idle()


def forged(b, make):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.device.sequence += 1
    answer = b.provide(make(b, counter, transaction))
    equal(answer, tlv(0xBF50, integer(0x02, 127)))
    equal(b.operation(operation)["state"], "fetched")
    b.done(counter, transaction, tlv(0xA6))
    equal(b.operation(operation)["state"], "done")


def flipped(b, counter, transaction):
    epr = bytearray(b.device.result(counter, transaction, [tlv(0xA6)]))
    epr[-1] ^= 1
    return bytes(epr)


def other_token(b, counter, transaction):
    return b.device.result(counter, transaction, [tlv(0xA6)], token=b.device.token + 1)


def other_eim(b, counter, transaction):
    return b.device.result(counter, transaction, [tlv(0xA6)], eim_id="another.example")


def other_card(b, counter, transaction):
    thief = Device(b.eim, b.pki, 7, b.device.token)
    return thief.result(counter, transaction, [tlv(0xA6)])


def results_out_of_order(b):
    """seqNumbers mean nothing for correlation."""
    first = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.device.sequence += 10
    b.done(counter, transaction, tlv(0xA6))
    b.device.sequence -= 11
    second = b.queue({"command": "list-eim"})
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, tlv(0xAB, tlv(0xA0)))
    b.device.sequence += 20
    equal([b.operation(first)["state"], b.operation(second)["state"]], ["done", "done"])


def without_eid(b):
    """EID recovered by eimTransactionId, on a connection that never named it."""
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    b.wire.close()
    b.wire = type(b.wire)(b.eim)
    equal(b.acked(b.provide(epr, eid=False)), [b.device.sequence])
    b.device.counter = counter
    equal(b.operation(operation)["state"], "done")


def eid_errors(b):
    epr = b.device.result(1, b"\7\7", [tlv(0xA6)])
    b.wire.close()
    b.wire = type(b.wire)(b.eim)
    equal(b.provide(epr, eid=False), tlv(0xBF50, integer(0x02, 4)))
    equal(b.send(tlv(0xBF50, tlv(0x5A, b"\x89"), epr)), tlv(0xBF50, integer(0x02, 3)))
    equal(b.send(tlv(0xBF50, tlv(0x5A, bytes.fromhex("89" + "00" * 15)), epr)),
          tlv(0xBF50, integer(0x02, 2)))


def tolerated(b, change, quirk):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    equal(b.acked(b.provide(change(epr))), [b.device.sequence])
    b.device.counter = counter
    equal(b.operation(operation)["state"], "done")
    assert quirk in b.shown()["quirks"], b.shown()["quirks"]


def without_arm(epr):
    return tlv(0xBF51, path(epr, 0xBF51, 0xA0))


def wrapped_twice(epr):
    return tlv(0xBF51, epr)


def der_signature(epr):
    (_, data, raw), (_, signature, _) = read(path(epr, 0xBF51, 0xA0))
    parts = [int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")]
    return tlv(0xBF51, tlv(0xA0, raw, tlv(0x5F37, tlv(0x30, *[integer(2, part)
                                                           for part in parts]))))


def version_1_0(b):
    """A v1.0 card signs over the request's signature in place of the token."""
    b.eim.api("POST", "/devices/%s/operations" % b.device.eid_text,
              {"kind": "data", "tags": ["euiccInfo2"]})
    request = one(one(b.poll())[1])[1]
    b.provide(tlv(0xBF52, tlv(0xA0, b.device.info2(version=b"\1\0\1"),
                              tlv(0x87, child(request, 0x83)))))
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, package = b.fetch()
    b.device.sequence += 1
    data = tlv(0x30, text(0x80, EIM), integer(0x81, counter), tlv(0x82, transaction),
               integer(0x83, b.device.sequence), tlv(0x30, tlv(0xA6)))
    request_signature = tlv(0x5F37, path(package, 0xBF51, 0x5F37))
    epr = tlv(0xBF51, tlv(0xA0, data, tlv(0x5F37, sign(b.device.key, data + request_signature))))
    equal(b.acked(b.provide(epr)), [b.device.sequence])
    b.device.counter = counter
    equal(b.operation(operation)["state"], "done")
    assert "signature-1.0" in b.shown()["quirks"]


def ipa_error(b, code):
    operation = b.queue({"command": "get-rat"})
    _, transaction, _, _ = b.fetch()
    equal(b.acked(b.provide(tlv(0xA0, tlv(0x80, transaction), integer(0x02, code)))), [])
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["where"]), ("failed", "ipa"))
    b.drain()


def unknown_result_kept(b):
    """A result list with an alternative nobody knows: the list is kept, the operation fails."""
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, tlv(0x9F55, b"\1"))
    equal(b.operation(operation)["state"], "failed")


# ---- Data requests ----

TAGS = {"notificationsList": "A0", "defaultSmdpAddress": "81", "euiccPackageResultList": "A2",
        "euiccInfo1": "BF20", "euiccInfo2": "BF22", "rootSmdsAddress": "83",
        "associationToken": "84", "eumCertificate": "A5", "euiccCertificate": "A6",
        "ipaCapabilities": "A8", "deviceInfo": "A9"}


def ask(b, *names):
    name = b.eim.api("POST", "/devices/%s/operations" % b.device.eid_text,
                     {"kind": "data", "tags": list(names)})["id"]
    tag, request, _ = one(one(b.poll())[1])
    equal(tag, 0xBF52)
    return name, request, child(request, 0x83)


def every_tag(b):
    for name, tag in TAGS.items():
        operation, request, transaction = ask(b, name)
        equal(child(request, 0x5C).hex().upper(), tag)
        b.provide(tlv(0xBF52, tlv(0xA0, tlv(0x87, transaction))))
        equal(b.operation(operation)["state"], "done")


def record_filled(b, nested):
    operation, _, transaction = ask(b, *TAGS)
    wrap = (lambda certificate: certificate) if nested else (lambda certificate: one(certificate)[1])
    device_info = tlv(0xA9, tlv(0x80, bytes.fromhex("35290611")), tlv(0xA1))
    b.provide(tlv(0xBF52, tlv(
        0xA0, text(0x81, "dp.example.com"), b.device.info1, b.device.info2(),
        text(0x83, "ds.example.com"), tlv(0xA5, wrap(b.device.eum)),
        tlv(0xA6, wrap(b.device.certificate)), tlv(0x87, transaction),
        tlv(0xA8, bytes.fromhex("800206C081020780")), device_info)))
    equal(b.operation(operation)["state"], "done")
    shown = b.shown()
    equal(shown["default_smdp"], "dp.example.com")
    equal(shown["root_smds"], "ds.example.com")
    equal(shown["features"], ["directRspServerCommunication", "indirectRspServerCommunication"])
    equal(base64.b64decode(shown["euicc_info2"]), b.device.info2())
    equal(base64.b64decode(shown["euicc_certificate"]), b.device.certificate)
    equal(base64.b64decode(shown["device_info"]), device_info)
    assert shown["verified"]


def v1_0_tags_in_the_answer(b):
    _, _, transaction = ask(b, "defaultSmdpAddress", "ipaCapabilities")
    b.provide(tlv(0xBF52, tlv(0xA0, text(0x80, "old.example.com"), tlv(0x87, transaction),
                              tlv(0x88, bytes.fromhex("80020640")))))
    shown = b.shown()
    equal(shown["default_smdp"], "old.example.com")
    equal(shown["features"], ["indirectRspServerCommunication"])


def data_error(b, code):
    operation, _, transaction = ask(b, "euiccInfo2")
    b.provide(tlv(0xBF52, tlv(0xA1, tlv(0x80, transaction), integer(0x02, code))))
    if code == 1:  # once more with the tags of v1.0, then it is final
        request = one(one(b.poll())[1])[1]
        b.provide(tlv(0xBF52, tlv(0xA1, tlv(0x80, child(request, 0x83)), integer(0x02, code))))
    shown = b.operation(operation)
    equal((shown["state"], shown["error"]["number"]), ("failed", code))


def v1_0_tag_list_learnt(b):
    _, _, transaction = ask(b, "defaultSmdpAddress", "notificationsList", "ipaCapabilities")
    b.provide(tlv(0xBF52, tlv(0xA1, tlv(0x80, transaction), integer(0x02, 1))))
    request = one(one(b.poll())[1])[1]
    equal(child(request, 0x5C).hex().upper(), "80BF2B88")
    b.provide(tlv(0xBF52, tlv(0xA0, tlv(0x87, child(request, 0x83)))))
    assert "tag-list-1.0" in b.shown()["quirks"]
    b.eim.api("PATCH", "/devices/" + b.device.eid_text, {"quirks": []})


def foreign_certificate(b):
    """The chain of another card in this card's name."""
    thief = Device(b.eim, b.pki, 7)
    _, _, transaction = ask(b, "euiccCertificate", "eumCertificate")
    b.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA5, one(thief.eum)[1]), tlv(0xA6, one(thief.certificate)[1]),
                              tlv(0x87, transaction))))
    kept = b.shown().get("euicc_certificate")
    assert kept is None or base64.b64decode(kept) == b.device.certificate


def eid_by_certificate(b):
    operation, _, _ = ask(b, "euiccCertificate", "eumCertificate")
    b.wire.close()
    b.wire = type(b.wire)(b.eim)
    b.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA5, one(b.device.eum)[1]),
                              tlv(0xA6, one(b.device.certificate)[1]))), eid=False)
    equal(b.operation(operation)["state"], "done")


def result_before_certificates(b):
    """No chain yet: the result is not acknowledged, certificates and results are fetched."""
    assert not b.shown()["verified"]
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    equal(b.acked(b.provide(epr)), [])
    request = one(one(b.poll())[1])[1]
    equal(child(request, 0x5C).hex().upper(), "A2A5A684")
    answer = b.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA2, epr), tlv(0xA5, one(b.device.eum)[1]),
                                       tlv(0xA6, one(b.device.certificate)[1]),
                                       tlv(0x87, child(request, 0x83)))))
    equal(b.acked(answer), [b.device.sequence])
    b.device.counter = counter
    equal(b.operation(operation)["state"], "done")
    b.drain()


# ---- Lifetime ----

def expired(b):
    first = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    operation = b.queue({"command": "list-eim"}, expires_in_s=1)
    import time
    time.sleep(1.1)  # the operation's own lifetime
    b.done(counter, transaction, tlv(0xA6))
    b.idle()
    equal([b.operation(first)["state"], b.operation(operation)["state"]], ["done", "expired"])


def cancelled(b):
    operation = b.queue({"command": "get-rat"})
    equal(b.eim.api("DELETE", "/operations/" + operation)["state"], "cancelled")
    b.idle()
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    status, answer = b.eim.request("DELETE", "/operations/" + operation)
    equal((status, answer["error"]["code"]), (409, "operation.fetched"))
    b.done(counter, transaction, tlv(0xA6))


def notifications_beside_a_result(b, count):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    wanted = [b.device.sequence]
    others = []
    for _ in range(count):
        others.append(b.device.other(bytes.fromhex("0640"), "smdp.one.example", ICCID_VALUE)[1])
        wanted.append(b.device.sequence)
    answer = b.provide(tlv(0x30, epr, tlv(0xA0, *others)))
    equal(b.acked(answer), wanted)
    b.device.counter = counter
    equal(b.operation(operation)["state"], "done")


def run(report, eim, pki, binding):
    name = binding.name
    offset = 0 if name == "ASN.1" else 4

    def bench(index, token=0, **more):
        return Bench(eim, pki, binding, index + offset, token, **more)

    b = bench(0, token=300)
    poll = "5.14.5 GetEimPackage, " + name
    report.check(poll, "errors 1, 2, 3, 4", poll_errors, b)
    if name == "ASN.1":
        report.check(poll, "EID with letters: 3", poll_bad_digits, b)
    report.check(poll, "every stateChangeCause, rPLMN, refresh", state_changes, b)
    report.check(poll, "notifyStateChange alone", state_change_without_cause, b)
    report.check(poll, "the same bytes again until a result is stored", same_bytes_again, b)
    section = "2.11.1.1 PSMO and eCO, " + name
    for command, arguments, wire, ok, refusals in commands(pki):
        report.check(section, "%s %s ok" % (command, arguments), command_ok, b, command, arguments,
                     wire, ok)
        for code, result in refusals:
            report.check(section, "%s refused with %d" % (command, code), command_refused, b,
                         command, arguments, code, result)
    section = "2.11.2.1 results, " + name
    report.check(section, "several commands in order", several_in_order, b)
    for results, code in (([tlv(0x84, b"\2")], "profileNotInEnabledState"),
                          ([tlv(0x84, b"\0"), tlv(0x02, b"\1")], "resultSizeOverflow"),
                          ([tlv(0x84, b"\0"), tlv(0x02, b"\2")], "unknownOrDamagedCommand"),
                          ([tlv(0x84, b"\0"), tlv(0x02, b"\3")], "interruption"),
                          ([tlv(0x84, b"\0")], "resultUntrusted"),
                          ([tlv(0x85, b"\0"), tlv(0x84, b"\0")], "resultUntrusted")):
        report.check(section, "list ends with %s" % code, list_stops_early, b, results, "failed",
                     code)
    report.check(section, "an alternative nobody knows", unknown_result_kept, b)
    report.check(section, "rollback with the original results", rolled_back, b,
                 [tlv(0x83, b"\0"), tlv(0x8C, b"\0")])
    report.check(section, "rollback alone", rolled_back, b, [tlv(0x8C, b"\0")])
    report.check(section, "rollback after the first result", rolled_back_later, b)
    for code in (3, 6, 15, 104, 127):
        report.check(section, "signed error %d" % code, signed_error, b, code)
    report.check(section, "replayError: the result is found", replay_error_finds_the_result, b, True)
    report.check(section, "replayError: no result is kept", replay_error_finds_the_result, b, False)
    b.device.counter = b.shown()["counter"]
    report.check(section, "unsigned error without token", unsigned_error, b, None)
    report.check(section, "unsigned error with token", unsigned_error, b, integer(0x84, 5))
    report.check(section, "a signed result beats an unsigned error",
                 signed_result_beats_unsigned_error, b)
    report.check(section, "a result twice", result_twice, b)
    report.check(section, "a result for no package", stray_result, b)
    report.check(section, "results out of order", results_out_of_order, b)
    for what, make in (("a flipped bit", flipped), ("another token", other_token),
                       ("another eIM", other_eim), ("another card", other_card)):
        report.check(section, "refused: %s" % what, forged, b, make)
    for code in (1, 2, 127):
        report.check(section, "EimPackageResultErrorCode %d" % code, ipa_error, b, code)
    report.check(section, "expired before it was fetched", expired, b)
    report.check(section, "cancelled, but not once fetched", cancelled, b)
    section = "5.14.6 ProvideEimPackageResult, " + name
    report.check(section, "without EID, found by transaction", without_eid, b)
    report.check(section, "errors 2, 3, 4", eid_errors, b)
    for count in (0, 1, 3):
        report.check(section, "ePRAndNotifications with %d" % count, notifications_beside_a_result,
                     b, count)
    section = "12 deviations, " + name
    report.check(section, "EPR without A0", tolerated, b, without_arm, "result-without-arm")
    report.check(section, "BF51 twice", tolerated, b, wrapped_twice, "wrapped-twice")
    report.check(section, "DER signature", tolerated, b, der_signature, "der-signature")
    report.check(section, "v1.0 signature input", version_1_0, bench(1, token=2))
    section = "2.11.1.2 IpaEuiccData, " + name
    report.check(section, "every tag, alone", every_tag, b)
    report.check(section, "the record is filled", record_filled, b, False)
    report.check(section, "certificates nested", record_filled, b, True)
    report.check(section, "v1.0 tags in the answer", v1_0_tags_in_the_answer, b)
    report.check(section, "v1.0 tag list learnt", v1_0_tag_list_learnt, b)
    for code in (1, 5, 104, 127):
        report.check(section, "error %d" % code, data_error, b, code)
    report.check(section, "another card's chain is not taken", foreign_certificate, b)
    report.check(section, "EID from the certificate", eid_by_certificate, b)
    bare = bench(2, euicc_certificate=None, eum_certificate=None)
    report.check(section, "a result before its certificates", result_before_certificates, bare)
