# SPDX-License-Identifier: Apache-2.0
"""HTTP of ESipa, and a hostile IPA and network. SGP.32, 6.1."""
import json
import os
import socket
import ssl

from eimkit.der import integer, one, tlv
from eimkit.packages import NOTHING, Bench, equal
from eimkit.world import EIM, Asn1, Json

ASN1 = "application/x-gsma-rsp-asn1"


def statuses(b):
    poll = tlv(0xBF4F, tlv(0x5A, b.device.eid))
    wire = b.wire
    equal(wire.post("/gsma/rsp2/asn1", poll, ASN1)[0], 200)
    equal(wire.headers.get("X-Admin-Protocol", "")[:10], "gsma/rsp/v")
    equal(wire.headers.get("Content-Type"), ASN1)
    equal(wire.post("/gsma/rsp2/asn1", poll, "text/plain")[0], 415)
    equal(wire.post("/gsma/rsp2/other", poll, ASN1)[0], 404)
    equal(wire.post("/gsma/rsp2/asn1", b"\xBF\x4F", ASN1)[0], 400)
    equal(wire.post("/gsma/rsp2/asn1", poll, ASN1, **{"X-Admin-Protocol": "other/1"})[0], 400)
    wire.connection.request("POST", "/gsma/rsp2/asn1", poll, {"Content-Type": ASN1})
    response = wire.connection.getresponse()
    equal((response.status, response.read()), (200, NOTHING))
    wire.connection.request("GET", "/gsma/rsp2/asn1")
    response = wire.connection.getresponse()
    response.read()
    equal(response.status, 405)


def outer_a2(b):
    status, body = b.wire.post("/gsma/rsp2/asn1", tlv(0xA2, tlv(0xBF4F, tlv(0x5A, b.device.eid))), ASN1)
    equal((status, body), (200, NOTHING))


def json_rules(b):
    wire = b.wire
    kind = "application/json"
    status, body = wire.post("/gsma/rsp2/esipa/getEimPackage",
                             json.dumps({"eidValue": b.device.eid_text}), kind)
    equal(status, 200)
    answer = json.loads(body)
    equal(answer["eimPackageError"], 1)
    equal(answer["header"]["functionExecutionStatus"]["status"], "Executed-Success")
    status, body = wire.post("/gsma/rsp2/esipa/getEimPackage", json.dumps({}), kind)
    answer = json.loads(body)
    equal(answer["header"]["functionExecutionStatus"]["status"], "Failed")
    for body in (b"", b"{", b'{"eidValue":1}', b'{"a":1,"a":2}', b'{"eidValue":"\xff"}',
                 b"[]", b'{"eidValue":"%s"} ' % b.device.eid_text.encode() + b"x"):
        equal(wire.post("/gsma/rsp2/esipa/getEimPackage", body, kind)[0], 400)
    both = {"pendingNotification": "MAA=", "provideEimPackageResult": "v1AA"}
    equal(wire.post("/gsma/rsp2/esipa/handleNotification", json.dumps(both), kind)[0], 400)
    equal(wire.post("/gsma/rsp2/esipa/handleNotification", "{}", kind)[0], 400)
    equal(wire.post("/gsma/rsp2/esipa/nothing", "{}", kind)[0], 400)


def prefixes(b, messages):
    """Every proper prefix is refused and leaves no trace."""
    before = b.shown()
    for message in messages:
        for size in range(len(message)):
            status, body = b.wire.post("/gsma/rsp2/asn1", message[:size], ASN1)
            assert status == 400, "%d for %s" % (status, message[:size].hex())
    equal(b.shown(), before)


def flips(b, message):
    """No flipped byte is taken for a result, none crashes the server."""
    for index in range(len(message)):
        for mask in (0x01, 0x80):
            broken = bytearray(message)
            broken[index] ^= mask
            status, body = b.wire.post("/gsma/rsp2/asn1", bytes(broken), ASN1)
            assert status in (200, 204, 400, 404), status
            if status == 200 and body[:2] == b"\xBF\x50":
                assert one(one(body)[1])[0] != 0xBF53, "acknowledged: byte %d" % index


