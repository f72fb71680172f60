#!/bin/sh
# Small promises of the house: every C file names its licence, nothing of ours names a machine,
# every verb answers --help, skips are explained, scripts parse.
set -eu
cd "$TERN_SOURCE"
status=0
fail() { echo "$1"; status=1; }

for file in $(git ls-files -co --exclude-standard '*.c' '*.h'); do
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || fail "$file: no SPDX line"
done
for file in $(git ls-files -co --exclude-standard 'scripts/*' '.ci/run' 'tests/*.sh'); do
    if head -n 1 "$file" | grep -q '^#!/bin/sh'; then
        sh -n "$file" || fail "$file: does not parse"
        [ -x "$file" ] || fail "$file: not executable"
    elif head -n 1 "$file" | grep -q '^#!/bin/bash'; then
        bash -n "$file" || fail "$file: does not parse"
    fi
done
for verb in $("$TERN" --help | awk '/^  [a-z]/ {print $1}'); do
    [ "$verb" = version ] && continue
    "$TERN" "$verb" --help >/dev/null 2>&1 </dev/null || fail "tern $verb --help does not exit 0"
done
for folder in $(git ls-files core engine host | grep / | cut -d/ -f1,2 | sort -u); do
    name=${folder#*/}
    [ -d "$folder" ] || continue
    grep -qE "(^|[ /])$name/" docs/ARCHITECTURE.md || fail "docs/ARCHITECTURE.md does not name $folder/"
done
for link in $(grep -ohE '\]\([^)#: ]+\)' README.md | tr -d '])('); do
    [ -e "$link" ] || fail "README.md: $link is not there"
done
grep -vE '^(#|$)' tests/skips.txt | while read -r name reason; do
    [ -n "$reason" ] || { echo "tests/skips.txt: $name has no reason"; exit 1; }
done || status=1
exit $status
