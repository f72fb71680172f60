#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/STATUS-CODES.md says what include/tern/status_code.h says, and names tests that produce it."""
import json
import os
import re
import subprocess
import sys

SOURCE = os.environ["TERN_SOURCE"]


def main():
    listed = subprocess.run([os.environ["TERN"], "smdp", "show", "codes", "--json"], check=True,
                            stdout=subprocess.PIPE).stdout.decode().splitlines()
    rows = [json.loads(line) for line in listed]
    wanted = {row["subject"] + "/" + row["reason"]: (row["meaning"], row["action"])
              for row in rows}
    with open(os.path.join(SOURCE, "docs", "STATUS-CODES.md"), encoding="utf-8") as file:
        page = file.read()
    found = {}
    faults = []
    for line in page.splitlines():
        match = re.match(r"\| ([\d.]+/[\d.]+) \| (.*?) \| (.*?) \| `(.*?)` \|$", line)
        if match:
            code, meaning, action, test = match.groups()
            found[code] = (meaning, action)
            with open(os.path.join(SOURCE, test), encoding="utf-8") as file:
                if code not in file.read():
                    faults.append("%s does not mention %s" % (test, code))
    for code in sorted(set(wanted) | set(found)):
        if wanted.get(code) != found.get(code):
            faults.append("%s: the page has %s, the list %s" % (code, found.get(code),
                                                                wanted.get(code)))
    for fault in faults:
        print(fault)
    print("%d codes" % len(wanted))
    return 1 if faults or len(wanted) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
