# SPDX-License-Identifier: Apache-2.0
"""The SM-DP+ in operation: time, restarts, reloading, call-backs, concurrency, slow clients."""
import base64
import concurrent.futures
import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from . import certificates as certs
from .bench import OPERATOR, SMDP, Smdp, new_euicc, tern
from .der import find
from .euicc import one_time_key
from .report import expect
from .wire import ES9, Peer, context
from .smdp_download import download, open_package, smdp_oid


def run(report, server, folder):
    restarts(report, server)
    times(report, server.pki, folder)
    callbacks(report, server.pki, folder)
    concurrency(report, server.pki, folder)
    service(report, server, folder)
    reloading(report, server)


def restarts(report, server):
    case = report.case

    @case("3.1.3", "SIGKILL between any two messages: the device finishes")
    def _():
        card = new_euicc(server.pki, 400)
        iccid, matching_id = server.order()
        server.restart()
        first = server.initiate(card)
        server.restart()
        answer = server.authenticate(card, matching_id, first)
        expect(answer.code, "ok")
        server.restart()
        otsk = one_time_key()
        package = server.get_package(card, answer, otsk)
        server.restart()
        again = server.es9.call(ES9 + "getBoundProfilePackage",
                                {"transactionId": answer["transactionId"],
                                 "prepareDownloadResponse": package.sent})
        one = open_package(server, card, answer, package, otsk)
        expect(open_package(server, card, answer, again, otsk).body, one.body)
        server.restart()
        server.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                                  server.profiles[iccid].iccid))
        server.restart()
        expect(server.state(iccid)["state"], "Installed")

    for moment in ("accepted", "answering"):
        @case("3.1.3", "killed while it is %s: sent again, nothing is lost or doubled" % moment)
        def _(moment=moment):
            card = new_euicc(server.pki, 401 if moment == "accepted" else 402)
            iccid, matching_id = server.order()
            server.stop()
            environment = dict(os.environ, TERN_TEST_KILL=moment + ":2")
            server.server.start(environment)
            server.connect()
            first = server.initiate(card)
            message, _ = card.authenticate(first, matching_id)
            members = {"transactionId": first["transactionId"],
                       "authenticateServerResponse": message}
            try:
                server.es9.call(ES9 + "authenticateClient", members)
                raise RuntimeError("the server was not killed")
            except (ConnectionError, OSError, ssl.SSLError, AttributeError):
                pass
            expect(server.server.process.wait(10), -signal.SIGKILL)
            server.server.start()
            server.connect()
            answer = server.es9.call(ES9 + "authenticateClient", members)
            expect(answer.code, "ok")
            expect(server.state(iccid)["attempts"], 1)
            otsk = one_time_key()
            open_package(server, card, answer, server.get_package(card, answer, otsk), otsk)


def times(report, pki, folder):
    case = report.case
    server = Smdp(pki, os.path.join(folder, "times"), "--order-lifetime", "6",
                  "--session-lifetime", "6", "--refuse-rebinding", "--confirmation-hex")
    server.add(6, "plain")
    try:
        server.start()
        card = new_euicc(pki, 410)
        _, late = server.order()
        _, rebound = server.order()
        first = server.initiate(card)
        answer = server.authenticate(card, late)

        @case("5.6.2", "8.2/3.7 no second binding where the policy forbids it")
        def _():
            session = server.authenticate(card, rebound)
            expect(server.get_package(card, session, one_time_key()).code, "ok")
            again = server.authenticate(card, rebound)
            expect(server.get_package(card, again, one_time_key()).code, "8.2/3.7")

        @case("5.6.2", "a code read as hexadecimal bytes is taken where configured", uncertain=True)
        def _():
            other = new_euicc(pki, 411)
            _, matching_id = server.order(confirmationCode="12345678")
            session = server.authenticate(other, matching_id)
            expect(server.get_package(other, session, one_time_key(),
                                      bytes.fromhex("12345678")).code, "ok")
        time.sleep(7.2)  # the lifetimes, which a busy machine must not reach before

        @case("5.6.3", "8.10.1/3.9 a transaction past its time")
        def _():
            expect(server.authenticate(card, late, first).code, "8.10.1/3.9")
            expect(server.get_package(card, answer, one_time_key()).code, "8.10.1/3.9")

        @case("5.6.3", "8.8.5/4.10 an order past its time")
        def _():
            expect(server.authenticate(card, late).code, "8.8.5/4.10")
    finally:
        server.stop()


