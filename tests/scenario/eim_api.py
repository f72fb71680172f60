#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
''''exec "$("$TERN_SOURCE/scripts/venv")" "$0" "$@" # '''
"""The eIM's API: what its OpenAPI document says, roles, tenants, idempotency, rate, audit, codes from
CSV and QR, events and webhooks, refusals, rollover, hand-over, injection, backup and restore."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["TERN_SOURCE"], "tests", "conformance"))

from eimkit.der import child, integer, one, read, text, tlv  # noqa: E402
from eimkit.packages import ICCID, ICCID_VALUE, Bench, equal  # noqa: E402
from eimkit.world import Asn1, Device, EIDS, EIM, Eim, Pki, Report, SMDS, folder  # noqa: E402

TERN = os.environ["TERN"]


class Listener:
    """An HTTPS server under the test CI: a webhook, or an IPA that serves."""

    def __init__(self, pki):
        self.got = []
        self.status = 200
        self.answer = lambda path, body: b""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.got.append((self.path, dict(self.headers), body))
                answer = outer.answer(self.path, body)
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/x-gsma-rsp-asn1")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.file("smds", SMDS, "tls.pem"), pki.file("smds", SMDS, "tls.key"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


def wait_for(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("no %s in %d s" % (what, seconds))
        time.sleep(0.02)


def refused(eim, status, code, method, where, body=None, **more):
    got, answer = eim.request(method, where, body, **more)
    assert got == status, (got, answer)
    equal(answer["error"]["code"], code)
    assert answer["error"]["what"] and answer["error"]["next"], answer


# ---- OpenAPI ----

def fits(value, schema, schemas, where="answer"):
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), "%s is no %s" % (where, schema["type"])
    for name in schema.get("required", []):
        assert name in value, "%s has no %s" % (where, name)
    if isinstance(value, dict) and "properties" in schema:
        for name, content in value.items():
            assert name in schema["properties"], "%s.%s is not described" % (where, name)
            fits(content, schema["properties"][name], schemas, "%s.%s" % (where, name))
    if isinstance(value, list) and schema.get("items"):
        for content in value:
            fits(content, schema["items"], schemas, where + "[]")


def openapi(eim, values):
    status, document = eim.request("GET", "/openapi.json", token="none")
    equal((status, document["openapi"]), (200, "3.0.3"))
    schemas = document["components"]["schemas"]
    seen = 0
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            names = {p["name"] for p in described["parameters"] if p["in"] == "path"}
            equal(names, {part[1:-1] for part in path.split("/") if part.startswith("{")})
            where = path
            for name in names:
                where = where.replace("{%s}" % name, values[name])
            if described.get("x-role") != "anyone":
                refused(eim, 401, "token.unknown", method.upper(), where, token="wrong")
            if method != "get":
                continue
            status, answer = eim.request("GET", where)
            content = described["responses"]["2XX"].get("content")
            if status == 404:
                equal(answer["error"]["code"].split(".")[1], "unknown")
                continue
            equal(status, 200)
            if content:
                fits(answer, content["application/json"]["schema"], schemas, path)
            seen += 1
    assert seen > 12, seen
    refused(eim, 404, "path.unknown", "GET", "/nothing")
    refused(eim, 405, "method.unknown", "PUT", "/devices")


# ---- Who ----

def roles(eim, eid):
    tokens = {}
    for role in ("viewer", "operator", "administrator"):
        made = eim.api("POST", "/users", {"name": role, "role": role, "expires_in_days": 1})
        tokens[role] = made["token"]
        equal(eim.api("GET", "/me", token=made["token"])["role"], role)
    order = {"kind": "data"}
    where = "/devices/%s/operations" % eid
    refused(eim, 403, "role.insufficient", "POST", where, order, token=tokens["viewer"])
    equal(eim.request("POST", where, order, token=tokens["operator"])[0], 201)
    refused(eim, 403, "role.insufficient", "GET", "/audit", token=tokens["operator"])
    refused(eim, 403, "role.insufficient", "POST", "/users", {"name": "x", "role": "viewer"},
            token=tokens["operator"])
    refused(eim, 401, "token.missing", "GET", "/devices", token="x", Authorization="Basic eA==") \
        if False else None
    gone = eim.api("POST", "/users", {"name": "gone", "role": "viewer"})
    eim.api("DELETE", "/users/%d" % gone["id"])
    refused(eim, 401, "token.unknown", "GET", "/devices", token=gone["token"])
    assert all("token" not in user for user in eim.api("GET", "/users")["items"])
    refused(eim, 400, "user.malformed", "POST", "/users", {"name": "x", "role": "king"})


def tenants(eim, pki):
    device = Device(eim, pki, 5)
    eim.api("POST", "/devices?tenant=north", device.enrolment())
    north = eim.api("POST", "/users", {"name": "n", "role": "administrator", "tenant": "north"})
    south = eim.api("POST", "/users", {"name": "s", "role": "administrator", "tenant": "south"})
    where = "/devices/" + device.eid_text
    equal(eim.api("GET", where, token=north["token"])["tenant"], "north")
    refused(eim, 404, "device.unknown", "GET", where, token=south["token"])
    refused(eim, 404, "device.unknown", "POST", where + "/operations", {"kind": "data"},
            token=south["token"])
    operation = eim.api("POST", where + "/operations", {"kind": "data"}, token=north["token"])["id"]
    refused(eim, 404, "operation.unknown", "GET", "/operations/" + operation, token=south["token"])
    equal([d["eid"] for d in eim.api("GET", "/devices", token=north["token"])["items"]],
          [device.eid_text])
    equal(eim.api("GET", "/devices", token=south["token"])["items"], [])
    equal(eim.api("GET", "/operations", token=south["token"])["items"], [])
    equal(len(eim.api("GET", "/operations", token=north["token"])["items"]), 1)
    code = eim.api("POST", "/codes", {"activation_code": "1$dp.example$N"}, token=north["token"])
    refused(eim, 404, "code.unknown", "GET", "/codes/%d" % code["ids"][0], token=south["token"])
    refused(eim, 403, "tenant.fixed", "PATCH", where, {"tenant": "south"}, token=north["token"])
    made = eim.api("POST", "/users", {"name": "x", "role": "viewer", "tenant": "south"},
                   token=north["token"])
    equal(made["tenant"], "north")
    refused(eim, 404, "user.unknown", "DELETE", "/users/%d" % made["id"], token=south["token"])


def idempotency(eim, eid):
    where = "/devices/%s/operations" % eid
    first = eim.api("POST", where, {"kind": "data"}, Idempotency_Key="k-1")
    again = eim.api("POST", where, {"kind": "data"}, Idempotency_Key="k-1")
    equal(again["id"], first["id"])
    other = eim.api("POST", where, {"kind": "data"}, Idempotency_Key="k-2")
    assert other["id"] != first["id"]
    refused(eim, 422, "idempotency.reused", "POST", where,
            {"kind": "package", "commands": [{"command": "get-rat"}]}, Idempotency_Key="k-1")


def audit(eim):
    """Each record names the hash of the one before, over the bytes that are kept."""
    refused(eim, 404, "device.unknown", "DELETE", "/devices/" + "89" + "0" * 30)
    items = eim.api("GET", "/audit?limit=1000")["items"]
    equal([item["number"] for item in items], list(range(1, len(items) + 1)))
    assert any(item["method"] == "DELETE" and item["status"] == 404 for item in items)
    equal(items[0]["previous"], "0" * 64)
    database = os.path.join(eim.data, "eim.db")
    rows = subprocess.run(["sqlite3", database, "SELECT hex(value) FROM record WHERE "
                           "space='api.audit' ORDER BY key"], check=True, capture_output=True)
    before = "0" * 64
    for row in rows.stdout.split():
        record = bytes.fromhex(row.decode())
        equal(json.loads(record)["previous"], before)
        before = hashlib.sha256(record).hexdigest().upper()
    assert eim.token.encode() not in rows.stdout


# ---- Devices and codes ----

def imports(eim, pki):
    lines = "\n".join(json.dumps(Device(eim, pki, n).enrolment(label="line-%d" % n))
                      for n in (6, 7)) + "\n"
    equal(eim.api("POST", "/devices", lines)["added"], 2)
    equal(eim.api("POST", "/devices", lines)["known"], 2)
    equal([d["label"] for d in eim.api("GET", "/devices?q=line-")["items"]], ["line-6", "line-7"])
    stranger = Device(eim, pki, 6).enrolment()
    stranger["eid"] = Device(eim, pki, 7).eid_text[:30] + "55"
    refused(eim, 422, "certificate.untrusted", "POST", "/devices", stranger)
    refused(eim, 422, "enrolment.other-eim", "POST", "/devices",
            dict(stranger, eim_id="other.example"))
    for body in ("", "{", "[]", json.dumps({"eid": "89"}), json.dumps({"eid": 5})):
        equal(eim.request("POST", "/devices", body)[0], 422)
    page = eim.api("GET", "/devices?limit=1")
    following = eim.api("GET", "/devices?limit=1&after=" + page["next"])
    assert page["items"][0]["eid"] < following["items"][0]["eid"]
    eim.api("PATCH", "/devices/" + EIDS[6], {"label": "new", "quirks": ["no-eid"]})
    shown = eim.api("GET", "/devices/" + EIDS[6])
    equal((shown["label"], shown["quirks"]), ("new", ["no-eid"]))
    refused(eim, 409, "device.kept", "DELETE", "/devices/" + EIDS[7])
    eim.api("DELETE", "/devices/%s?force=forget-device" % EIDS[7])
    refused(eim, 404, "device.unknown", "GET", "/devices/" + EIDS[7])


def codes(eim, place):
    csv = ("activation_code,confirmation_code,iccid,operator,note\r\n"
           "LPA:1$dp.example$AAA,1234,89460000000000000019,sweden,\"a, \"\"b\"\"\"\r\n"
           "1$dp.example$BBB,,,,\n\nnonsense,,,,\n")
    answer = eim.api("POST", "/codes?pool=p", csv, content="text/csv")
    equal((answer["added"], answer["known"], len(answer["failed"])), (2, 0, 1))
    equal(answer["failed"][0]["line"], 5)
    equal(eim.api("POST", "/codes?pool=p", csv, content="text/csv")["known"], 2)
    first = eim.api("GET", "/codes/%d" % answer["ids"][0])
    assert "activation_code" not in first and "confirmation_code" not in first
    equal((first["smdp"], first["has_confirmation_code"], first["note"]),
          ("dp.example", True, 'a, "b"'))
    equal(eim.api("GET", "/codes/%d?reveal=true" % answer["ids"][0])["activation_code"],
          "1$dp.example$AAA")
    eim.api("PATCH", "/codes/%d" % answer["ids"][0], {"state": "reserved"})
    where = "/devices/%s/operations" % EIDS[0]
    taken = eim.api("POST", where, {"kind": "download", "pool": "p"})
    equal(taken["reference"], "code:%d" % answer["ids"][1])
    refused(eim, 409, "pool.empty", "POST", where, {"kind": "download", "pool": "p"})
    refused(eim, 409, "code.taken", "POST", where,
            {"kind": "download", "code": str(answer["ids"][1])})
    equal(eim.api("GET", "/codes/%d" % answer["ids"][1])["state"], "assigned")
    eim.api("DELETE", "/operations/" + taken["id"])
    equal(eim.api("GET", "/codes/%d" % answer["ids"][1])["state"], "failed")
    eim.api("PATCH", "/codes/%d" % answer["ids"][1], {"state": "free"})
    equal(eim.api("GET", "/codes/%d" % answer["ids"][1])["state"], "free")
    refused(eim, 422, "code.none", "POST", "/codes", {"activation_code": "hello"})
    refused(eim, 422, "image.unreadable", "POST", "/codes", b"\x89PNG\r\n\x1a\nnot a picture",
            content="image/png")


def qr_image(place):
    """A QR PNG from the SM-DP+'s side, and what it says."""
    folder_ = os.path.join(place, "qr")
    os.makedirs(os.path.join(folder_, "profiles"))
    description = os.path.join(folder_, "p.yaml")
    with open(description, "w") as file:
        file.write('type: t\niccid: "89460000000000000019"\nusim:\n  imsi: "240010000000001"\n'
                   '  mnc_length: 2\n  spn: N\naka: {algorithm: milenage, key: "%s", opc: "%s"}\n'
                   'metadata:\n  service_provider_name: N\n  profile_name: N\n' % ("00" * 16, "11" * 16))
    data = ["--data", os.path.join(folder_, "smdp"), "--name", "smdp.one.example"]
    subprocess.run([TERN, "profile", "build", description, "--output",
                    os.path.join(folder_, "profiles", "1.upp"), "--metadata",
                    os.path.join(folder_, "profiles", "1.metadata")], check=True,
                   capture_output=True)
    subprocess.run([TERN, "smdp", "profile", "import", *data, "--type", "t",
                    os.path.join(folder_, "profiles")], check=True, capture_output=True)
    out = os.path.join(folder_, "out")
    os.makedirs(out)
    subprocess.run([TERN, "smdp", "order", *data, "--operator", "o", "--type", "t",
                    "--matching-id", "QR-1", "--qr", out], check=True, capture_output=True)
    with open(os.path.join(out, os.listdir(out)[0]), "rb") as file:
        return file.read()


