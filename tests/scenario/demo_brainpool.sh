#!/bin/sh
# The same story on brainpoolP256r1.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$TERN" demo --json --curve brainpool >"$out" || { cat "$out"; exit 1; }
python3 -c 'import json, sys; story = json.load(open(sys.argv[1])); assert story["ok"] and len(story["steps"]) > 20' "$out"
