# SPDX-License-Identifier: Apache-2.0
"""The world around the eIM under test: its PKI, its process, its API, a device, an SM-DP+."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from eimkit.der import child, child_raw, integer, number, one, path, read, text, tlv

EIM = "eim.example.com"
SMDP = "smdp.one.example"
SMDS = "smds.one.example"
SIMA_OK = bytes.fromhex("3007A00530038001" + "00")


def eid_with_check(first):
    body = first.ljust(30, "0")
    return body + "%02d" % (98 - int(body + "00") % 97)


EIDS = [eid_with_check("8904903200%020d" % n) for n in range(1, 9)]


def sign(key, data):
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public, signature, data):
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                     int.from_bytes(signature[32:], "big"))
    public.verify(der, data, ec.ECDSA(hashes.SHA256()))


class Pki:
    def __init__(self, folder, tern):
        self.folder = os.path.join(folder, "pki")
        command = [tern, "pki", "init", self.folder, "--eim", EIM, "--smdp", SMDP, "--smds", SMDS]
        for eid in EIDS:
            command += ["--euicc", eid]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        self.root = os.path.join(self.folder, "p256")

    def file(self, *parts):
        return os.path.join(self.root, *parts)

    def key(self, *parts):
        with open(self.file(*parts), "rb") as file:
            return serialization.load_pem_private_key(file.read(), None)

    def certificate(self, *parts):
        with open(self.file(*parts), "rb") as file:
            found = x509.load_pem_x509_certificate(file.read())
        return found.public_bytes(serialization.Encoding.DER)

    def ski(self, *parts):
        found = x509.load_der_x509_certificate(self.certificate(*parts))
        return found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


class Connection(http.client.HTTPSConnection):
    """TLS to 127.0.0.1 with another name in SNI and in the check of the certificate."""

    def __init__(self, address, name, ca):
        host, port = address.rsplit(":", 1)
        super().__init__(host, int(port), timeout=60)
        self.name = name
        self.context = ssl.create_default_context(cafile=ca)

    def connect(self):
        raw = socket.create_connection((self.host, self.port), timeout=60)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.context.wrap_socket(raw, server_hostname=self.name)


class Eim:
    """The server under test, as a process."""

    def __init__(self, tern, folder, pki, smdp_port, smds_port, *extra, env=None):
        self.tern, self.folder, self.pki = tern, folder, pki
        self.data = os.path.join(folder, "eim")
        self.ready = os.path.join(folder, "eim.ready")
        self.command = [tern, "eim", "serve", "--data", self.data, "--pki", pki.folder,
                        "--listen-esipa", "127.0.0.1:0", "--listen-api", "127.0.0.1:0",
                        "--ready", self.ready, "--allow-network", "127.0.0.0/8",
                        "--rate", "100000", "--call-timeout-ms", "5000", "--retry-ms", "200",
                        "--resolve", "%s:443:127.0.0.1:%d" % (SMDP, smdp_port),
                        "--resolve", "%s:443:127.0.0.1:%d" % (SMDS, smds_port), *extra]
        self.process = None
        self.start(env)

    def start(self, env=None):
        if os.path.exists(self.ready):
            os.unlink(self.ready)
        self.log = open(os.path.join(self.folder, "eim.log"), "ab")
        self.process = subprocess.Popen(self.command, stderr=self.log, stdout=self.log,
                                        env=dict(os.environ, **(env or {})))
        deadline = time.monotonic() + 60
        while not os.path.exists(self.ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the eIM did not start, see %s" % self.log.name)
            time.sleep(0.02)
        with open(self.ready) as file:
            where = json.load(file)
        self.esipa_address, self.api_address = where["esipa"], where["api"]
        with open(os.path.join(self.data, "enrolment-token")) as file:
            self.token = file.read().strip()
        self.api_connection = None

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        self.log.close()
        return code

    @property
    def ca(self):
        return os.path.join(self.pki.folder, "tls-ca.pem")

    def connect(self):
        return Connection(self.esipa_address, EIM, self.ca)

    def request(self, method, where, body=None, content="application/json", token=None, **headers):
        """One API request: (status, JSON)."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = "Bearer " + (self.token if token is None else token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            headers["Content-Type"] = content
        for attempt in (1, 2):
            try:
                if self.api_connection is None:
                    self.api_connection = Connection(self.api_address, EIM, self.ca)
                self.api_connection.request(method, "/api/v1" + where, body, headers)
                response = self.api_connection.getresponse()
                data = response.read()
                break
            except (http.client.HTTPException, OSError):
                self.api_connection = None
                if attempt == 2:
                    raise
        try:
            return response.status, json.loads(data) if data else None
        except ValueError:
            return response.status, data.decode()

    def api(self, method, where, body=None, **more):
        status, answer = self.request(method, where, body, **more)
        if status >= 300:
            raise AssertionError("%s %s: %d %s" % (method, where, status, answer))
        return answer


