#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A download that nothing but an event began: an operator orders over ES2+ for an EID, the SM-DP+
leaves word at the SM-DS, eIM and IPA look there, the eUICC installs, the event disappears. Once
through the eIM, once by the IPA itself; with a confirmation code in between."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

TERN = os.environ["TERN"]
EID = "89044045930000000000002153893210"
SMDP, SMDS, EIM, OPERATOR = ("smdp.sweden.example", "smds.example", "eim.example.com", "sweden")
BASE = tempfile.mkdtemp(prefix="tern-smds-journey-")
PROCESSES = []
PORTS = {}


def path(*names):
    return os.path.join(BASE, *names)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tern(*arguments, expect=0):
    done = subprocess.run([TERN, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    if expect is not None and done.returncode != expect:
        sys.exit("tern %s: %d, not %d\n%s%s" % (" ".join(map(str, arguments)), done.returncode,
                                                expect, done.stdout, done.stderr))
    return done.stdout


def serve(name, *arguments):
    ready = path(name + ".ready")
    with open(path(name + ".log"), "a", encoding="utf-8") as log:
        process = subprocess.Popen([TERN, *map(str, arguments), "--ready", ready], stderr=log,
                                   stdout=subprocess.PIPE, text=True)
    PROCESSES.append(process)
    deadline = time.monotonic() + 60
    while not os.path.exists(ready):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("%s did not start:\n%s" % (name, open(path(name + ".log")).read()))
        time.sleep(0.02)
    os.unlink(ready)
    return process


def check(condition, text):
    if not condition:
        sys.exit("not so: " + text)
    print("ok", text)


def build_profiles(count):
    os.makedirs(path("profiles"))
    for n in range(1, count + 1):
        with open(path("p.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""
type: sweden-iot
iccid: "894600000000000{n:03}3"
pins: {{pin1: {{value: "1234", enabled: no}}}}
usim: {{imsi: "24001000000{n:04}", mnc_length: 2}}
aka: {{algorithm: milenage, key: "465B5CE8B199B49FAA5F0A2EE238A6BC", opc: "CD63CB71954A9F4E48A5994E37A02BAF"}}
metadata: {{service_provider_name: Sverige, profile_name: Sverige IoT}}
""")
        tern("profile", "build", path("p.yaml"), "--output", path("profiles", f"{n}.upp"),
             "--metadata", path("profiles", f"{n}.metadata"))


def order(*more):
    name = "%s:%d" % (SMDP, PORTS["es2"])
    return json.loads(tern("smdp", "order", "--es2", "https://" + name, "--resolve",
                           name + ":127.0.0.1", "--pki", path("pki"), "--operator", OPERATOR,
                           "--type", "sweden-iot", "--eid", EID, "--smds",
                           "%s:%d" % (SMDS, PORTS["es12"]), "--json", *more))


def events():
    return [json.loads(line) for line in tern("smds", "show", "--data", path("smds")).splitlines()]


def state_of(iccid):
    for line in tern("smdp", "show", "profiles", "--data", path("smdp"), "--json").splitlines():
        row = json.loads(line)
        if row["iccid"] == iccid.rstrip("F"):
            return row["state"]
    return None


def once(*more):
    arguments = ["ipa", "once", "--reader", f"unix:{path('card.sock')}", "--state", path("state"),
                 "--ca", path("pki/p256/ci.pem"), "--retry-ms", 20, "--json", *more]
    for name, port in ((EIM, PORTS["esipa"]), (SMDP, PORTS["es9"]), (SMDS, PORTS["es11"])):
        arguments += ["--resolve", f"{name}:{443 if name == EIM else port}:127.0.0.1:{port}"]
    out = tern(*arguments, expect=None)
    return json.loads(out) if out else {}


def operations():
    listed = json.loads(tern("eim", "operation", "list", "--data", path("eim"), "--json"))
    return listed if isinstance(listed, list) else listed.get("items", listed.get("operations"))


def download(*features, code=None):
    tern("eim", "download", EID, "--smds", "%s:%d" % (SMDS, PORTS["es11"]), "--data", path("eim"),
         *(["--confirmation-code", code] if code else []))
    names = []
    for _ in range(4):
        result = once(*features)
        names += [message["name"] for message in result.get("messages", [])]
        if operations()[-1]["state"] in ("done", "failed"):
            break
    return operations()[-1], names


def wait_for_events(count):
    deadline = time.monotonic() + 20
    while len(events()) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    check(len(events()) == count, "%d events are left at the SM-DS" % count)


def start():
    for name in ("es9", "es2", "es11", "es12", "esipa"):
        PORTS[name] = free_port()
    tern("pki", "init", path("pki"), "--smdp", SMDP, "--smds", SMDS, "--eim", EIM, "--euicc", EID,
         "--operator", OPERATOR)
    build_profiles(3)
    address = "%s:%d" % (SMDP, PORTS["es9"])
    tern("smdp", "profile", "import", "--data", path("smdp"), "--name", address, "--type",
         "sweden-iot", path("profiles"))
    tern("euicc", "create", path("card"), "--pki", path("pki"), "--eid", EID, "--memory", 1000000)
    serve("card", "euicc", "serve", path("card"), "--listen", f"unix:{path('card.sock')}")
    serve("smds", "smds", "serve", "--data", path("smds"), "--pki", path("pki"), "--name",
          "%s:%d" % (SMDS, PORTS["es11"]), "--listen-es11", "127.0.0.1:%d" % PORTS["es11"],
          "--listen-es12", "127.0.0.1:%d" % PORTS["es12"])
    serve("smdp", "smdp", "serve", "--data", path("smdp"), "--pki", path("pki"), "--name", address,
          "--listen-es9", "127.0.0.1:%d" % PORTS["es9"], "--listen-es2",
          "127.0.0.1:%d" % PORTS["es2"], "--resolve", f"{SMDS}:{PORTS['es12']}:127.0.0.1")
    serve("eim", "eim", "serve", "--data", path("eim"), "--pki", path("pki"), "--listen-esipa",
          "127.0.0.1:%d" % PORTS["esipa"], "--listen-api", "127.0.0.1:0", "--resolve",
          f"{SMDP}:{PORTS['es9']}:127.0.0.1", "--resolve", f"{SMDS}:{PORTS['es11']}:127.0.0.1",
          "--allow-network", "127.0.0.0/8", "--allow-port", "1024-65535")
    tern("eim", "enrol-file", "--pki", path("pki"), "--fqdn", EIM, "--output", path("enrol.der"))
    link = serve("link", "ipa", "commission-serve", "--reader", f"unix:{path('card.sock')}",
                 "--state", path("state"), "--link", f"unix:{path('link.sock')}", "--json")
    code = json.loads(link.stdout.readline())["pairing_code"]
    tern("ipa", "commission", "--link", f"unix:{path('link.sock')}", "--code", code, "--enrol",
         path("enrol.der"), "--out", path("device.json"), "--label", "sensor")
    link.wait(30)
    PROCESSES.remove(link)
    tern("eim", "device", "import", path("device.json"), "--data", path("eim"))


def main():
    start()
    first = order()
    check(first["activationCode"] == "" and events()[0]["eventId"] == first["matchingId"],
          "an order for the SM-DS needs no activation code: the event carries it")
    operation, names = download("--feature", "indirect")
    check(operation["state"] == "done", "through the eIM, from event to installation: %s" % operation)
    check(state_of(first["iccid"]) == "Installed", "the SM-DP+ knows that it is installed")
    wait_for_events(0)

    second = order()
    operation, names = download("--feature", "direct", "--prefer-direct")
    check(operation["state"] == "done" and state_of(second["iccid"]) == "Installed",
          "the IPA itself, from the SM-DS to the SM-DP+: %s" % names)
    wait_for_events(0)

    third = order("--confirmation-code", "4711")
    operation, _ = download("--feature", "indirect", code="0815")
    check(operation["state"] == "failed" and state_of(third["iccid"]) == "Released",
          "with the wrong confirmation code there is no profile")
    operation, _ = download("--feature", "indirect", code="4711")
    check(operation["state"] == "done" and state_of(third["iccid"]) == "Installed",
          "with the right one there is: %s" % operation)
    wait_for_events(0)

    operation, _ = download("--feature", "indirect")
    check(operation["state"] != "done", "no event, no download: %s" % operation.get("state"))


try:
    main()
finally:
    for process in PROCESSES:
        process.kill()
        process.wait()
    subprocess.run(["rm", "-rf", BASE], check=False)