class Operator:
    """An operator that takes HandleDownloadProgressInfo, and refuses the first few."""

    def __init__(self, pki, folder, refuse):
        self.got, self.refuse = [], refuse
        key = certs.new_key()
        name = "callback.operator.example"
        leaf = certs.make(certs.name(o="Operator", cn=name), key.public_key(), pki.ci.subject,
                          pki.ci_key, dns=name, server=True, issuer_certificate=pki.ci)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "op.pem"), "wb") as file:
            file.write(certs.pem(leaf) + certs.key_pem(key))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(folder, "op.pem"))
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(cadata=pki.anchors)
        operator = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                operator.refuse -= 1
                status = 503 if operator.refuse >= 0 else 204
                if status == 204:
                    subject = dict(x[0] for x in self.connection.getpeercert()["subject"])
                    operator.got.append((self.path, subject["commonName"], json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.name = name
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def wait(self, count, seconds=30):
        deadline = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.got) >= count, "only %d call-backs came" % len(self.got)
        return self.got


def callbacks(report, pki, folder):
    case = report.case
    operator = Operator(pki, os.path.join(folder, "operator"), refuse=1)
    base = "https://%s:%d" % (operator.name, operator.port)
    server = Smdp(pki, os.path.join(folder, "callbacks"), "--operator", OPERATOR + "=" + base,
                  "--resolve", "%s:%d:127.0.0.1" % (operator.name, operator.port),
                  "--allow-network", "127.0.0.0/8", "--allow-port", str(operator.port),
                  "--confirmation-failures", "1")
    server.add(6, "plain")
    try:
        server.start()

        @case("5.3.4", "HandleDownloadProgressInfo: retried, downloaded 3, installed 4",
              uncertain=True)
        def _():
            card = new_euicc(pki, 420)
            iccid, _, answer, _ = download(server, card)
            server.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                                      server.profiles[iccid].iccid))
            got = sorted((row[2] for row in operator.wait(2)),
                         key=lambda row: row["notificationPointId"])
            expect([row["notificationPointId"] for row in got], [3, 4])
            for path, client, row in operator.got:
                expect(path, "/gsma/rsp2/es2plus/handleDownloadProgressInfo")
                expect(client, SMDP)
                expect(row["iccid"], iccid.rstrip("F"))
                expect(row["profileType"], "plain")
                expect(row["eid"], card.eid.hex())
                expect(row["notificationPointStatus"]["status"], "Executed-Success")
                assert row["header"]["functionRequesterIdentifier"]
                stamp = time.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
                assert abs(time.mktime(stamp) - time.timezone - time.time()) < 300
            assert base64.b64decode(got[1]["resultData"])[:2] == b"\xBF\x37"

        @case("5.3.4", "failures: 4 not installed, 2 confirmation code, 1 cancelled",
              uncertain=True)
        def _():
            del operator.got[:]
            card = new_euicc(pki, 421)
            iccid, _, answer, _ = download(server, card)
            server.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                                      server.profiles[iccid].iccid, error=12))
            _, with_code = server.order(confirmationCode="1")
            session = server.authenticate(card, with_code)
            expect(server.get_package(card, session, one_time_key(), "2").code, "8.2.7/6.4")
            _, refused = server.order()
            session = server.authenticate(card, refused)
            server.cancel(session["transactionId"],
                          card.cancel(session["transactionId"], smdp_oid(server), 0))
            rows = {}
            for _, _, row in operator.wait(4):
                rows[row["notificationPointId"]] = row["notificationPointStatus"]
            expect(sorted(rows), [1, 2, 3, 4])
            for point in (1, 2, 4):
                expect(rows[point]["status"], "Failed")
            expect(rows[2]["statusCodeData"]["subjectCode"], "8.2.7")
            expect(rows[2]["statusCodeData"]["reasonCode"], "6.4")
    finally:
        server.stop()
        operator.http.shutdown()


