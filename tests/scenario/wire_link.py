#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Downloads over bad links, between real processes, with tern sim link in the middle.

The link is cut at packet n, for every n of a download, and the device comes back from another
address: it completes, pays no more of the body twice than was in flight, and where a session was,
it is resumed and not made anew. Then everything at once: loss, reordering, duplication, NAT.
"""
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TERN = os.environ["TERN"]
SMDP = "smdp.example"
EIM = "eim.example"
WINDOW = 4             # blocks in flight, the carrier's default
BLOCK = 28 + 37 + 1080  # a block of 1,024 with CoAP, DTLS, UDP and IP
WAKES = 4              # of a device whose exchange was lost, at most
ACK_MS = 200           # a patient device would make a patient test
CARRIERS = ["coaps"] * 5 + ["oscore"] * 2  # a device each
BASE = tempfile.mkdtemp(prefix="tern-link-")
PROCESSES = []
LOCK = threading.Lock()
PORTS = {}


def path(*names):
    return os.path.join(BASE, *names)


def tern(*arguments, expect=0):
    done = subprocess.run([TERN, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"tern {' '.join(map(str, arguments))}: {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def serve(name, *arguments):
    ready = path(name + ".ready")
    log = open(path(name + ".log"), "a", encoding="utf-8")
    process = subprocess.Popen([TERN, *map(str, arguments), "--ready", ready], stderr=log,
                               stdout=subprocess.PIPE, text=True)
    with LOCK:
        PROCESSES.append(process)
    deadline = time.monotonic() + 60
    while not os.path.exists(ready):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{name} did not start:\n{open(path(name + '.log')).read()}")
        time.sleep(0.01)
    with open(ready, encoding="utf-8") as file:
        addresses = json.load(file)
    os.unlink(ready)
    return process, addresses


def stop(process):
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    with LOCK:
        PROCESSES.remove(process)
    return out


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path(name), 0o600)
    return path(name)


def check(condition, text):
    if not condition:
        raise AssertionError("not so: " + text)


# ---- The world ----

def eid_of(number):
    digits = f"89049032{number:022}"
    return digits + f"{98 - int(digits + '00') % 97:02}"


def iccid_of(number):
    digits = f"8946020000000{number:05}"
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str((10 - total % 10) % 10)


class Profiles:
    """Ordered before the servers start; taken one at a time."""

    def __init__(self, kind, size, count, first):
        os.makedirs(path(kind))
        for number in range(first, first + count):
            described = write("profile.yaml", f"""
type: {kind}
iccid: "{iccid_of(number)}"
pins:
  pin1: {{value: "1234", enabled: no}}
usim:
  imsi: "24001{number:010}"
  mnc_length: 2
