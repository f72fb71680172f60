#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
''''exec "$("$TERN_SOURCE/scripts/venv")" "$0" "$@" # '''
"""SIGKILL of the eIM, again and again, under load: nothing is lost, nothing is done twice.

Devices poll, execute and report, operators queue with idempotency keys, while the server dies by
SIGKILL between accepting a message and answering it: before the engine saw it, or after its change
was durable and before a byte left. Every kill is logged by the server at that moment; a round that
ends without such a line fails. Afterwards each operation exists once, each package was executed
once, each counter was used once, and every notification reached the SM-DP+.

TERN_EIM_KILLS sets how many times (default 60; hundreds in the nightly run).
"""
import base64
import http.client
import os
import random
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["TERN_SOURCE"], "tests", "conformance"))

from eimkit.der import child, integer, one, path, read, tlv  # noqa: E402
from eimkit.packages import ICCID_VALUE, NOTHING  # noqa: E402
from eimkit.world import Asn1, Device, Eim, Json, Pki, SMDP, SMDS, Smdp, folder  # noqa: E402

KILLS = int(os.environ.get("TERN_EIM_KILLS", "60"))
DEVICES = 4
DEADLINE_S = 420


class Gone(Exception):
    """The server died under this request."""


class Player(threading.Thread):
    """A device and the operator who gives it work."""

    def __init__(self, eim, pki, index, stop):
        super().__init__(daemon=True)
        self.eim, self.stop, self.index = eim, stop, index
        self.device = Device(eim, pki, index, token=index + 1)
        self.binding = Json if index % 2 else Asn1
        self.wire = None
        self.queued = {}      # operation id -> reference
        self.executed = {}    # counter -> (package, result)
        self.notified = []
        self.error = None
        self.random = random.Random(index)

    def retry(self, run):
        """Until the server answers: what a device and a client of the API do."""
        while True:
            try:
                return run()
            except (OSError, http.client.HTTPException, Gone):
                self.wire = None
                if self.stop.is_set() and self.eim.given_up:
                    raise
                time.sleep(0.01)

    def call(self, message):
        def run():
            if self.wire is None:
                self.wire = self.binding(self.eim)
            status, body = self.wire.call(message)
            if status in (503, 404):
                raise Gone()
            return status, body
        return self.retry(run)

    def queue(self):
        number = len(self.queued) + 1
        body = {"kind": "package", "commands": [{"command": "get-rat"}],
                "reference": "%d-%d" % (self.index, number)}

        def run():
            connection = self.eim.api_connect()
            headers = {"Authorization": "Bearer " + self.eim.token,
                       "Content-Type": "application/json",
                       "Idempotency-Key": body["reference"]}
            import json
            connection.request("POST", "/api/v1/devices/%s/operations" % self.device.eid_text,
                               json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
            connection.close()
            if response.status >= 500:
                raise Gone()
            assert response.status == 201, (response.status, data)
            return json.loads(data)["id"]
        self.queued[self.retry(run)] = body["reference"]

    def execute(self, package):
        """As an eUICC does: once, with a result that is kept until it is acknowledged."""
        value = one(package)[1]
        counter = int.from_bytes(child(child(value, 0x30), 0x81), "big")
        if counter in self.executed:
            kept, result, sequence = self.executed[counter]
            assert kept == package, "counter %d with other bytes" % counter
            transaction = child(child(value, 0x30), 0x82)
            return self.device.error(counter, transaction, 4), None, (result, sequence)
        number, transaction, _ = self.device.open_package(package)
        result = self.device.result(number, transaction, [tlv(0xA6)])
        self.device.counter = number
        self.executed[number] = (package, result, self.device.sequence)
        return result, self.device.sequence, None

    def turn(self):
        if self.random.random() < 0.5 and not self.stop.is_set():
            self.queue()
        if self.random.random() < 0.2:
            _, other = self.device.other(bytes.fromhex("0640"), SMDP, ICCID_VALUE)
            self.notified.append(other)
            status, _ = self.call(tlv(0xBF3D, tlv(0xA0, other)))
            assert status == 204, status
        status, answer = self.call(tlv(0xBF4F, tlv(0x5A, self.device.eid)))
        assert status == 200
        if answer == NOTHING:
            return False
        content = one(answer)[1]
        tag, inner, _ = one(content)
        if tag == 0xBF51:
            result, sequence, kept = self.execute(content)
            if self.random.random() < 0.1 and kept is None:
                return True  # power cut of the device: the result is never sent by itself
            self.provide(result, sequence)
        elif tag == 0xBF52:
            results = b"".join(result for _, result, _ in self.executed.values()) \
                if b"\xA2" in child(inner, 0x5C) else None
            self.provide(tlv(0xBF52, tlv(0xA0, tlv(0xA2, results) if results else None,
                                         tlv(0x87, child(inner, 0x83)))), None)
        else:
            raise AssertionError("tag %X" % tag)
        return True

    def provide(self, content, sequence):
        status, answer = self.call(tlv(0xBF50, tlv(0x5A, self.device.eid), content))
        assert status == 200
        if sequence is not None:
            acks = path(answer, 0xBF50, 0xBF53)
            assert acks is not None, "result not acknowledged: %s" % answer.hex()
            assert sequence in [int.from_bytes(c, "big") for _, c, _ in read(acks)]

    def run(self):
        try:
            idle = 0
            while not (self.stop.is_set() and idle > 2):
                idle = 0 if self.turn() else idle + 1
        except Exception as problem:
            if not self.eim.given_up:
                self.error = problem
                self.stop.set()


class Mortal(Eim):
    """A server that knows at which message it will die."""
    given_up = False

    def api_connect(self):
        from eimkit.world import Connection, EIM
        return Connection(self.api_address, EIM, self.ca)

    def live(self, rng, moment):
        """Run until the kill; returns True when the server logged where."""
        before = os.path.getsize(self.log_path)
        self.start({"TERN_TEST_KILL": "%s:%d" % (moment, rng.randint(2, 12))})
        code = self.process.wait(60)
        self.log.close()
        with open(self.log_path, "rb") as log:
            log.seek(before)
            text = log.read()
        assert code == -signal.SIGKILL, "ended by itself with %d: %s" % (code, text[-2000:])
        return moment.encode() in text and b"kill" in text


def check(player, eim, smdp):
    shown = eim.api("GET", "/devices/%s/operations?limit=1000" % player.device.eid_text)["items"]
    while True:
        more = eim.api("GET", "/devices/%s/operations?limit=1000&after=%s" % (
            player.device.eid_text, shown[-1]["id"].rsplit("-", 1)[1]))["items"] if shown else []
        if not more:
            break
        shown += more
    ours = [item for item in shown if "reference" in item]
    assert len(ours) == len(player.queued), "%d operations, %d queued" % (len(ours),
                                                                        len(player.queued))
    references = [item["reference"] for item in ours]
    assert len(set(references)) == len(references), "an operation was made twice"
    for item in ours:
        assert item["state"] == "done", item
    counters = [item["counter"] for item in ours]
    assert len(set(counters)) == len(counters), "a counter was used twice"
    assert set(counters) == set(player.executed), "executed and recorded are not the same"
    for other in player.notified:
        wanted = base64.b64encode(other).decode()
        deadline = time.monotonic() + 30
        while not any(name == "handleNotification" and body["pendingNotification"] == wanted
                      for name, body in list(smdp.requests)):
            assert time.monotonic() < deadline, "a notification was lost"
            time.sleep(0.05)
    return len(ours)


def main():
    place = folder()
    pki = Pki(place, os.environ["TERN"])
    smdp, smds = Smdp(pki), Smdp(pki, SMDS, "smds")
    eim = Mortal(os.environ["TERN"], place, pki, smdp.port, smds.port)
    eim.log_path = os.path.join(place, "eim.log")
    stop = threading.Event()
    players = [Player(eim, pki, index, stop) for index in range(DEVICES)]
    for player in players:
        eim.api("POST", "/devices", player.device.enrolment())
    eim.stop()
    rng = random.Random(32)
    logged = {"accepted": 0, "answering": 0}
    start = time.monotonic()
    for player in players:
        player.start()
    rounds = 0
    for rounds in range(1, KILLS + 1):
        moment = "answering" if rng.random() < 0.7 else "accepted"
        logged[moment] += eim.live(rng, moment)
        if stop.is_set() or time.monotonic() - start > DEADLINE_S:
            break
    stop.set()
    eim.start()
    for player in players:
        player.join(60)
    errors = [player.error for player in players if player.error is not None]
    try:
        if not errors:
            operations = sum(check(player, eim, smdp) for player in players)
    finally:
        eim.given_up = True
        eim.stop()
    if errors:
        print("kept: %s" % place)
        raise errors[0]
    print("%d kills, logged between accepting and answering: %d before the engine, %d after the "
          "commit; %d operations, %d notifications, none lost, none twice; %.0f s"
          % (rounds, logged["accepted"], logged["answering"], operations,
             sum(len(player.notified) for player in players), time.monotonic() - start))
    if sum(logged.values()) != rounds or rounds < min(KILLS, 20):
        print("a kill was not logged inside its window")
        return 1
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