def concurrency(report, pki, folder):
    case = report.case
    server = Smdp(pki, os.path.join(folder, "many"), "--workers", "3", "--attempts", "0")
    server.add(24, "plain")
    try:
        server.start()

        def peer():
            return Peer(SMDP, server.server.ports["es9plus"], context(pki.anchors))

        def one(number, matching_id):
            card = new_euicc(pki, number)
            mine = Smdp(pki, server.folder)
            mine.es9 = peer()
            answer = mine.authenticate(card, matching_id)
            if not answer.ok:
                return answer.code
            otsk = one_time_key()
            package = mine.get_package(card, answer, otsk)
            if not package.ok:
                return package.code
            open_package(server, card, answer, package, otsk)
            return card.eid.hex()

        @case("3.1.3", "twelve eUICCs race for one order: exactly one gets it")
        def _():
            _, matching_id = server.order()
            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                got = list(pool.map(lambda n: one(n, matching_id), range(430, 442)))
            winners = [row for row in got if len(row) == 32]
            expect(len(winners), 1)
            assert set(got) - set(winners) <= {"8.1.1/3.8"}, got

        @case("3.1.3", "ten orders, ten eUICCs, three workers at once: all succeed")
        def _():
            orders = [server.order()[1] for _ in range(10)]
            with concurrent.futures.ThreadPoolExecutor(10) as pool:
                got = list(pool.map(lambda i: one(450 + i, orders[i]), range(10)))
            assert all(len(row) == 32 for row in got), got

        @case("5.3.1", "orders by type at the same time never share a profile")
        def _():
            def order(_):
                mine = Peer(SMDP, server.server.ports["es2plus"], pki.client(OPERATOR))
                return server.download_order(peer=mine, profileType="plain")["iccid"]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                got = list(pool.map(order, range(12)))
            expect(len(set(got)), 12)

        @case("5.6.1", "strangers leave nothing behind")
        def _():
            before = sqlite3.connect(os.path.join(server.data, "smdp.db")).execute(
                "select count(*) from record where space <> 'task'").fetchone()
            card = new_euicc(pki, 470)
            mine = Smdp(pki, server.folder)
            mine.es9 = peer()
            for _ in range(50):
                mine.initiate(card)
            after = sqlite3.connect(os.path.join(server.data, "smdp.db")).execute(
                "select count(*) from record where space <> 'task'").fetchone()
            expect(after, before)
    finally:
        server.stop()