class Asn1:
    """The ASN.1 function binding. SGP.32, 6.1.1"""
    name = "ASN.1"

    def __init__(self, eim):
        self.eim, self.connection = eim, eim.connect()

    def post(self, path_, body, content, **headers):
        headers = dict({"User-Agent": "gsma-rsp-ipad", "X-Admin-Protocol": "gsma/rsp/v2.1.0",
                        "Content-Type": content}, **headers)
        self.connection.request("POST", path_, body, headers)
        response = self.connection.getresponse()
        self.headers = dict(response.getheaders())
        return response.status, response.read()

    def call(self, message):
        status, body = self.post("/gsma/rsp2/asn1", message, "application/x-gsma-rsp-asn1")
        return status, body

    def close(self):
        self.connection.close()


class Json(Asn1):
    """The JSON function binding: SGP.32, 6.4. Speaks ASN.1 to the cases, JSON to the server."""
    name = "JSON"

    def call(self, message):
        tag, value, _ = one(message)
        function, body = getattr(self, "to_%X" % tag)(value)
        status, answer = self.post("/gsma/rsp2/esipa/" + function, json.dumps(body),
                                   "application/json;charset=UTF-8")
        if status != 200 or not answer:
            return status, answer
        answer = json.loads(answer)
        self.last = answer
        if "header" not in answer or "functionExecutionStatus" not in answer["header"]:
            raise AssertionError("no header: %r" % answer)
        return status, tlv(tag, getattr(self, "from_%X" % tag)(answer))

    @staticmethod
    def b64(data):
        return base64.b64encode(data).decode()

    @staticmethod
    def un(answer, key):
        return base64.b64decode(answer[key]) if key in answer else None

    def to_BF4F(self, value):
        body = {}
        for tag, content, _ in read(value):
            if tag == 0x5A:
                body["eidValue"] = content.hex()
            elif tag == 0x80:
                body["notifyStateChange"] = True
            elif tag == 0x81:
                body["stateChangeCause"] = number(content)
            elif tag == 0x82:
                body["rPLMN"] = content.hex()
        return "getEimPackage", body

    def from_BF4F(self, answer):
        for key in ("euiccPackageRequest", "ipaEuiccDataRequest", "profileDownloadTriggerRequest"):
            if key in answer:
                return self.un(answer, key)
        return integer(0x02, answer["eimPackageError"])

    def to_BF50(self, value):
        body = {}
        for tag, content, raw in read(value):
            if tag == 0x5A:
                body["eidValue"] = content.hex()
            else:
                body["eimPackageResult"] = self.b64(raw)
        return "provideEimPackageResult", body

    def from_BF50(self, answer):
        if "provideEimPackageResultError" in answer:
            return integer(0x02, answer["provideEimPackageResultError"])
        return self.un(answer, "eimAcknowledgements") or tlv(0x30)

    def to_BF3D(self, value):
        tag, content, raw = one(value)
        if tag == 0xBF50:
            return "handleNotification", {"provideEimPackageResult": self.b64(raw)}
        return "handleNotification", {"pendingNotification": self.b64(content)}

    def to_BF39(self, value):
        body = {"euiccChallenge": self.b64(child(value, 0x81))}
        if child(value, 0x83) is not None:
            body["smdpAddress"] = child(value, 0x83).decode()
        if child(value, 0xBF20) is not None:
            body["euiccInfo1"] = self.b64(child_raw(value, 0xBF20))
        if child(value, 0x82) is not None:
            body["eimTransactionId"] = child(value, 0x82).hex().upper()
        return "initiateAuthentication", body

    def from_BF39(self, answer):
        if "initiateAuthenticationError" in answer:
            return integer(0x81, answer["initiateAuthenticationError"])
        parts = [tlv(0x80, bytes.fromhex(answer["transactionId"]))
                 if "transactionId" in answer else None]
        parts += [self.un(answer, key) for key in (
            "serverSigned1", "serverSignature1", "euiccCiPKIdentifierToBeUsed",
            "serverCertificate")]
        if "matchingId" in answer:
            parts.append(text(0x0C, answer["matchingId"]))
        if "ctxParams1" in answer:
            parts.append(tlv(0xA2, self.un(answer, "ctxParams1")))
        return tlv(0xA0, *parts)

    def to_BF3B(self, value):
        return "authenticateClient", {
            "transactionId": child(value, 0x80).hex().upper(),
            "authenticateServerResponse": self.b64(child_raw(value, 0xBF38))}

    def from_BF3B(self, answer):
        if "authenticateClientError" in answer:
            return integer(0x82, answer["authenticateClientError"])
        transaction = tlv(0x80, bytes.fromhex(answer["transactionId"])) \
            if "transactionId" in answer else None
        if "smdpSigned2" not in answer:
            return tlv(0xA1, transaction, self.un(answer, "profileDownloadTrigger"))
        hash_cc = self.un(answer, "hashCc")
        return tlv(0xA0, transaction, self.un(answer, "profileMetadata"),
                   *[self.un(answer, key) for key in ("smdpSigned2", "smdpSignature2",
                                                      "smdpCertificate")],
                   tlv(0x04, hash_cc) if hash_cc else None)

    def to_BF3A(self, value):
        return "getBoundProfilePackage", {
            "transactionId": child(value, 0x80).hex().upper(),
            "prepareDownloadResponse": self.b64(child_raw(value, 0xBF21))}

    def from_BF3A(self, answer):
        if "getBoundProfilePackageError" in answer:
            return integer(0x81, answer["getBoundProfilePackageError"])
        return tlv(0xA0, tlv(0x80, bytes.fromhex(answer["transactionId"]))
                   if "transactionId" in answer else None, self.un(answer, "boundProfilePackage"))

    def to_BF41(self, value):
        inner = child(value, 0xA1)
        return "cancelSession", {"transactionId": child(value, 0x80).hex().upper(),
                                 "cancelSessionResponse": self.b64(tlv(0xBF41, inner))}

    def from_BF41(self, answer):
        if "cancelSessionError" in answer:
            return integer(0x81, answer["cancelSessionError"])
        return tlv(0xA0)


