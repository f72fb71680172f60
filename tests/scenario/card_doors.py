#!/usr/bin/env python3
"""tern euicc as a process: create, serve at each door, show. stdio speaks what lpac's stdio driver
speaks (sgp22.md 17.7); the sockets speak the framing of vpcd. Needs nothing but Python."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TERN = os.environ["TERN"]
EID = "89049032123451234512345678901235"
EID2 = "89049032123451234512345678901335"
ISDR = "A0000005591010FFFFFFFF8900000100"
GET_EID = "BF3E125A10" + EID
DEADLINE = 20


def tern(*arguments, check=0, stdin=None):
    done = subprocess.run([TERN, *arguments], input=stdin, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == check, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


class Served:
    """A process that is ready; ended by its pid."""

    def __init__(self, work, *arguments):
        ready = os.path.join(work, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        self.process = subprocess.Popen([TERN, "euicc", "serve", *arguments, "--ready", ready],
                                        stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + DEADLINE
        while not os.path.exists(ready):
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end, "not ready in time"
            time.sleep(0.01)
        self.address = json.load(open(ready, encoding="utf-8"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(DEADLINE)
        assert status == 0, (status, self.process.stderr.read())


class Reader:
    """The reader's side of vpcd."""

    def __init__(self, address):
        kind, rest = address.split(":", 1)
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(rest)
        else:
            host, port = rest.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(DEADLINE)
        self.send(b"\x01")

    def send(self, data):
        self.socket.sendall(struct.pack(">H", len(data)) + data)

    def receive(self):
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
            got = self.socket.recv(4096)
            assert got, "the card hung up"
            data += got
        return data[2:].hex().upper()

    def apdu(self, text):
        self.send(bytes.fromhex(text))
        return self.receive()


