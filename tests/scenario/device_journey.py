#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device between real processes: eIM, SM-DP+, eUICC, IPA. Commissioning and its refusals, TLS that
is not what was configured, downloads both ways, power cuts, memory that does not grow with a
profile."""
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TERN = os.environ["TERN"]
EID = "89044045930000000000002153893210"
SMDP = "smdp.sweden.example"
EIM = "eim.example.com"
IPA = "sensor.device.example"
QUIET = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}
BASE = tempfile.mkdtemp(prefix="tern-device-")
PROCESSES = []


def path(*names):
    return os.path.join(BASE, *names)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tern(*arguments, expect=0):
    done = subprocess.run([TERN, *map(str, arguments)], capture_output=True, text=True, env=QUIET,
                          timeout=120)
    if expect is not None and done.returncode != expect:
        sys.exit(f"tern {' '.join(map(str, arguments))}: {done.returncode}, not {expect}\n"
                 f"{done.stdout}{done.stderr}")
    return done


def serve(name, *arguments):
    ready = path(name + ".ready")
    log = open(path(name + ".log"), "a", encoding="utf-8")
    process = subprocess.Popen([TERN, *map(str, arguments), "--ready", ready], stderr=log,
                               stdout=subprocess.PIPE, text=True, env=QUIET)
    PROCESSES.append(process)
    deadline = time.monotonic() + 60
    while not os.path.exists(ready):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{name} did not start:\n{open(path(name + '.log')).read()}")
        time.sleep(0.02)
    os.unlink(ready)
    return process


def stop(process):
    process.terminate()
    process.wait(30)
    PROCESSES.remove(process)


def check(condition, text):
    if not condition:
        sys.exit("not so: " + text)
    print("ok", text)


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return path(name)


# ---- The world ----

def describe(n):
    return write(f"p{n}.yaml", f"""
type: sweden-iot
iccid: "894600000000000{n:03}3"
pins:
  pin1: {{value: "1234", enabled: no}}
usim:
  imsi: "24001000000{n:04}"
  mnc_length: 2
aka: {{algorithm: milenage, key: "465B5CE8B199B49FAA5F0A2EE238A6BC", opc: "CD63CB71954A9F4E48A5994E37A02BAF"}}
metadata:
  service_provider_name: Sverige
  profile_name: Sverige IoT
