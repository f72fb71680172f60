#!/bin/sh
# The same story with ESipa over CoAP and OSCORE (ours, not GSMA's), on a link that loses one packet in ten, reorders and
# doubles others, and gives the device a new address in mid-session.
set -eu
[ "${CI:-}" = true ] || [ -n "${SLOW:-}" ] || { echo "SKIP: minutes of waiting for a bad link; runs in CI or with SLOW=1"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$TERN" demo --json --carrier oscore \
    --link 'cat-1 --loss 10 --reorder 5 --duplicate 5 --rebind-every 40 --seed 7' >"$out" || { cat "$out"; exit 1; }
python3 -c 'import json, sys; story = json.load(open(sys.argv[1])); assert story["ok"] and len(story["steps"]) > 20' "$out"