def codes_from_qr(eim, place):
    answer = eim.api("POST", "/codes?pool=qr", qr_image(place), content="image/png")
    equal(answer["added"], 1)
    shown = eim.api("GET", "/codes/%d?reveal=true" % answer["ids"][0])
    equal(shown["activation_code"], "1$smdp.one.example$QR-1")
    assert "QR-1" not in open(os.path.join(eim.folder, "eim.log"), errors="replace").read()


# ---- Refusals ----

def stranding(eim, pki):
    b = Bench(eim, pki, Asn1, 1)
    operation = b.queue({"command": "list-profile-info"})
    counter, transaction, _, _ = b.fetch()
    profile = tlv(0xE3, tlv(0x5A, ICCID_VALUE), tlv(0x9F70, b"\1"))
    b.done(counter, transaction, tlv(0xBF2D, tlv(0xA0, profile)))
    equal(b.operation(operation)["state"], "done")
    equal(b.shown()["enabled_profile"], ICCID)
    where = "/devices/%s/operations" % b.device.eid_text
    for command in ("disable", "delete"):
        body = {"kind": "package", "commands": [{"command": command, "iccid": ICCID}]}
        refused(eim, 409, "device.would-strand", "POST", where, body)
        refused(eim, 409, "device.would-strand", "POST", where, dict(body, force="yes"))
        equal(eim.request("POST", where, dict(body, force="strand-device"))[0], 201)
    other = {"kind": "package", "commands": [{"command": "disable", "iccid": ICCID},
                                             {"command": "enable", "iccid": "8946000000000000002" "7"}]}
    equal(eim.request("POST", where, other)[0], 201)
    body = {"kind": "package", "commands": [{"command": "delete-eim", "eim_id": EIM}]}
    refused(eim, 409, "eim.would-leave", "POST", where, body)
    equal(eim.request("POST", where, dict(body, force="remove-this-eim"))[0], 201)
    for commands in ([], [{"command": "fly"}], [{"command": "enable"}],
                     [{"command": "enable", "iccid": "89"}], "enable"):
        equal(eim.request("POST", where, {"kind": "package", "commands": commands})[0], 400)
    refused(eim, 422, "command.mixed", "POST", where,
            {"kind": "package", "commands": [{"command": "get-rat"}, {"command": "list-eim"}]})
    for commands in ([{"command": "enable", "iccid": ICCID}] * 2,
                     [{"command": "enable", "iccid": ICCID}, {"command": "list-profile-info"}]):
        refused(eim, 422, "operation.refused", "POST", where,
                {"kind": "package", "commands": commands})
    refused(eim, 422, "operation.refused", "POST", where,
            {"kind": "download", "activation_code": "2$x"})
    refused(eim, 400, "body.malformed", "POST", where, {"kind": "data", "tags": ["5A"]})
    for operation in eim.api("GET", where)["items"]:
        eim.request("DELETE", "/operations/" + operation["id"])