class Device:
    """IPA and eUICC of one device: knows its keys, believes nobody."""

    def __init__(self, eim, pki, index, token=0):
        self.eim, self.pki, self.index = eim, pki, index
        self.eid_text = EIDS[index]
        self.eid = bytes.fromhex(self.eid_text)
        self.key = pki.key("euicc", self.eid_text, "euicc.key")
        self.certificate = pki.certificate("euicc", self.eid_text, "euicc.pem")
        self.eum = pki.certificate("eum", "eum1.pem")
        self.eim_key = pki.key("eim", EIM, "sign.key").public_key()
        self.token = token
        self.counter = 0
        self.sequence = 0
        self.info1 = tlv(0xBF20, tlv(0x82, b"\2\5\0"),
                         tlv(0xA9, tlv(0x04, pki.ski("ci.pem"))),
                         tlv(0xAA, tlv(0x04, pki.ski("ci.pem"))))

    def info2(self, free=b"\x81\x01\x00\x82\x04\x00\x07\xA1\x20\x83\x02\x10\x00", version=b"\1\2\0"):
        ski = tlv(0x04, self.pki.ski("ci.pem"))
        return tlv(0xBF22, tlv(0x81, b"\2\3\1"), tlv(0x82, b"\2\5\0"), tlv(0x83, b"\1\0\0"),
                   tlv(0x84, free), tlv(0x85, bytes.fromhex("05007FB6F7C1")),
                   tlv(0x88, bytes.fromhex("0490")), tlv(0xA9, ski), tlv(0xAA, ski),
                   tlv(0x04, b"\1\0\0"), text(0x0C, "XX-YY-01"), tlv(0x90, b"\0"),
                   tlv(0xB4, tlv(0xA0, tlv(0x04, version))))

    def enrolment(self, **more):
        out = {"format": "tern-device-1", "eid": self.eid_text, "eim_id": EIM,
               "euicc_certificate": base64.b64encode(self.certificate).decode(),
               "eum_certificate": base64.b64encode(self.eum).decode()}
        if self.token:
            out["association_token"] = self.token
        out.update(more)
        return out

    # ---- ESep ----

    def token_object(self):
        return integer(0x84, self.token)

    def open_package(self, package):
        """Check a BF51 as an eUICC does (SGP.32, 3.3.1); returns (counter, tx, commands)."""
        tag, value, _ = one(package)
        assert tag == 0xBF51
        (tag, inner, raw), (signature_tag, signature, _) = read(value)
        assert tag == 0x30 and signature_tag == 0x5F37 and len(signature) == 64
        verify(self.eim_key, signature, raw + self.token_object())
        tags = [found for found, _, _ in read(inner)]
        assert tags[:3] == [0x80, 0x5A, 0x81], tags
        assert child(inner, 0x80) == EIM.encode() and child(inner, 0x5A) == self.eid
        counter = number(child(inner, 0x81))
        assert counter > self.counter, "replay"
        list_tag, commands, _ = read(inner)[-1]
        assert list_tag in (0xA0, 0xA1)
        return counter, child(inner, 0x82), commands

    def result(self, counter, transaction, results, sequence=None, token=None, eim_id=EIM):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        data = tlv(0x30, text(0x80, eim_id), integer(0x81, counter),
                   tlv(0x82, transaction) if transaction else None, integer(0x83, sequence),
                   tlv(0x30, *results))
        token = integer(0x84, self.token if token is None else token)
        return tlv(0xBF51, tlv(0xA0, data, tlv(0x5F37, sign(self.key, data + token))))

    def error(self, counter, transaction, code):
        data = tlv(0x30, text(0x80, EIM), integer(0x81, counter), tlv(0x82, transaction),
                   integer(0x02, code))
        return tlv(0xBF51, tlv(0xA1, data, tlv(0x5F37, sign(self.key, data + self.token_object()))))

    # ---- notifications ----

    def installation(self, transaction, result, address, oid, iccid=None, sequence=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        meta = tlv(0xBF2F, integer(0x80, sequence), bytes.fromhex("81020780"),
                   text(0x0C, address), tlv(0x5A, iccid) if iccid else None)
        data = tlv(0xBF27, tlv(0x80, transaction), meta, tlv(0x06, oid), tlv(0xA2, result))
        return data, tlv(0xBF37, data, tlv(0x5F37, sign(self.key, data)))

    def other(self, event, address, iccid, sequence=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        meta = tlv(0xBF2F, integer(0x80, sequence), tlv(0x81, event), text(0x0C, address),
                   tlv(0x5A, iccid))
        return meta, tlv(0x30, meta, tlv(0x5F37, sign(self.key, meta)), self.certificate, self.eum)


class Smdp:
    """An SM-DP+ (or SM-DS) that answers as it is told and remembers what it was asked."""

    def __init__(self, pki, name=SMDP, kind="smdp"):
        self.pki, self.name, self.kind = pki, name, kind
        folder = (kind, name)
        self.auth_key = pki.key(*folder, "auth.key")
        self.auth = pki.certificate(*folder, "auth.pem")
        if kind == "smdp":
            self.pb_key = pki.key(*folder, "pb.key")
            self.pb = pki.certificate(*folder, "pb.pem")
        names = x509.load_der_x509_certificate(self.auth).extensions
        alt = names.get_extension_for_class(x509.SubjectAlternativeName).value
        self.oid_text = alt.get_values_for_type(x509.RegisteredID)[0].dotted_string
        arcs = [int(arc) for arc in self.oid_text.split(".")]
        packed = [arcs[0] * 40 + arcs[1]] + arcs[2:]
        self.oid = b"".join(self.base128(arc) for arc in packed)
        self.requests = []
        self.fail = {}        # function -> (subject, reason), or "drop", or an HTTP status
        self.server_address = name
        self.cc_required = False
        self.metadata = None
        self.bpp_metadata = None
        self.events = []
        self.otpk = None
        self.delay = 0
        self.counter = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                outer.handle(self, json.loads(self.rfile.read(size)))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.file(*folder, "tls.pem"), pki.file(*folder, "tls.key"))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @staticmethod
    def base128(arc):
        out = [arc & 0x7F]
        arc >>= 7
        while arc:
            out.insert(0, 0x80 | arc & 0x7F)
            arc >>= 7
        return bytes(out)

    def last(self, function):
        with self.lock:
            return [body for name, body in self.requests if name == function][-1]

    def count(self, function):
        with self.lock:
            return len([1 for name, _ in self.requests if name == function])

    def handle(self, handler, body):
        function = handler.path.rsplit("/", 1)[1]
        with self.lock:
            self.requests.append((function, body))
        if self.delay:
            time.sleep(self.delay)  # a slow SM-DP+ is what is tested
        fail = self.fail.get(function)
        if fail == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        if isinstance(fail, int):
            self.reply(handler, fail, b"")
            return
        if fail is not None:
            header = {"functionExecutionStatus": {"status": "Failed", "statusCodeData": {
                "subjectCode": fail[0], "reasonCode": fail[1]}}}
            self.reply(handler, 200, json.dumps({"header": header}).encode())
            return
        if function == "handleNotification":
            self.reply(handler, 204, b"")
            return
        answer = getattr(self, "on_" + function)(body)
        answer["header"] = {"functionExecutionStatus": {"status": "Executed-Success"}}
        self.reply(handler, 200, json.dumps(answer).encode())

    @staticmethod
    def reply(handler, status, body):
        handler.send_response(status)
        handler.send_header("X-Admin-Protocol", "gsma/rsp/v2.5.0")
        if status != 204:
            handler.send_header("Content-Type", "application/json;charset=UTF-8")
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def b64(data):
        return base64.b64encode(data).decode()

    def on_initiateAuthentication(self, body):
        with self.lock:
            self.counter += 1
            transaction = hashlib.sha256(b"%d %s" % (self.counter, self.name.encode())).digest()[:16]
        challenge = base64.b64decode(body["euiccChallenge"])
        self.signed1 = tlv(0x30, tlv(0x80, transaction), tlv(0x81, challenge),
                           text(0x83, self.server_address), tlv(0x84, os.urandom(16)))
        return {"transactionId": transaction.hex().upper(),
                "serverSigned1": self.b64(self.signed1),
                "serverSignature1": self.b64(tlv(0x5F37, sign(self.auth_key, self.signed1))),
                "euiccCiPKIdToBeUsed": self.b64(tlv(0x04, self.pki.ski("ci.pem"))),
                "serverCertificate": self.b64(self.auth)}

    def on_authenticateClient(self, body):
        if self.kind == "smds":
            return {"transactionId": body["transactionId"], "eventEntries": self.events}
        transaction = bytes.fromhex(body["transactionId"])
        signed2 = tlv(0x30, tlv(0x80, transaction), tlv(0x01, b"\xFF" if self.cc_required else b"\0"),
                      tlv(0x5F49, self.otpk) if self.otpk else None)
        response = base64.b64decode(body["authenticateServerResponse"])
        euicc_signature = child_raw(path(response, 0xBF38, 0xA0) or b"", 0x5F37) or b""
        signature = sign(self.pb_key, signed2 + euicc_signature)
        return {"transactionId": body["transactionId"], "profileMetadata": self.b64(self.metadata),
                "smdpSigned2": self.b64(signed2), "smdpSignature2": self.b64(tlv(0x5F37, signature)),
                "smdpCertificate": self.b64(self.pb)}

    def on_getBoundProfilePackage(self, body):
        transaction = bytes.fromhex(body["transactionId"])
        metadata = self.bpp_metadata or self.metadata
        header = tlv(0xBF23, tlv(0x82, b"\1"), tlv(0x80, transaction),
                     tlv(0xA6, tlv(0x80, b"\x88"), tlv(0x81, b"\x10"), tlv(0x84, b"\x80" * 8)),
                     tlv(0x5F49, b"\4" + bytes(64)), tlv(0x5F37, bytes(64)))
        package = tlv(0xBF36, header, tlv(0xA0, tlv(0x87, bytes(24))),
                      tlv(0xA1, *[tlv(0x88, metadata[at:at + 200] + bytes(8))
                                  for at in range(0, len(metadata), 200)]),
                      tlv(0xA3, tlv(0x86, bytes(1020)), tlv(0x86, bytes(500))))
        self.package = package
        return {"transactionId": body["transactionId"], "boundProfilePackage": self.b64(package)}

    def on_cancelSession(self, body):
        return {"transactionId": body["transactionId"]}


class Report:
    def __init__(self, title):
        self.title, self.rows, self.failed = title, [], 0

    def check(self, section, what, run, *arguments):
        try:
            run(*arguments)
            error = None
        except Exception as problem:  # every failure becomes a row, the rest goes on
            error = "%s: %s" % (type(problem).__name__, problem)
            self.failed += 1
        self.rows.append((section, what, error))
        if error is not None:
            print("FAILED  %s  %s: %s" % (section, what, error), flush=True)

    def finish(self, uncovered, uncertain):
        sections = {}
        for section, _, error in self.rows:
            done = sections.setdefault(section, [0, 0])
            done[error is not None] += 1
        print("%s: %d points, %d failed" % (self.title, len(self.rows), self.failed))
        for section in sorted(sections):
            name = "SGP.32, " + section if section[0].isdigit() else section
            print("  %-50s %4d ok %s" % (name, sections[section][0],
                                                "%d FAILED" % sections[section][1]
                                                if sections[section][1] else ""))
        for name, rows in (("not covered", uncovered), ("uncertain in our source", uncertain)):
            print("  %s:" % name)
            for row in rows:
                print("    %s" % row)
        return 1 if self.failed else 0


def folder():
    return tempfile.mkdtemp(prefix="tern-eim-")
