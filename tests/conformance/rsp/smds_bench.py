# SPDX-License-Identifier: Apache-2.0
"""Running SM-DSs."""
import json
import os
import time

from .bench import OPERATOR, ROOT_SMDS, SMDP, SMDS, tern
from .euicc import challenge
from .wire import ES12, ES9, Peer, Server, context


class Smds:
    CALL = 0

    def __init__(self, pki, folder, name=SMDS, *options):
        os.makedirs(folder, exist_ok=True)
        self.pki, self.folder, self.name = pki, folder, name
        self.data = os.path.join(folder, "data")
        self.server = Server(["smds", "serve", "--data", self.data, "--pki", pki.folder, "--name",
                              name, "--listen-es11", "127.0.0.1:0", "--listen-es12", "127.0.0.1:0",
                              "--listen-admin", "127.0.0.1:0"]
                             + list(options), folder, os.path.join(folder, "log"))

    def start(self):
        self.server.start()
        ports = self.server.ports
        self.es11 = Peer(self.name, ports["es11"], context(self.pki.anchors))
        self.es12 = Peer(self.name, ports["es12"], self.pki.server_client(SMDP))
        self.other_es12 = Peer(self.name, ports["es12"],
                               self.pki.server_client(ROOT_SMDS, "smds"))
        self.stranger = Peer(self.name, ports["es12"], self.pki.client(OPERATOR))
        return self

    def stop(self):
        return self.server.stop()

    def events(self):
        lines = tern("smds", "show", "--data", self.data).splitlines()
        return [json.loads(line) for line in lines]

    def wait_for(self, count, seconds=20):
        deadline = time.monotonic() + seconds
        while len(self.events()) != count and time.monotonic() < deadline:
            time.sleep(0.05)
        found = self.events()
        assert len(found) == count, "%d events, wanted %d" % (len(found), count)
        return found

    def header(self):
        Smds.CALL += 1
        return {"functionRequesterIdentifier": SMDP, "functionCallIdentifier": str(Smds.CALL)}

    def register(self, eid, event_id, address=SMDP, forward=False, peer=None, path=ES12, **other):
        members = {"header": self.header(), "eid": eid, "eventId": event_id,
                   "rspServerAddress": address, "forwardingIndicator": forward}
        members.update(other)
        members = {key: value for key, value in members.items() if value is not None}
        return (peer or self.es12).call(path + "registerEvent", members)

    def delete(self, eid, event_id, peer=None, path=ES12, **other):
        members = {"header": self.header(), "eid": eid, "eventId": event_id}
        members.update(other)
        members = {key: value for key, value in members.items() if value is not None}
        return (peer or self.es12).call(path + "deleteEvent", members)

    # ---- ES11: the paths of ES9+ ----

    def initiate(self, euicc, **wrong):
        members = {"euiccChallenge": challenge(), "smdpAddress": self.name,
                   "euiccInfo1": euicc.info1()}
        members.update(wrong)
        return self.es11.call(ES9 + "initiateAuthentication", members)

    def authenticate(self, euicc, matching_id=None, answer=None, **wrong):
        answer = answer or self.initiate(euicc)
        assert answer.ok, answer.code
        message, _ = euicc.authenticate(answer, matching_id, **wrong)
        result = self.es11.call(ES9 + "authenticateClient",
                                {"transactionId": answer["transactionId"],
                                 "authenticateServerResponse": message})
        result.sent = message
        return result


def entries(answer):
    assert answer.ok, answer.code
    for entry in answer["eventEntries"]:
        assert set(entry) == {"eventId", "rspServerAddress"}, entry
    return sorted((e["eventId"], e["rspServerAddress"]) for e in answer["eventEntries"])
