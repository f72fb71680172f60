#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
''''exec "$("$TERN_SOURCE/scripts/venv")" "$0" "$@" # '''
"""Conformance of the SM-DP+: every success and every error of ES9+ and ES2+, from outside.

The client plays eUICC, LPA and operator with its own DER, JSON and certificates. It prints a table
by section of SGP.22; rows that rest on what our source marks as uncertain say so.
"""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rsp import report as reports, smdp_asn1, smdp_curves, smdp_download  # noqa: E402
from rsp import smdp_es2plus, smdp_es9plus, smdp_operation  # noqa: E402
from rsp.bench import Pki, Smdp  # noqa: E402



def main():
    folder = tempfile.mkdtemp(prefix="tern-smdp-")
    report = reports.Report("SM-DP+ conformance")
    pki = Pki(os.path.join(folder, "pki"))
    server = Smdp(pki, os.path.join(folder, "one"), "--attempts", "4", "--confirmation-failures",
                  "2")
    server.add(90, "plain")
    server.add(4, "sessions", "--session-keys", size=5000)
    server.add(2, "ppr", ppr=b"\x06\x40")
    server.add(2, "test", profile_class=0)
    server.add(2, "tuak", services=(0x81, 0x85, 0x90))
    server.add(2, "owned", "--owner", "op.two.example")
    server.add(1, "last")
    try:
        server.start()
        for part in (smdp_es9plus, smdp_download, smdp_asn1, smdp_es2plus):
            part.run(report, server)
        smdp_operation.run(report, server, folder)
        smdp_curves.run(report, folder)
    finally:
        server.stop()
    code = report.finish(at_least=205)
    if code == 0:
        shutil.rmtree(folder)
    else:
        print("kept: %s" % folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
