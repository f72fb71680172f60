#!/usr/bin/env python3
"""Hold what ESipa costs on the wire to tests/limits/wire.txt, which people write.

Also checks what makes the numbers believable: leaf certificates of at most 600 bytes, no handshake
where a session lives, a resumption where one is resumed, the messages of a wake adding up to it.
"""
import json
import os
import subprocess
import sys

SOURCE = os.environ["TERN_SOURCE"]
TERN = os.environ["TERN"]
LIMITS = os.path.join(SOURCE, "tests", "limits", "wire.txt")


def read_limits():
    rows = []
    for number, line in enumerate(open(LIMITS), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) == 2:
            rows.append((words[0], None, int(words[1])))
        elif len(words) == 4 and words[1] == "-":
            rows.append((words[0], words[2], int(words[3])))
        else:
            sys.exit(f"{LIMITS}:{number}: NAME BYTES, or NAME - NAME BYTES")
    return rows


def measure(names):
    run = subprocess.run([TERN, "bench", "wire", "--json", *sorted(names)],
                         capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        sys.exit(f"tern bench wire: exit {run.returncode}: {run.stderr}")
    rows = {}
    for line in run.stdout.splitlines():
        row = json.loads(line)
        rows[row["bench"]] = row
    return rows


def total(row):
    return row["bytes_up"] + row["bytes_down"]


def check_row(row):
    name = row["bench"]
    wrong = []
    whole, resumed = row["handshakes"], row["resumptions"]
    wanted = {"coaps_cert": (1, 0), "coaps_pinned": (1, 0), "coaps_psk": (1, 0),
              "coaps_resumed": (0, 1), "coaps_live": (0, 0), "oscore": (0, 0)}
    carrier = name.split(".")[1]
    if carrier in wanted and (whole, resumed) != wanted[carrier]:
        wrong.append(f"{name}: {whole} handshakes and {resumed} resumptions, not {wanted[carrier]}")
    for way in ("bytes_up", "bytes_down", "packets_up", "packets_down"):
        parts = sum(message[way] for message in row["messages"])
        if not 0 < parts <= row[way]:
            wrong.append(f"{name}: messages have {parts} {way}, the wake {row[way]}")
    if row["round_trips"] != len(row["messages"]):
        wrong.append(f"{name}: {row['round_trips']} round trips, {len(row['messages'])} messages")
    if name.endswith(".ts48") and total(row) < 12200:
        wrong.append(f"{name}: {total(row)} bytes cannot hold the profile")
    return wrong


def main():
    limits = read_limits()
    names = {name for row in limits for name in row[:2] if name}
    rows = measure(names)
    wrong = [f"{name} was not measured" for name in sorted(names - rows.keys())]
    for row in rows.values():
        wrong += check_row(row)
    for name, less, limit in limits:
        if name not in rows or (less and less not in rows):
            continue
        bytes_ = total(rows[name]) - (total(rows[less]) if less else 0)
        what = f"{name} - {less}" if less else name
        print(f"{'ok ' if bytes_ <= limit else 'OVER'} {bytes_:6} of {limit:6}  {what}")
        if bytes_ > limit:
            wrong.append(f"{what}: {bytes_} bytes, the limit is {limit}")
    for line in wrong:
        print("wrong:", line, file=sys.stderr)
    return 1 if wrong or not limits else 0


sys.exit(main())