# ---- Events ----

def events(eim, pki):
    b = Bench(eim, pki, Asn1, 2)
    last = 0
    while True:
        page = eim.api("GET", "/events?limit=1000&after=%s" % last)
        if not page["items"]:
            break
        last = page["next"]
    found = []

    def poll():
        from eimkit.world import Connection
        connection = Connection(eim.api_address, EIM, eim.ca)
        connection.request("GET", "/api/v1/events?after=%s&wait=30" % last,
                           headers={"Authorization": "Bearer " + eim.token})
        found.append(json.loads(connection.getresponse().read()))

    worker = threading.Thread(target=poll)
    worker.start()
    operation = b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    worker.join(30)
    kinds = [item["event"] for item in found[0]["items"]]
    assert "operation.fetched" in kinds, kinds
    b.done(counter, transaction, tlv(0xA6))
    items = eim.api("GET", "/events?after=%s" % last)["items"]
    finished = [item for item in items if item["event"] == "operation.finished"]
    equal([(item["operation"], item["state"]) for item in finished], [(operation, "done")])


def webhooks(eim, pki, listener):
    refused(eim, 400, "webhook.malformed", "POST", "/webhooks", {"url": "http://plain.example"})
    made = eim.api("POST", "/webhooks", {"url": "https://%s/hook" % SMDS})
    assert all("secret" not in hook for hook in eim.api("GET", "/webhooks")["items"])
    b = Bench(eim, pki, Asn1, 3)
    listener.got.clear()
    listener.status = 500  # retried
    b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    wait_for(lambda: listener.got, "first call")
    listener.status = 200
    b.done(counter, transaction, tlv(0xA6))

    def numbers():
        out = []
        for path, headers, body in list(listener.got):
            out += [item["number"] for item in json.loads(body)["events"]
                    if item["event"] == "operation.finished" and item["eid"] == b.device.eid_text]
        return out
    wait_for(numbers, "event by webhook")
    for path, headers, body in listener.got:
        equal(path, "/hook")
        mac = hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest()
        equal(headers["X-Tern-Signature"].lower(), "sha256=" + mac)
    eim.api("DELETE", "/webhooks/%d" % made["id"])


