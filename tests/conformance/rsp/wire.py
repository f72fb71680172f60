# SPDX-License-Identifier: Apache-2.0
"""HTTPS to a server on loopback under its real name, and the JSON of ES9+, ES2+, ES11, ES12."""
import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import time

ES9 = "/gsma/rsp2/es9plus/"
ES2 = "/gsma/rsp2/es2plus/"
ES12 = "/gsma/rsp2/es12/"
HEADERS = {"User-Agent": "gsma-rsp-lpad", "X-Admin-Protocol": "gsma/rsp/v2.5.0",
           "Content-Type": "application/json"}
TRANSACTION = "transactionId"


class Connection(http.client.HTTPSConnection):
    """Connects to 127.0.0.1:port and expects the certificate of `name`."""

    def __init__(self, name, port, context):
        super().__init__(name, port, context=context, timeout=30)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def context(anchors, certificate=None, key=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=anchors)
    if certificate:
        made.load_cert_chain(certificate, key)
    return made


class Peer:
    """A server: who it is, where it listens, and a kept connection."""

    def __init__(self, name, port, tls):
        self.name, self.port, self.tls, self.connection = name, port, tls, None

    def raw(self, path, body, headers=None, method="POST"):
        for again in (True, False):
            if self.connection is None:
                self.connection = Connection(self.name, self.port, self.tls)
            try:
                self.connection.request(method, path, body, HEADERS if headers is None else headers)
                response = self.connection.getresponse()
                data = response.read()
                return response.status, dict(response.getheaders()), data
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError,
                    http.client.CannotSendRequest):
                self.close()
                if not again:
                    raise
        return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def call(self, path, members):
        """POST an object of texts, bytes (base64) and the like; the answer decoded."""
        status, headers, data = self.raw(path, encode(members))
        assert status == 200, "HTTP %d: %s" % (status, data[:200])
        assert headers["Content-Type"].startswith("application/json"), headers
        assert headers["X-Admin-Protocol"].startswith("gsma/rsp/v2"), headers
        return Answer(json.loads(data))


def encode(members):
    plain = {}
    for key, value in members.items():
        if key == TRANSACTION and isinstance(value, bytes):
            value = value.hex().upper()
        elif isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        plain[key] = value
    return json.dumps(plain).encode()


class Answer(dict):
    """An answer: members decoded, `.ok`, `.code` such as "8.2.6/3.8"."""

    TEXTS = {"header", "iccid", "eid", "matchingId", "smdpAddress", "eventEntries"}

    def __init__(self, plain):
        super().__init__()
        status = plain["header"]["functionExecutionStatus"]
        self.status = status["status"]
        self.ok = self.status == "Executed-Success"
        self.code = "ok"
        if not self.ok:
            data = status["statusCodeData"]
            self.code = data["subjectCode"] + "/" + data["reasonCode"]
            self.identifier = data.get("subjectIdentifier")
            assert set(plain) == {"header"}, "a failed answer carries data"
        for key, value in plain.items():
            if key == TRANSACTION:
                assert value == value.upper(), "transactionId is not upper case"
                self[key] = bytes.fromhex(value)
            elif key not in self.TEXTS:
                self[key] = base64.b64decode(value, validate=True)
            else:
                self[key] = value


class Server:
    """A tern server process on free ports."""

    def __init__(self, arguments, folder, log):
        self.ready = os.path.join(folder, "ready-%d.json" % time.monotonic_ns())
        self.command = [os.environ["TERN"]] + arguments + ["--ready", self.ready]
        self.log = log
        self.process = None
        self.ports = {}

    def start(self, environment=None):
        if os.path.exists(self.ready):
            os.unlink(self.ready)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stderr=log, env=environment)
        deadline = time.monotonic() + 60
        while not os.path.exists(self.ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log, "rb") as log:
                    raise RuntimeError("server did not start: %s" % log.read()[-2000:])
            time.sleep(0.02)
        with open(self.ready, "rb") as file:
            self.ports = {key: int(value.rsplit(":", 1)[1])
                          for key, value in json.load(file).items()}
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                return self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        return self.process.returncode if self.process else None
