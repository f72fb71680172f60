#!/usr/bin/env python3
"""Includes point down: app -> host -> engine -> core, and inside a row only to folders above.

Reads every #include "..." of the tree. A file may include its own folder, public headers, and
what stands below it; anything else fails with the line.
"""
import os
import re
import subprocess
import sys

ROWS = ["core", "engine", "host", "app"]
INSIDE = {
    "core": ["bytes", "der", "asn", "messages", "json", "cbor", "crypto", "bpp", "coap", "ipa"],
    "engine": ["profile", "uicc", "card", "smdp", "smds", "eim"],
}
# engine/profile and engine/uicc know each other: an installed profile is what the files are read from.
PEERS = {("engine", "profile"): {"uicc"}}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def place(path):
    parts = path.split("/")
    row = parts[0]
    room = parts[1] if len(parts) > 2 else None
    return row, room


def allowed(source, target):
    row, room = place(source)
    to_row, to_room = place(target)
    if to_row not in ROWS:
        return True
    if ROWS.index(to_row) != ROWS.index(row):
        return ROWS.index(to_row) < ROWS.index(row)
    order = INSIDE.get(row)
    if order is None or room == to_room or room is None or to_room is None:
        return True
    if to_room in PEERS.get((row, room), ()):
        return True
    return order.index(to_room) < order.index(room)


def resolve(source, name):
    """The tree's path of an include: public headers by include/, others by the root or beside."""
    if os.path.exists(os.path.join("include", name)):
        return "include/" + name
    if os.path.exists(name):
        return name
    beside = os.path.normpath(os.path.join(os.path.dirname(source), name))
    return beside if os.path.exists(beside) else None


def public_header_rows(errors):
    """Public headers stand on public headers alone."""
    for header in files("include"):
        for number, name in includes(header):
            target = resolve(header, name)
            if target is None or not target.startswith("include/"):
                errors.append(f"{header}:{number}: a public header includes {name}")


def files(row):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", f"{row}/*.c", f"{row}/*.h"],
                         check=True, capture_output=True, text=True).stdout
    return out.split()


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1)


def main():
    os.chdir(os.environ["TERN_SOURCE"])
    errors = []
    count = 0
    for row in ROWS:
        for source in files(row):
            room = place(source)[1]
            if row in INSIDE and room is not None and room not in INSIDE[row]:
                errors.append(f"{source}: {row}/{room} is not in the reading order of this test")
                continue
            for number, name in includes(source):
                count += 1
                target = resolve(source, name)
                if target is None:
                    errors.append(f"{source}:{number}: {name} is nowhere in the tree")
                elif not allowed(source, target):
                    errors.append(f"{source}:{number}: the arrow to {target} turns back")
    public_header_rows(errors)
    print("\n".join(errors) or f"{count} includes, all point down")
    sys.exit(1 if errors or count == 0 else 0)


main()