# ---- The life of an eIM ----

def rollover(eim, pki):
    """updateEim with the new key, signed by the old one; then only the new one signs."""
    b = Bench(eim, pki, Asn1, 4, token=9)
    keys = eim.api("GET", "/eim")["keys"]
    equal(len(keys), 2)
    new = [key for key in keys if not key["active"]][0]
    where = "/devices/%s/rollover" % b.device.eid_text
    refused(eim, 422, "key.unknown", "POST", where, {"key_id": 1})
    operation = eim.api("POST", where, {"key_id": new["id"]})["id"]
    counter, transaction, sent, _ = b.fetch()
    equal(sent, tlv(0xAA, text(0x80, EIM), tlv(0xA5, base64.b64decode(new["public_key_data"]))))
    b.done(counter, transaction, tlv(0x8A, b"\0"))
    equal(b.operation(operation)["state"], "done")
    equal(b.shown()["key_id"], new["id"])
    b.device.eim_key = pki.key("eim", "eim2.example.com", "sign.key").public_key()
    b.queue({"command": "get-rat"})
    counter, transaction, _, _ = b.fetch()
    b.done(counter, transaction, tlv(0xA6))


def handover(eim, pki, place):
    """Add the other eIM, list, undo; add again, leave when forced."""
    b = Bench(eim, pki, Asn1, 1)
    enrolment = os.path.join(place, "other.der")
    subprocess.run([TERN, "eim", "enrol-file", "--pki", pki.folder, "--eim-id", "other.example",
                    "--counter", "7", "--output", enrolment], check=True, capture_output=True)
    with open(enrolment, "rb") as file:
        configuration = base64.b64encode(file.read()).decode()
    where = "/devices/%s/handover" % b.device.eid_text
    operation = eim.api("POST", where, {"stage": "add", "configuration": configuration})["id"]
    counter, transaction, sent, _ = b.fetch()
    equal([tag for tag, _, _ in read(sent)], [0xA8, 0xAB])
    equal(child(child(sent, 0xA8), 0x80), b"other.example")
    names = tlv(0xA0, *[tlv(0x30, text(0x80, name)) for name in (EIM, "other.example")])
    b.done(counter, transaction, tlv(0xA8, integer(0x84, 12)), tlv(0xAB, names))
    shown = b.operation(operation)
    equal(shown["results"][0]["association_token"], 12)
    equal([entry["eim_id"] for entry in b.shown()["eims"]], [EIM, "other.example"])
    refused(eim, 400, "body.malformed", "POST", where, {"stage": "undo", "eim_id": EIM})
    eim.api("POST", where, {"stage": "undo", "eim_id": "other.example"})
    counter, transaction, sent, _ = b.fetch()
    equal(sent, tlv(0xA9, text(0x80, "other.example")) + tlv(0xAB))
    b.done(counter, transaction, tlv(0x89, b"\0"), tlv(0xAB, tlv(0xA0, tlv(0x30, text(0x80, EIM)))))
    refused(eim, 409, "eim.would-leave", "POST", where, {"stage": "finish"})
    eim.api("POST", where, {"stage": "finish", "force": "remove-this-eim"})
    counter, transaction, sent, _ = b.fetch()
    equal(sent, tlv(0xA9, text(0x80, EIM)))
    b.done(counter, transaction, tlv(0x89, b"\0"))
    assert "gone" in b.shown()["flags"]