def service(report, server, folder):
    case = report.case
    pki = server.pki

    @case("6.5.1", "a client that sends a byte a second holds nobody up")
    def _():
        slow = []
        for _ in range(20):
            plain = socket.create_connection(("127.0.0.1", server.server.ports["es9plus"]))
            wrapped = context(pki.anchors).wrap_socket(plain, server_hostname=SMDP)
            wrapped.sendall(b"P")
            slow.append(wrapped)
        begin = time.monotonic()
        expect(server.initiate(new_euicc(pki, 480)).code, "ok")
        assert time.monotonic() - begin < 5
        for wrapped in slow:
            wrapped.close()

    @case("6.5.1", "/healthz and /metrics")
    def _():
        admin = Peer(SMDP, server.server.ports["admin"], context(pki.anchors))
        expect(admin.raw("/healthz", None, {}, "GET")[::2], (200, b"ok\n"))
        status, headers, data = admin.raw("/metrics", None, {}, "GET")
        expect(status, 200)
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        server.initiate(new_euicc(pki, 481), smdpAddress="other.example")
        text = admin.raw("/metrics", None, {}, "GET")[2].decode()
        assert 'function="ES9+.InitiateAuthentication",status="8.8.1/3.8"} ' in text, text
        expect(server.es9.raw("/metrics", None, {}, "GET")[0], 404)

    @case("3.1.3", "a backup of the running server can go on in its place")
    def _():
        card = new_euicc(pki, 482)
        _, matching_id = server.order()
        answer = server.authenticate(card, matching_id)
        copy = Smdp(pki, os.path.join(folder, "restored"))
        shutil.rmtree(copy.folder)
        os.makedirs(copy.folder)
        tern("smdp", "backup", "--data", server.data, copy.data)
        expect(os.stat(os.path.join(copy.data, "secret.key")).st_mode & 0o777, 0o600)
        expect(os.stat(os.path.join(copy.data, "smdp.db")).st_mode & 0o777, 0o600)
        try:
            copy.start()
            otsk = one_time_key()
            open_package(copy, card, answer, copy.get_package(card, answer, otsk), otsk)
        finally:
            copy.stop()

    @case("2.5.3", "the store holds no profile in the open, the log no code")
    def _():
        with open(os.path.join(server.data, "smdp.db"), "rb") as file:
            stored = file.read()
        with open(os.path.join(server.folder, "log"), "rb") as file:
            log = file.read()
        for profile in list(server.profiles.values())[:20]:
            middle = profile.upp[600:664]
            assert middle not in stored
        for line in tern("smdp", "show", "orders", "--data", server.data, "--json").splitlines():
            matching_id = json.loads(line).get("matchingId")
            assert not matching_id or matching_id.encode() not in log, "a MatchingID in the log"
        assert b"12345678\"" not in log
        for line in log.splitlines():
            json.loads(line)

    @case("6.5.1", "orders from the command line: refusals in words, and who has to act")
    def _():
        port = server.server.ports["es2plus"]
        command = [os.environ["TERN"], "smdp", "order", "--es2", "https://%s:%d" % (SMDP, port),
                   "--resolve", "%s:%d:127.0.0.1" % (SMDP, port), "--pki", pki.folder,
                   "--operator", OPERATOR, "--type"]
        done = subprocess.run(command + ["no-such-type"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        expect(done.returncode, 1)
        assert b"8.2.5/3.9" in done.stderr and b"to act: the operator" in done.stderr
        images = os.path.join(folder, "qr")
        done = subprocess.run(command + ["plain", "--count", "2", "--csv", "-", "--qr", images,
                                         "--confirmation-code", "99"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        expect(done.returncode, 0)
        lines = done.stdout.decode().splitlines()
        expect(lines[0], "activation_code,confirmation_code,iccid,operator,note")
        for line in lines[1:]:
            code, confirmation, iccid, operator, _ = line.split(",")
            assert code.startswith("1$%s$" % SMDP) and code.endswith("$$1")
            expect((confirmation, operator), ("99", OPERATOR))
            if shutil.which("zbarimg"):
                read = subprocess.run(["zbarimg", "-q", "--raw", os.path.join(
                    images, iccid + ".png")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                expect(read.stdout.decode().strip(), "LPA:" + code)


def reloading(report, server):
    case = report.case
    pki = server.pki

    def wait_for(check, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if check():
                return
            time.sleep(0.05)
        raise AssertionError("it did not happen in time")

    @case("4.5.2", "a revoked EUM is refused without a restart; the old lists come back")
    def _():
        card = new_euicc(pki, 490)
        expect(server.authenticate(card, "NO-SUCH").code, "8.2.6/3.8")
        path = os.path.join(pki.curve, "ci.crl")
        with open(path, "rb") as file:
            old = file.read()
        import datetime
        now = datetime.datetime.utcnow()
        entry = (x509.RevokedCertificateBuilder().serial_number(card.eum.serial_number)
                 .revocation_date(now).build())
        crl = (x509.CertificateRevocationListBuilder().issuer_name(pki.ci.subject)
               .last_update(now - datetime.timedelta(hours=1))
               .next_update(now + datetime.timedelta(days=30))
               .add_extension(x509.AuthorityKeyIdentifier(certs.skid(pki.ci), None, None), False)
               .add_extension(x509.CRLNumber(7), False)
               .add_revoked_certificate(entry).sign(pki.ci_key, hashes.SHA256()))
        from cryptography.hazmat.primitives.serialization import Encoding
        with open(path, "wb") as file:
            file.write(crl.public_bytes(Encoding.PEM if b"BEGIN" in old else Encoding.DER))
        server.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.authenticate(card, "NO-SUCH").code == "8.1.2/6.1")
        with open(path, "wb") as file:
            file.write(old)
        wait_for(lambda: server.authenticate(card, "NO-SUCH").code == "8.2.6/3.8")

    @case("2.7", "a new TLS certificate is served to new connections without a restart")
    def _():
        folder = os.path.join(pki.curve, "smdp", SMDP)
        key = certs.new_key()
        old = certs.load(os.path.join(folder, "tls.pem"))
        names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        fresh = certs.make(old.subject, key.public_key(), pki.ci.subject, pki.ci_key,
                           role=None, dns=SMDP, server=True, client=True,
                           oid=names.get_values_for_type(x509.RegisteredID)[0].dotted_string,
                           issuer_certificate=pki.ci)
        fresh = _with_policy(fresh, old, key, pki)
        with open(os.path.join(folder, "tls.key"), "wb") as file:
            file.write(certs.key_pem(key))
        with open(os.path.join(folder, "tls.pem"), "wb") as file:
            file.write(certs.pem(fresh))
        server.server.process.send_signal(signal.SIGHUP)

        def served():
            plain = socket.create_connection(("127.0.0.1", server.server.ports["es9plus"]))
            with context(pki.anchors).wrap_socket(plain, server_hostname=SMDP) as wrapped:
                return wrapped.getpeercert(True) == certs.der(fresh)
        wait_for(served)
        server.es9.close()
        expect(server.initiate(new_euicc(pki, 491)).code, "ok")

    @case("3.1.3", "SIGTERM: a graceful end, exit status 0")
    def _():
        expect(server.stop(), 0)


def _with_policy(certificate, old, key, pki):
    """The same with the (non-critical) role of the old one."""
    builder = (x509.CertificateBuilder().subject_name(certificate.subject)
               .issuer_name(certificate.issuer).public_key(key.public_key())
               .serial_number(certificate.serial_number)
               .not_valid_before(certificate.not_valid_before)
               .not_valid_after(certificate.not_valid_after))
    for extension in old.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(value, extension.critical)
    return builder.sign(pki.ci_key, hashes.SHA256())


__all__ = ["run", "find"]
