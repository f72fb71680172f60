#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
''''exec "$("$TERN_SOURCE/scripts/venv")" "$0" "$@" # '''
"""Conformance of the SM-DS: ES11, ES12, the cascade, and an SM-DP+ that announces its orders."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rsp import report as reports, smds_es11, smds_es12, smds_story  # noqa: E402
from rsp.bench import Pki  # noqa: E402


def main():
    folder = tempfile.mkdtemp(prefix="tern-smds-")
    report = reports.Report("SM-DS conformance")
    pki = Pki(os.path.join(folder, "pki"))
    for part in (smds_es12, smds_es11, smds_story):
        part.run(report, pki, os.path.join(folder, part.__name__))
    code = report.finish(at_least=55)
    if code == 0:
        shutil.rmtree(folder)
    else:
        print("kept: %s" % folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