""")


ICCIDS = {}


def build_profile(n, size=None):
    os.makedirs(path("profiles"), exist_ok=True)
    arguments = ["profile", "build", describe(n), "--output", path("profiles", f"{n}.upp"),
                 "--metadata", path("profiles", f"{n}.metadata"), "--json"]
    if size:
        arguments += ["--size", size]
    tern(*arguments)
    ICCIDS[n] = f"894600000000000{n:03}3"
    for ending in ("upp", "metadata"):
        os.rename(path("profiles", f"{n}.{ending}"), path("profiles", f"{ICCIDS[n]}.{ending}"))


def activation_code(n):
    done = tern("smdp", "order", "--data", path("smdp"), "--name", f"{SMDP}:{smdp_port}",
                "--operator", "sweden", "--iccid", ICCIDS[n], "--json")
    return json.loads(done.stdout)["activationCode"]


def once(*more, expect=0, state="state"):
    done = tern("ipa", "once", "--reader", f"unix:{path('card.sock')}", "--state", path(state),
                "--ca", path("pki/p256/ci.pem"), "--resolve", f"{EIM}:443:127.0.0.1:{eim_port}",
                "--resolve", f"{SMDP}:{smdp_port}:127.0.0.1", "--retry-ms", 20, "--json", *more,
                expect=expect)
    return json.loads(done.stdout) if done.stdout else {}


def eim(*arguments, expect=0):
    return tern("eim", *arguments, "--data", path("eim"), expect=expect)


def operations():
    listed = json.loads(eim("operation", "list", "--json").stdout)
    return listed if isinstance(listed, list) else listed.get("items", listed.get("operations"))


def states():
    return [operation["state"] for operation in operations()]


# ---- Commissioning ----

def commission_server(state, *more):
    process = serve("link", "ipa", "commission-serve", "--reader", f"unix:{path('card.sock')}",
                    "--state", path(state), "--link", f"unix:{path('link.sock')}", "--json", *more)
    return process, json.loads(process.stdout.readline())["pairing_code"]


def commission(code, expect, enrol="enrol.der"):
    return tern("ipa", "commission", "--link", f"unix:{path('link.sock')}", "--code", code,
                "--enrol", path(enrol), "--out", path("device.json"), "--label", "sensor",
                expect=expect)


def commissioning():
    server, code = commission_server("state")
    check(len(code) == 16, "a pairing code has 16 characters of base 32: 80 bits")
    check(os.stat(path("state", "pairing-code")).st_mode & 0o777 == 0o600, "it is kept 0600")
    check(os.stat(path("link.sock")).st_mode & 0o777 == 0o600, "the link is its user's alone")
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    done = commission(wrong, 1)
    check("refused" in done.stderr, "one wrong character and the link stays shut")
    check(not os.path.exists(path("device.json")), "nothing came over it")
    stop(server)
    server, again = commission_server("state")
    check(again == code, "the code is the device's, not the process's")
    for _ in range(9):
        commission(wrong, 1)
    check(server.wait(30) == 1, "ten wrong proofs, counted over restarts, and the code is void")
    PROCESSES.remove(server)
    server, code2 = commission_server("state", "--new-code")
    check(code2 != code, "a new code is made by hand")
    dashed = "-".join(code2[i:i + 4] for i in range(0, 16, 4)).lower()
    commission(dashed, 0)
    check(server.wait(30) == 0, "an eIM is bound, the link closes")
    PROCESSES.remove(server)
    device = json.load(open(path("device.json"), encoding="utf-8"))
    check(device["eid"] == EID and device["eim_id"] == EIM and device["association_token"] >= 1,
          "EID and association token come back")
    check(all(device[name] for name in ("euicc_certificate", "eum_certificate", "euicc_info2",
                                        "ipa_capabilities", "device_info")), "and certificates")
    server, code3 = commission_server("state")
    done = commission(code3, 1)
    check("associatedEimAlreadyExists" in done.stderr, "a second first eIM is refused by the card")
    stop(server)
    eim("device", "import", path("device.json"))


# ---- TLS ----

def wrong_server():
    """The eIM's name leads to a server with another key: no request leaves the device."""
    result = json.loads(tern(
        "ipa", "once", "--reader", f"unix:{path('card.sock')}", "--state", path("other-state"),
        "--ca", path("pki/p256/ci.pem"), "--resolve", f"{EIM}:443:127.0.0.1:{smdp_port}",
        "--retry-ms", 20, "--json", expect=1).stdout)
    check(result["messages"][0]["outcome"] == "lost" and "certificate" in result["failure"],
          "a server with another key than the pinned one gets nothing")


# ---- Downloads ----

def download(n, *features, cut=None):
    code = activation_code(n)
    eim("download", EID, "--code", code)
    if cut:
        once(*features, *cut, expect=3)
    result = once(*features, expect=None)
    for _ in range(3):
        if states()[-1] in ("done", "failed"):
            break
        result = once(*features, expect=None)
    return result


def downloads():
    result = download(1, "--feature", "indirect")
    check(states()[-1] == "done" and result["downloads"] == 1, "a download through the eIM, in full")
    result = download(3, "--feature", "direct")
    names = [message["name"] for message in result["messages"]]
    check(states()[-1] == "done" and "ES9+.HandleNotification" in names, f"a direct download: {names}")
    eim("data", EID)
    result = once("--feature", "indirect,minimize,eim-download-data")
    check(result["data_requests"] == 1, "the eIM learns certificates and EUICCInfo2 once")
    small = download(2, "--feature", "indirect,minimize,eim-download-data")
    up = sum(message["request"] for message in small["messages"])
    check(states()[-1] == "done" and up < 700, f"the next one is compact: {up} bytes up")
    eim("profile", "enable", EID, ICCIDS[1])
    result = once()
    check(states()[-1] == "done" and result["packages"] == 1 and result["results"] == 1,
          "an enable is executed, reported and acknowledged")


def power_cuts():
    """Cut behind some writes to the card, in a download and between an enable and its report."""
    for n, writes in ((4, 14), (5, 18), (6, 22)):
        download(n, "--feature", "indirect,minimize,eim-download-data", cut=("--stop-after", writes))
        check(states()[-1] == "done", f"a download cut at write {writes} is done on the next wake")
    eim("profile", "enable", EID, ICCIDS[4])
    once("--stop-after-exchanges", 1, expect=3)
    once("--stop-after", 8, expect=3)
    once()
    shown = eim("operation", "list", "--json").stdout
    check(states()[-1] == "done", "an enable cut before and behind its execution is done once")
    check(shown.count('"replayError"') == 0, "and not done again")