def injection(eim, pki, listener):
    """TransferEimPackage: the eIM calls an IPA that serves; the result comes in the answer."""
    b = Bench(eim, pki, Asn1, 0, token=3, address=SMDS)
    listener.got.clear()
    listener.status = 200
    seen = []

    def answer(path, body):
        if not path.startswith("/gsma/"):
            return b""
        content = one(body)[1]
        tag, _, raw = one(content)
        seen.append(tag)
        if tag == 0xBF51:
            counter, transaction, _ = b.device.open_package(content)
            b.device.counter = counter
            return tlv(0xBF4E, b.device.result(counter, transaction, [tlv(0xA6)]))
        return tlv(0xBF4E, tlv(0x05))
    listener.answer = answer
    operation = b.queue({"command": "get-rat"})
    wait_for(lambda: b.operation(operation)["state"] == "done", "injected result")
    wait_for(lambda: 0xBF53 in seen, "acknowledgement")
    assert "/gsma/rsp2/asn1" in [path for path, _, _ in listener.got]
    acknowledged = one(one(listener.got[-1][2])[1])
    equal(child(acknowledged[1], 0x80), bytes([b.device.sequence]))
    b.eim.api("POST", "/devices/%s/operations" % b.device.eid_text,
              {"kind": "download", "activation_code": "1$dp.example$X"})
    wait_for(lambda: seen[-1] == 0xBF54, "injected trigger")
    listener.answer = lambda path, body: b""
    b.eim.api("DELETE", "/devices/%s?force=forget-device" % b.device.eid_text)