aka: {{algorithm: milenage, key: "465B5CE8B199B49FAA5F0A2EE238A6BC", opc: "CD63CB71954A9F4E48A5994E37A02BAF"}}
metadata: {{service_provider_name: Nordlys, profile_name: Nordlys IoT}}
""")
            tern("profile", "build", described, "--size", size,
                 "--output", path(kind, f"{iccid_of(number)}.upp"),
                 "--metadata", path(kind, f"{iccid_of(number)}.metadata"))
        tern("smdp", "profile", "import", "--data", path("smdp"), "--name", SMDP, "--type", kind,
             path(kind))
        done = tern("smdp", "order", "--data", path("smdp"), "--name", SMDP, "--operator", "op",
                    "--type", kind, "--count", count, "--csv", "-")
        self.left = [line.split(",") for line in done.stdout.splitlines()
                     if line.startswith("1$")]

    def take(self):
        with LOCK:
            code, _, iccid, *_ = self.left.pop()
        return code, iccid


class Device:
    def __init__(self, number, carrier):
        self.number, self.carrier, self.eid = number, carrier, eid_of(number)
        self.folder = path(f"device-{number}")
        self.ack_ms = ACK_MS
        os.makedirs(self.folder)

    def start(self):
        tern("euicc", "create", os.path.join(self.folder, "card"), "--pki", path("pki"), "--eid",
             self.eid)
        self.reader = "unix:" + path(f"card-{self.number}.sock")
        serve(f"card-{self.number}", "euicc", "serve", "--fast",
              os.path.join(self.folder, "card"), "--listen", self.reader)
        link = "unix:" + path(f"bind-{self.number}.sock")
        server, _ = serve(f"bind-{self.number}", "ipa", "commission-serve", "--reader", self.reader,
                          "--state", os.path.join(self.folder, "ipa"), "--link", link, "--json",
                          "--feature", "indirect")
        code = json.loads(server.stdout.readline())["pairing_code"]
        tern("ipa", "commission", "--link", link, "--code", code, "--enrol", path("enrol.der"),
             "--out", os.path.join(self.folder, "device.json"))
        server.wait(30)
        with LOCK:
            PROCESSES.remove(server)
        eim("device", "import", os.path.join(self.folder, "device.json"))
        self.wake(PORTS[self.carrier])

    def wake(self, port, carrier=None):
        carrier = carrier or self.carrier
        at = 443 if carrier == "https" else 5684
        done = tern("ipa", "once", "--reader", self.reader, "--json", "--state",
                    os.path.join(self.folder, "ipa"), "--carrier", carrier, "--oscore",
                    path(f"oscore-{self.number}.yaml"), "--feature", "indirect", "--resolve",
                    f"{EIM}:{at}:127.0.0.1:{port}", "--retry-ms", 20, "--ack-timeout-ms", self.ack_ms,
                    expect=None)
        check(done.returncode in (0, 1), f"ipa once ends: {done.returncode} {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def download(self, profiles, *faults, carrier=None):
        """One download over a link with faults. What the link counted, and the time."""
        carrier = carrier or self.carrier
        kind = "tcp" if carrier == "https" else "udp"
        code, iccid = profiles.take()
        eim("download", self.eid, "--code", code)
        link, at = serve(f"link-{self.number}", "sim", "link", "--listen", f"{kind}:127.0.0.1:0", "--to",
                         f"127.0.0.1:{PORTS[carrier]}", *faults)
        begun = time.monotonic()
        # A request of several blocks that broke off begins again with the device's next wake.
        downloads = 0
        for _ in range(WAKES):
            report = self.wake(at["link"].rsplit(":", 1)[1], carrier)
            downloads += report["downloads"]
            if report["ok"]:
                break
        seconds = time.monotonic() - begun
        counted = json.loads(stop(link))
        what = f"{carrier} {' '.join(map(str, faults))}: {report} {counted}"
        check(report["ok"] and downloads == 1, "it completes: " + what)
        # The card has it, the eIM knows it, and it goes again.
        eim("profile", "delete", self.eid, iccid, "--force", "strand-device")
        report = self.wake(PORTS[self.carrier])
        check(report["ok"] and report["packages"] == 1, f"it can be deleted: {report}")
        return counted, seconds


def eim(*arguments):
    return tern("eim", *arguments, "--data", path("eim"))


def make_world(cuts):
    devices = [Device(i + 1, carrier) for i, carrier in enumerate(CARRIERS)]
    euiccs = [word for device in devices for word in ("--euicc", device.eid)]
    tern("pki", "init", path("pki"), "--smdp", SMDP, "--eim", EIM, "--operator", "op", *euiccs)
    small = Profiles("small", 2048, cuts, 1)
    large = Profiles("large", 12200, len(CARRIERS) + 2, 5001)
    keys = [f"  - {{secret: 000102030405060708090A0B0C0D0E0F, device: {device.number:02}, eim: 77}}\n"
            for device in devices]
    for device, key in zip(devices, keys):
        write(f"oscore-{device.number}.yaml", "oscore:\n" + key)
    write("oscore.yaml", "oscore:\n" + "".join(keys))
    _, at = serve("smdp", "smdp", "serve", "--data", path("smdp"), "--pki", path("pki"), "--name",
                  SMDP, "--listen-es9", "127.0.0.1:0")
    _, doors = serve("eim", "eim", "serve", "--data", path("eim"), "--pki", path("pki"),
                     "--listen-esipa", "127.0.0.1:0", "--listen-coaps", "127.0.0.1:0",
                     "--listen-oscore", "127.0.0.1:0", "--oscore", path("oscore.yaml"),
                     "--listen-api", "127.0.0.1:0", "--resolve", f"{SMDP}:443:{at['es9plus']}",
                     "--allow-network", "127.0.0.0/8", "--allow-port", "1-65535")
    for carrier, door in (("coaps", "coaps"), ("oscore", "oscore"), ("https", "esipa")):
        PORTS[carrier] = doors[door].rsplit(":", 1)[1]
    tern("eim", "enrol-file", "--pki", path("pki"), "--fqdn", EIM, "--protocol", "retrieve-coaps",
         "--protocol", "retrieve-https", "--protocol", "proprietary", "--output", path("enrol.der"))
    for device in devices:
        device.start()
    return devices, small, large


# ---- Cuts ----

def calm(device, profiles):
    """Two downloads over a good link: the first may fill caches, the second is the measure."""
    device.download(profiles)
    counted, _ = device.download(profiles)
    check(counted["handshakes"] == 0, f"{device.carrier}: the session is resumed: {counted}")
    return counted


def app(counted, way):
    return counted["bytes_" + way] - counted["handshake_bytes_" + way]


def cut_at(device, profiles, n, measure):
    counted, seconds = device.download(profiles, "--cut-at-packet", n, "--cut-ms", 100)
    again = max(app(counted, way) - app(measure, way) for way in ("down", "up"))
    what = f"{device.carrier}, cut at {n}: {again} bytes of bodies again in {seconds:.1f} s: {counted}"
    check(counted["cuts"] == 1, "the link was cut: " + what)
    check(again <= WINDOW * BLOCK, "no more is paid twice than was in flight: " + what)
    if device.carrier == "coaps":
        check(counted["handshakes"] == 0, "what is paid again is a resumption: " + what)
        check(counted["resumptions"] >= 1, "there is one: " + what)
    check(seconds < 40, "in bounded time: " + what)
    return again, counted


def all_cuts(device, profiles, numbers, measure):
    worst = 0
    resumptions = 0
    handshake_bytes = 0
    for n in numbers:
        again, counted = cut_at(device, profiles, n, measure)
        worst = max(worst, again)
        resumptions += counted["resumptions"]
        handshake_bytes += counted["handshake_bytes_up"] + counted["handshake_bytes_down"]
    return worst, resumptions, handshake_bytes


def cuts(devices, profiles, pool):
    measures = {}
    for carrier in ("coaps", "oscore"):
        device = next(d for d in devices if d.carrier == carrier)
        measures[carrier] = calm(device, profiles)
    jobs = []
    for device in devices:
        same = [other for other in devices if other.carrier == device.carrier]
        measure = measures[device.carrier]
        packets = measure["packets_up"] + measure["packets_down"]
        numbers = range(1 + same.index(device), packets + 1, len(same))
        jobs.append((device, pool.submit(all_cuts, device, profiles, numbers, measure)))
    for device, job in jobs:
        worst, resumptions, spent = job.result()
        print(f"ok {device.carrier}, device {device.number}: cut at its share of all packets, at "
              f"most {worst} bytes of bodies paid twice; {resumptions} resumptions, {spent} bytes "
              "of handshakes")


# ---- Everything at once ----

def storm(device, profiles, seed):
    counted, seconds = device.download(profiles, "--loss", 10, "--reorder", 10, "--duplicate", 10,
                                       "--rebind-every", 9, "--seed", seed)
    what = f"{device.carrier}, seed {seed}, {seconds:.1f} s: {counted}"
    for kind in ("dropped", "duplicated", "reordered", "rebinds"):
        check(counted[kind] > 0, f"something was {kind}: " + what)
    check(counted["handshakes"] == 0, "no handshake is whole: " + what)
    check(seconds < 90, "in bounded time: " + what)
    return what


# ---- A link by its name ----

def named(device, profiles):
    """LTE-M: 200 kbit/s down, 150 ms there and back. The bytes alone take longer than 0.5 s."""
    device.ack_ms = 2000  # as RFC 7252 has it: longer than a round trip
    for carrier in (device.carrier, "https"):
        counted, seconds = device.download(profiles, "--preset", "lte-m", "--seed", 3,
                                           carrier=carrier)
        what = f"{carrier} over lte-m, {seconds:.1f} s: {counted}"
        check(12200 < app(counted, "down") < 20000, "the profile came through it once: " + what)
        check(0.5 + 6 * 0.15 < seconds < 60, "rate and delay hold it up: " + what)
        if carrier == "https":
            check(counted["connections"] >= 1, "over TCP: " + what)
        print("ok", what)


def main():
    devices, small, large = make_world(cuts=100)
    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        cuts(devices, small, pool)
        for job in [pool.submit(storm, device, large, 20 + device.number) for device in devices]:
            print("ok", job.result())
    named(devices[0], large)


try:
    main()
finally:
    for left in PROCESSES:
        left.kill()
        left.wait()
    shutil.rmtree(BASE, ignore_errors=True)