def stdio(card):
    requests = [
        {"func": "connect", "param": None},
        {"func": "transmit", "param": "80AA00000AA9088100820101830107"},
        {"func": "logic_channel_open", "param": ISDR},
        {"func": "transmit", "param": "81E2910006BF3E035C015A"},
        {"func": "transmit", "param": "81C0000015"},
        {"func": "logic_channel_open", "param": "A000000099"},
        {"func": "logic_channel_close", "param": "01"},
        {"func": "transmit", "param": "81E2910006BF3E035C015A"},
        {"func": "transmit", "param": "0"},
        {"func": "nonsense", "param": "00"},
        {"func": "disconnect", "param": None},
    ]
    lines = [json.dumps({"type": "apdu", "payload": request}) for request in requests]
    lines += ["no json", json.dumps({"type": "other"}), "x" * 9000]
    out = tern("euicc", "serve", card, "--stdio", stdin="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in out.splitlines()]
    assert all(answer["type"] == "apdu" for answer in answers)
    payloads = [answer["payload"] for answer in answers]
    assert payloads == [
        {"ecode": 0}, {"ecode": 0, "data": "9000"}, {"ecode": 1}, {"ecode": 0, "data": "6115"},
        {"ecode": 0, "data": GET_EID + "9000"}, {"ecode": -1}, {"ecode": 0},
        {"ecode": 0, "data": "6881"}, {"ecode": -1}, {"ecode": -1}, {"ecode": 0},
        {"ecode": -1}, {"ecode": -1}, {"ecode": -1}], payloads


def sockets(work, card, other):
    path = "unix:" + os.path.join(work, "card.sock")
    with Served(work, card, other, "--listen", path, "--listen", "127.0.0.1:0",
                "--trace", os.path.join(work, "trace")) as served:
        assert served.address["card"] == path and served.address[EID] == path
        first = Reader(path)
        first.send(b"\x04")
        assert first.receive() == "3B9F96803FC7828031A073BE2113674320071800000107"
        assert first.apdu("0070000001") == "019000"
        assert first.apdu("01A4040C10" + ISDR) == "9000"
        # A second reader shares the card; switching it on takes nothing from the first one.
        second = Reader(path)
        assert second.apdu("0070000001") == "029000"
        assert first.apdu("81E2910006BF3E035C015A") == "6115"
        assert first.apdu("81C0000015") == GET_EID + "9000"
        # A reset does, for both.
        second.send(b"\x02")
        second.send(b"\x04")
        second.receive()
        assert first.apdu("81E2910006BF3E035C015A") == "6881"
        # Frames in pieces and two in one.
        frame = struct.pack(">H", 5) + bytes.fromhex("0070000001")
        for byte in frame[:-1]:
            first.socket.sendall(bytes([byte]))
        first.socket.sendall(frame[-1:] + frame)
        answers = first.socket.recv(100)
        while len(answers) < 10:
            answers += first.socket.recv(100)
        assert answers == struct.pack(">H", 3) + b"\x01\x90\x00" + struct.pack(">H", 3) + \
            b"\x02\x90\x00", answers
        # The other card, on TCP.
        third = Reader(served.address[EID2])
        assert third.apdu("00A4040C10" + ISDR) == "9000"
        assert third.apdu("80E2910006BF3E035C015A00") == "BF3E125A10" + EID2 + "9000"
        # A card is used by one process at a time.
        tern("euicc", "show", card, check=2)
        # A frame longer than any command ends the connection, not the card.
        first.socket.sendall(struct.pack(">H", 60000))
        assert first.socket.recv(10) == b""
        assert second.apdu("00A40004023F00")[:2] == "61"
    assert len(os.listdir(os.path.join(work, "trace"))) > 10
    assert not os.path.exists(path[5:])


def power_cut(work, card):
    """The process dies in the middle of a write; the next one finds the state before it."""
    before = tern("euicc", "show", card, "--digest")
    path = "unix:" + os.path.join(work, "cut.sock")
    ready = os.path.join(work, "cut.json")
    process = subprocess.Popen([TERN, "euicc", "serve", card, "--listen", path, "--ready", ready,
                                "--power-cut-after", "1"])
    end = time.monotonic() + DEADLINE
    while not os.path.exists(ready):
        assert time.monotonic() < end
        time.sleep(0.01)
    reader = Reader(path)
    assert reader.apdu("00A4040C10" + ISDR) == "9000"
    reader.send(bytes.fromhex("80E2910006BF6503800161"))
    assert reader.socket.recv(10) == b"", "a card without power does not answer"
    assert process.wait(DEADLINE) == 75
    assert tern("euicc", "show", card, "--digest") == before
    with Served(work, card, "--listen", path) as served:
        reader = Reader(served.address["card"])
        assert reader.apdu("00A4040C10" + ISDR) == "9000"
        assert reader.apdu("80E2910006BF650380016100") == "BF65038001009000"
    assert tern("euicc", "show", card, "--digest") != before
    assert json.loads(tern("euicc", "show", card, "--json"))["defaultDpAddress"] == "a"


def show(card):
    for arguments in ([], ["--json"], ["--digest"]):
        out = tern("euicc", "show", card, *arguments)
        for folder, _, files in os.walk(os.path.join(card, "pki")):
            for name in files:
                if not name.endswith(".key"):
                    continue
                key = open(os.path.join(folder, name), encoding="ascii").read()
                body = "".join(key.splitlines()[1:-1])
                assert body[:40] not in out
    state = json.loads(tern("euicc", "show", card, "--json"))
    assert state["eid"] == EID and state["profiles"] == [] and state["eims"] == []


def main():
    with tempfile.TemporaryDirectory() as work:
        pki = os.path.join(work, "pki")
        card = os.path.join(work, "card")
        other = os.path.join(work, "other")
        tern("pki", "init", pki, "--curve", "both")
        tern("euicc", "create", card, "--pki", pki, "--eid", EID)
        tern("euicc", "create", card, "--pki", pki, "--eid", EID, check=1)
        tern("euicc", "create", other, "--pki", pki, "--eid", EID2, "--curve", "brainpool",
             "--quirk", "v1.0", "--memory", "65536", "--rat", "ppr1:240EEE:consent")
        tern("euicc", "create", os.path.join(work, "x"), "--pki", pki, "--eid", "12", check=2)
        tern("euicc", "create", os.path.join(work, "x"), "--pki", pki, "--eid", EID, "--quirk",
             "v9", check=2)
        tern("euicc", "create", os.path.join(work, "x"), "--pki", pki, "--eid", EID, "--rat",
             "ppr7:1", check=2)
        for name in os.listdir(card):
            mode = os.stat(os.path.join(card, name)).st_mode & 0o077
            assert mode == 0, (name, oct(mode))
        show(card)
        stdio(card)
        sockets(work, card, other)
        power_cut(work, card)
    print("create, stdio, two sockets, a power cut, show")


main()
sys.exit(0)