# ---- Operation of the server ----

def rate(eim):
    made = eim.api("POST", "/users", {"name": "fast", "role": "viewer"})["token"]
    statuses = [eim.request("GET", "/me", token=made)[0] for _ in range(60)]
    assert 200 in statuses and 429 in statuses, statuses
    equal(eim.request("GET", "/healthz")[0], 200)


def health(eim):
    status, answer = eim.request("GET", "/healthz", token="none")
    equal((status, answer), (200, {"status": "ok"}))
    status, metrics = eim.request("GET", "/metrics", token="none")
    equal(status, 200)
    assert "tern_eim_esipa_requests_total " in metrics
    for line in metrics.splitlines():
        assert line.startswith("#") or line.split()[1].isdigit(), line


def logs(eim):
    with open(os.path.join(eim.folder, "eim.log"), errors="replace") as file:
        content = file.read()
    for line in content.splitlines():
        json.loads(line)
    assert eim.token not in content and "tern_" not in content


def backup(eim, pki):
    b = Bench(eim, pki, Asn1, 0, token=2)
    b.queue({"command": "get-rat"})
    counter, transaction, _, first = b.fetch()
    copy = eim.api("POST", "/backup", {})["file"]
    b.done(counter, transaction, tlv(0xA6))
    eim.stop()
    for name in ("eim.db-wal", "eim.db-shm"):
        if os.path.exists(os.path.join(eim.data, name)):
            os.unlink(os.path.join(eim.data, name))
    shutil.copy(copy, os.path.join(eim.data, "eim.db"))
    eim.start()
    b.wire = Asn1(eim)
    equal(one(b.poll())[1], first)  # as it was when the copy was made
    epr = b.device.result(counter, transaction, [tlv(0xA6)])
    equal(b.acked(b.provide(epr)), [b.device.sequence])