def oversized(b):
    body = tlv(0xBF4F, tlv(0x5A, bytes(2 << 20)))
    try:
        status = b.wire.post("/gsma/rsp2/asn1", body, ASN1)[0]
        assert status in (400, 413), status
    except OSError:
        pass  # it hung up before the body was through: as good
    b.wire = Asn1(b.eim)
    b.idle()


def raw(b, pieces):
    host, port = b.eim.esipa_address.rsplit(":", 1)
    context = ssl.create_default_context(cafile=b.eim.ca)
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        with context.wrap_socket(plain, server_hostname=EIM) as stream:
            for piece in pieces:
                stream.sendall(piece)
            stream.settimeout(30)
            return stream.recv(65536)


def in_pieces(b):
    body = tlv(0xBF4F, tlv(0x5A, b.device.eid))
    head = ("POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n"
            "Content-Length: %d\r\n\r\n" % (EIM, ASN1, len(body))).encode()
    answer = raw(b, [bytes([byte]) for byte in head + body])
    assert answer.startswith(b"HTTP/1.1 200"), answer[:80]


def doubled_length(b):
    head = ("POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n"
            "Content-Length: 21\r\nContent-Length: 0\r\n\r\n" % (EIM, ASN1)).encode()
    answer = raw(b, [head + tlv(0xBF4F, tlv(0x5A, b.device.eid))])
    assert not answer.startswith(b"HTTP/1.1 200"), answer[:80]


def plain_http(b):
    host, port = b.eim.esipa_address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        plain.sendall(b"POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        plain.settimeout(30)
        try:
            assert not plain.recv(100).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            pass


def reconnects(b):
    """No connection is assumed to live through a procedure."""
    operation = b.queue({"command": "get-rat"})
    b.wire = Asn1(b.eim)
    counter, transaction, _, _ = b.fetch()
    b.wire = Json(b.eim)
    b.done(counter, transaction, tlv(0xA6))
    equal(b.operation(operation)["state"], "done")
    b.wire = Asn1(b.eim)


def cross_device(b, other):
    """A package and a result of one device are nothing to another."""
    other.wire = Asn1(other.eim)
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    equal(other.provide(epr), tlv(0xBF50, integer(0x02, 127)))
    equal(b.operation(operation)["state"], "fetched")
    equal(b.acked(b.provide(epr)), [b.device.sequence])
    b.device.counter = counter


def restart_keeps_everything(b):
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, first = b.fetch()
    b.eim.stop()
    b.eim.start()
    b.wire = Asn1(b.eim)
    equal(one(b.poll())[1], first)
    b.done(counter, transaction, tlv(0xA6))
    equal(b.operation(operation)["state"], "done")


def run(report, eim, pki, smdp):
    b = Bench(eim, pki, Asn1, 0, token=1)
    other = Bench(eim, pki, Asn1, 4)
    section = "6.1 HTTP binding"
    report.check(section, "status codes and headers", statuses, b)
    report.check(section, "outer A2 tolerated", outer_a2, b)
    report.check(section, "JSON: malformed, doubled, both members", json_rules, b)
    report.check(section, "a new connection for every message", reconnects, b)
    report.check(section, "byte by byte", in_pieces, b)
    report.check(section, "restart in the middle", restart_keeps_everything, b)
    section = "hostile IPA and network"
    b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    epr = tlv(0xBF50, tlv(0x5A, b.device.eid), b.device.result(counter, transaction, [tlv(0xA6)]))
    messages = [tlv(0xBF4F, tlv(0x5A, b.device.eid), tlv(0x80)), epr,
                tlv(0xBF39, tlv(0x81, os.urandom(16)), tlv(0x82, b"\1\2"))]
    report.check(section, "every prefix refused", prefixes, b, messages)
    report.check(section, "every byte flipped", flips, b, epr)
    b.drain()
    report.check(section, "oversized", oversized, b)
    report.check(section, "doubled Content-Length", doubled_length, b)
    report.check(section, "HTTP without TLS", plain_http, b)
    report.check(section, "another device's result", cross_device, b, other)