def memory():
    """Peak memory of the whole process, for 1 KB and for 100 KB."""
    peaks = {}
    for n, size in ((7, 1000), (8, 100000)):
        eim("download", EID, "--code", activation_code(n))
        result = once("--feature", "indirect,minimize,eim-download-data")
        check(states()[-1] == "done", f"a profile of {size} bytes is installed")
        peaks[n] = result["peak_bytes"]
    check(peaks[7] == peaks[8],
          f"heap at its peak is the same for 1 KB and 100 KB: {peaks[7]} and {peaks[8]} bytes")


def injection():
    """The eIM calls the IPA: a switch of profiles, a download, and a stranger who is refused."""
    server = serve("ipa", "ipa", "run", "--reader", f"unix:{path('card.sock')}", "--state",
                   path("state"), "--ca", path("pki/p256/ci.pem"), "--resolve",
                   f"{EIM}:443:127.0.0.1:{eim_port}", "--resolve", f"{SMDP}:{smdp_port}:127.0.0.1",
                   "--listen", f"127.0.0.1:{ipa_port}", "--certificate",
                   path(f"pki/p256/eim/{IPA}/tls.pem"), "--key", path(f"pki/p256/eim/{IPA}/tls.key"),
                   "--feature", "indirect,minimize,eim-download-data", "--json")
    eim("device", "set", EID, "--address", f"{IPA}:{ipa_port}")
    eim("profile", "enable", EID, ICCIDS[2], "--wait", "--timeout", 30)
    check(states()[-1] == "done", "an injected enable is executed, its result comes back")
    eim("download", EID, "--code", activation_code(9), "--wait", "--timeout", 30)
    check(states()[-1] == "done", "an injected download is accepted and done")
    context = ssl.create_default_context(cafile=path("pki/p256/ci.pem"))
    context.load_cert_chain(path(f"pki/p256/smdp/{SMDP}/tls.pem"),
                            path(f"pki/p256/smdp/{SMDP}/tls.key"))
    with socket.create_connection(("127.0.0.1", ipa_port), 10) as plain:
        with context.wrap_socket(plain, server_hostname=IPA) as secure:
            secure.sendall(b"POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                           b"Content-Type: application/x-gsma-rsp-asn1\r\n\r\nx")
            answer = secure.recv(100).decode()
    check(" 403 " in answer, "a stranger under the same CI gets 403")
    stop(server)


def main():
    global smdp_port, eim_port, ipa_port
    smdp_port, eim_port, ipa_port = free_port(), free_port(), free_port()
    tern("pki", "init", path("pki"), "--curve", "p256", "--smdp", SMDP, "--eim", EIM, "--eim", IPA,
         "--euicc", EID, "--operator", "sweden")
    for n in (1, 2, 3, 4, 5, 6, 7, 9):
        build_profile(n)
    build_profile(8, 100000)
    tern("smdp", "profile", "import", "--data", path("smdp"), "--name", f"{SMDP}:{smdp_port}",
         "--type", "sweden-iot", path("profiles"))
    tern("euicc", "create", path("card"), "--pki", path("pki"), "--eid", EID, "--memory", 1000000)
    serve("card", "euicc", "serve", path("card"), "--listen", f"unix:{path('card.sock')}")
    serve("smdp", "smdp", "serve", "--data", path("smdp"), "--pki", path("pki"), "--name",
          f"{SMDP}:{smdp_port}", "--listen-es9", f"127.0.0.1:{smdp_port}")
    serve("eim", "eim", "serve", "--data", path("eim"), "--pki", path("pki"), "--listen-esipa",
          f"127.0.0.1:{eim_port}", "--listen-api", "127.0.0.1:0", "--resolve",
          f"{SMDP}:{smdp_port}:127.0.0.1", "--allow-network", "127.0.0.0/8", "--allow-port",
          "1024-65535", "--fqdn", EIM, "--eim-id", EIM, "--resolve",
          f"{IPA}:{ipa_port}:127.0.0.1")
    tern("eim", "enrol-file", "--pki", path("pki"), "--fqdn", EIM, "--eim-id", EIM, "--output",
         path("enrol.der"))
    commissioning()
    wrong_server()
    downloads()
    power_cuts()
    memory()
    injection()
    for process in list(PROCESSES):
        stop(process)


try:
    main()
finally:
    for process in PROCESSES:
        process.kill()
    subprocess.run(["rm", "-rf", BASE], check=False)