def command_line(eim):
    def tern(*arguments, code=0):
        done = subprocess.run([TERN, "eim", *arguments, "--data", eim.data], capture_output=True,
                              text=True)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return done.stdout
    listed = tern("device", "list")
    assert "EID" in listed, listed
    listed = json.loads(tern("device", "list", "--json"))["items"]
    assert EIDS[2] in [item["eid"] for item in listed], listed
    made = json.loads(tern("operation", "list", "--json"))
    assert "items" in made
    tern("device", "show", "8" * 32, code=1)
    tern("profile", "enable", EIDS[0], code=2)
    listed = tern("user", "list")
    assert "administrator" in listed, listed
    token = json.loads(tern("user", "add", "cli", "--role", "viewer", "--json"))["token"]
    done = subprocess.run([TERN, "eim", "user", "list", "--data", eim.data],
                          env=dict(os.environ, TERN_EIM_TOKEN=token), capture_output=True, text=True)
    equal(done.returncode, 1)
    assert "role" in done.stderr and "next:" in done.stderr, done.stderr


def main():
    place = folder()
    pki = Pki(place, TERN)
    subprocess.run([TERN, "pki", "add", pki.folder, "--eim", "eim2.example.com"], check=True,
                   capture_output=True)
    listener = Listener(pki)
    eim = Eim(TERN, place, pki, 1, listener.port)
    token_file = os.path.join(eim.data, "enrolment-token")
    report = Report("eIM API")
    try:
        equal(os.stat(token_file).st_mode & 0o777, 0o600)
        b = Bench(eim, pki, Asn1, 0)
        code = eim.api("POST", "/codes", {"activation_code": "1$dp.example$Z"})["ids"][0]
        operation = b.queue({"command": "get-rat"})
        counter, transaction, _, _ = b.fetch()
        b.done(counter, transaction, tlv(0xA6))
        report.check("API", "OpenAPI against the server", openapi, eim,
                     {"eid": b.device.eid_text, "id": str(code)})
        report.check("API", "OpenAPI: operations", openapi, eim,
                     {"eid": b.device.eid_text, "id": operation})
        for name, run, arguments in (
                ("roles and revocation", roles, (eim, b.device.eid_text)),
                ("tenants kept apart", tenants, (eim, pki)),
                ("idempotency keys", idempotency, (eim, b.device.eid_text)),
                ("import, search, pages, change", imports, (eim, pki)),
                ("codes by CSV", codes, (eim, place)),
                ("codes by QR", codes_from_qr, (eim, place)),
                ("refuses to strand a device", stranding, (eim, pki)),
                ("events by long poll", events, (eim, pki)),
                ("webhooks, signed and retried", webhooks, (eim, pki, listener)),
                ("key rollover", rollover, (eim, pki)),
                ("hand-over and undo", handover, (eim, pki, place)),
                ("injection", injection, (eim, pki, listener)),
                ("audit chain", audit, (eim,)),
                ("health and metrics", health, (eim,)),
                ("command line", command_line, (eim,)),
                ("backup and restore", backup, (eim, pki))):
            report.check("API", name, run, *arguments)
        eim.stop()
        eim.command[eim.command.index("--rate") + 1] = "5"
        eim.start()
        report.check("API", "rate limit", rate, eim)
        report.check("API", "graceful stop", lambda: equal(eim.stop(), 0))
        report.check("API", "log lines are JSON without secrets", logs, eim)
    finally:
        eim.stop()
    status = report.finish([], [])
    if status == 0:
        shutil.rmtree(place)
    else:
        print("kept: %s" % place)
    return status


if __name__ == "__main__":
    sys.exit(main())
