#!/usr/bin/env python3
"""The SGP.26 test certificates of GSMA, with a pinned clock: every good chain is good, every
negative one is refused for its reason. Dates come from the openssl command."""
import datetime
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

TERN = os.environ["TERN"]
CERTS = os.path.join(os.environ["TERN_REFDATA"], "certs")
NOW = "2026-09-01"


def show(folder):
    out = subprocess.run([TERN, "pki", "show", folder, "--json", "--now", NOW],
                         capture_output=True, text=True)
    if out.returncode == 2:
        sys.exit(out.stderr)
    report = json.loads(out.stdout)
    return {os.path.basename(entry["path"]): entry for entry in report["certificates"]}, report


def expired(path):
    form = "PEM" if path.endswith(".pem") else "DER"
    line = subprocess.run(["openssl", "x509", "-inform", form, "-in", path, "-noout", "-enddate"],
                          capture_output=True, text=True, check=True).stdout.strip()
    parts = line.split("=")[1].split()
    if int(parts[3]) > 9000 or int(parts[3]) > 2100:
        return False
    end = datetime.datetime.strptime(" ".join(parts[:4]), "%b %d %H:%M:%S %Y")
    return end < datetime.datetime.strptime(NOW, "%Y-%m-%d")


def check(good, words):
    print(("ok    " if good else "WRONG ") + words)
    return good


def good_chains():
    good = True
    count = 0
    for folder in ("sgp26_nist", "sgp26_variant_o_eim", "sgp26_1ot_variant_o"):
        entries, report = show(os.path.join(CERTS, folder))
        good &= check(not report["problems"], f"{folder}: every file is read")
        for name, entry in entries.items():
            late = expired(entry["path"])
            count += 1
            good &= check(entry["ok"] != late and (not late or entry["why"] == "expired"),
                          f"{folder}/{name}: {entry['kind']} {entry['why'] or 'good'}")
    return good & check(count >= 15, f"{count} certificates")


def bad_chains():
    wanted = {
        "CERT_EUICC_ECDSA_NIST_EXPIRED.der": "expired",
        "CERT_EUICC_ECDSA_NIST_INVALID.der": "no trusted CI has its authorityKeyIdentifier",
        "CERT_EUICC_ECDSA_NIST_INVALID_EID.der": "the EUM's constraint does not permit this EID",
        # In the range of its EUM: only the EID asked for elsewhere tells (sgp22.md 10.3).
        "CERT_EUICC_ECDSA_NIST_UNMATCHED_EID.der": None,
        # These three say dp-auth in certificatePolicies; as EUMs their role is wrong anyway.
        "CERT_EUM_ECDSA_NIST_EXPIRED.der": "expired",
        "CERT_EUM_ECDSA_NIST_INVALID.der": "no trusted CI has its authorityKeyIdentifier",
        "CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der": "no trusted CI has its authorityKeyIdentifier",
        "CERT_UNKNOWN_CI_ECDSA_NIST.der": "no trusted CI has its authorityKeyIdentifier",
    }
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for pattern in ("invalid_cases/*.der", "sgp26_nist/CertificateIssuer/*.der",
                        "sgp26_nist/EUM/*.der"):
            for path in glob.glob(os.path.join(CERTS, pattern)):
                shutil.copy(path, folder)
        entries, _ = show(folder)
        for name, why in wanted.items():
            entry = entries[name]
            good &= check(entry["why"] == why and entry["ok"] == (why is None),
                          f"{name}: {entry['why'] or 'good'}")
            if "EUM" in name:
                good &= check(entry["role"] != "eum", f"{name}: its role is {entry['role']}")
    return good


def main():
    if not os.path.isdir(CERTS):
        print(f"skipped: no SGP.26 certificates at {CERTS}")
        sys.exit(77)
    good = good_chains()
    sys.exit(0 if bad_chains() and good else 1)


main()
