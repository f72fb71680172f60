# SPDX-License-Identifier: Apache-2.0
"""The test bench: a PKI, SM-DP+ servers with an inventory, eUICCs."""
import json
import os
import random
import subprocess

from . import certificates as certs
from .der import find, integer, swapped, tlv
from .euicc import Euicc, challenge
from .wire import ES2, ES9, Peer, Server, context

SMDP = "smdp.conformance.example"
SMDS = "smds.conformance.example"
ROOT_SMDS = "root-smds.conformance.example"
OPERATOR = "op.one.example"
OTHER_OPERATOR = "op.two.example"


def tern(*arguments):
    done = subprocess.run([os.environ["TERN"], *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert done.returncode == 0, "tern %s: %s" % (" ".join(arguments), done.stderr.decode())
    return done.stdout.decode()


class Pki:
    def __init__(self, folder, curve="p256"):
        self.folder = folder
        if not os.path.exists(folder):
            tern("pki", "init", folder, "--curve", curve, "--smdp", SMDP, "--smds", SMDS, "--smds",
                 ROOT_SMDS, "--operator", OPERATOR, "--operator", OTHER_OPERATOR, "--euicc", "1")
        self.curve = os.path.join(folder, curve)
        self.ci = certs.load(os.path.join(self.curve, "ci.pem"))
        self.ci_key = certs.load_key(os.path.join(self.curve, "ci.key"))
        with open(os.path.join(folder, "tls-ca.pem")) as file:
            self.anchors = file.read()
        self.eum, self.eum_key = certs.make_eum(self.ci, self.ci_key)

    def smdp(self, kind, name=SMDP, role="smdp"):
        return certs.load(os.path.join(self.curve, role, name, kind + ".pem"))

    def client(self, operator):
        folder = os.path.join(self.curve, "operator", operator)
        return context(self.anchors, os.path.join(folder, "client.pem"),
                       os.path.join(folder, "client.key"))

    def server_client(self, name, role="smdp"):
        """TLS of an SM-DP+ or SM-DS as a client (ES12)."""
        folder = os.path.join(self.curve, role, name)
        return context(self.anchors, os.path.join(folder, "tls.pem"),
                       os.path.join(folder, "tls.key"))


def eid(number):
    """An EID of the EUM's range, with its check digits."""
    body = "89049032" + "%022d" % number
    return body + "%02d" % (98 - int(body + "00") % 97)


class Profile:
    """A profile the server could hold: enough SAIP for its header to be read, then filler."""

    COUNT = 0

    def __init__(self, size=3000, ppr=None, profile_class=None, services=(0x81, 0x84)):
        Profile.COUNT += 1
        self.iccid_digits = "8949" + "%015d" % Profile.COUNT + "7"
        self.iccid = swapped(self.iccid_digits)
        plain = bytes.fromhex(self.iccid_digits.ljust(20, "F"))
        header = tlv(0xA0, tlv(0x80, b"\x02"), tlv(0x81, b"\x03"), tlv(0x82, b"conformance"),
                     tlv(0x83, plain), tlv(0xA5, *[tlv(s, b"") for s in services]),
                     tlv(0xA6, tlv(0x06, bytes.fromhex("67810F010201"))))
        filler = random.Random(Profile.COUNT).randbytes(size)
        self.upp = header + tlv(0xB0, filler) + tlv(0xAA, b"")
        members = [tlv(0x5A, self.iccid), tlv(0x91, b"Conformance"), tlv(0x92, b"Profile")]
        if profile_class is not None:
            members.append(tlv(0x95, integer(profile_class)))
        if ppr is not None:
            members.append(tlv(0x99, ppr))
        self.metadata = tlv(0xBF25, *members)


class Smdp:
    """A running SM-DP+ with profiles of type "plain" and whatever else is imported."""

    def __init__(self, pki, folder, *options, name=SMDP):
        self.pki, self.folder, self.name = pki, folder, name
        self.data = os.path.join(folder, "data")
        self.profiles = {}
        self.options = list(options)
        os.makedirs(folder, exist_ok=True)
        self.server = None

    def add(self, count, kind, *options, **arguments):
        inbox = os.path.join(self.folder, "inbox-%s-%d" % (kind, Profile.COUNT))
        os.makedirs(inbox)
        for _ in range(count):
            profile = Profile(**arguments)
            self.profiles[profile.iccid_digits] = profile
            path = os.path.join(inbox, profile.iccid_digits)
            with open(path + ".upp", "wb") as file:
                file.write(profile.upp)
            with open(path + ".metadata", "wb") as file:
                file.write(profile.metadata)
        tern("smdp", "profile", "import", "--data", self.data, "--name", self.name, "--type",
             kind, *options, inbox)

    def start(self, environment=None):
        self.server = Server(["smdp", "serve", "--data", self.data, "--pki", self.pki.folder,
                              "--name", self.name, "--listen-es9", "127.0.0.1:0", "--listen-es2",
                              "127.0.0.1:0", "--listen-admin", "127.0.0.1:0"] + self.options,
                             self.folder, os.path.join(self.folder, "log")).start(environment)
        self.connect()
        return self

    def connect(self):
        ports = self.server.ports
        self.es9 = Peer(self.name, ports["es9plus"], context(self.pki.anchors))
        self.es2 = Peer(self.name, ports["es2plus"], self.pki.client(OPERATOR))
        self.other_es2 = Peer(self.name, ports["es2plus"], self.pki.client(OTHER_OPERATOR))

    def restart(self, kill=True):
        if kill:
            self.server.kill()
        else:
            self.server.stop()
        self.server.start()
        self.connect()

    def stop(self):
        return self.server.stop() if self.server else None

    def state(self, iccid):
        for line in tern("smdp", "show", "profiles", "--data", self.data, "--json").splitlines():
            row = json.loads(line)
            if row["iccid"] == iccid.rstrip("F"):
                return row
        return None

    # ---- ES2+ ----

    CALL = 0

    def header(self, requester=OPERATOR, call=None):
        Smdp.CALL += 1
        return {"functionRequesterIdentifier": requester,
                "functionCallIdentifier": call or "call-%d" % Smdp.CALL}

    def es2_call(self, function, peer=None, header=None, **members):
        body = {"header": header or self.header()}
        body.update(members)
        return (peer or self.es2).call(ES2 + function, body)

    def download_order(self, **members):
        return self.es2_call("downloadOrder", **members)

    def confirm_order(self, **members):
        return self.es2_call("confirmOrder", **members)

    def order(self, kind="plain", **confirm):
        """(iccid, matchingId) of a released order."""
        first = {"eid": confirm["eid"]} if "eid" in confirm else {}
        ordered = self.download_order(profileType=kind, **first)
        assert ordered.ok, ordered.code
        confirm.setdefault("releaseFlag", True)
        answer = self.confirm_order(iccid=ordered["iccid"], **confirm)
        assert answer.ok, answer.code
        return ordered["iccid"], answer["matchingId"]

    # ---- ES9+ ----

    def initiate(self, euicc, **wrong):
        members = {"euiccChallenge": challenge(), "smdpAddress": self.name,
                   "euiccInfo1": euicc.info1()}
        members.update(wrong)
        members = {key: value for key, value in members.items() if value is not None}
        return self.es9.call(ES9 + "initiateAuthentication", members)

    def authenticate(self, euicc, matching_id, answer=None, **wrong):
        """The answer to AuthenticateClient, with what was sent beside it."""
        answer = answer or self.initiate(euicc)
        assert answer.ok, answer.code
        message, signature = euicc.authenticate(answer, matching_id, **wrong)
        result = self.es9.call(ES9 + "authenticateClient",
                               {"transactionId": answer["transactionId"],
                                "authenticateServerResponse": message})
        result.sent, result.signature1, result.initiated = message, signature, answer
        return result

    def get_package(self, euicc, answer, otsk, code=None, **wrong):
        message = euicc.prepare(answer, wrong.pop("otpk", None) or certs.point(otsk), code, **wrong)
        result = self.es9.call(ES9 + "getBoundProfilePackage",
                               {"transactionId": answer["transactionId"],
                                "prepareDownloadResponse": message})
        result.sent = message
        return result

    def notify(self, message):
        import base64
        status, _, body = self.es9.raw(ES9 + "handleNotification", json.dumps(
            {"pendingNotification": base64.b64encode(message).decode()}))
        assert status == 204 and body == b"", "HTTP %d %s" % (status, body)

    def cancel(self, transaction, message):
        return self.es9.call(ES9 + "cancelSession", {"transactionId": transaction,
                                                     "cancelSessionResponse": message})


def new_euicc(pki, number):
    digits = eid(number)
    certificate, key = certs.make_euicc(pki.eum, pki.eum_key, digits)
    return Euicc(bytes.fromhex(digits), key, certificate, pki.eum, pki.ci)


def transaction_of(answer):
    return find(answer["serverSigned1"], 0x30, 0x80)
