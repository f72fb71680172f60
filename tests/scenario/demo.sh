#!/bin/sh
# The whole story, told by the real programs, every step checked; with traces, which tern decode reads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$TERN" demo --json --data "$work/data" --trace "$work/trace" >"$work/out.json" 2>"$work/err" || {
    cat "$work/out.json" "$work/err"
    exit 1
}
python3 - "$work/out.json" <<'PYTHON'
import json, sys
story = json.load(open(sys.argv[1]))
assert story["ok"] is True, story
names = [step["name"] for step in story["steps"]]
for wanted in ("pki", "commission", "download.sweden", "enable.sweden", "attach.sweden",
               "attach.flipped-key", "download.direct", "rollback", "home", "malware.replay",
               "malware.other-package", "power.download", "power.enable"):
    assert wanted in names, f"{wanted} is not told"
for step in story["steps"]:
    assert step["ok"] is True, step
    for key in ("messages", "round_trips", "bytes_up", "bytes_down", "ms"):
        assert key in step, (step["name"], key)
download = story["steps"][names.index("download.sweden")]
assert download["round_trips"] >= 15 and download["bytes_up"] > 3000, download
assert "ESipa.GetBoundProfilePackage" in download["messages"], download
print(f"{len(names)} steps, {sum(s['bytes_up'] + s['bytes_down'] for s in story['steps'])} bytes")
PYTHON
count=0
for folder in "$work"/trace/*; do
    "$TERN" decode "$folder" >"$work/decoded" || { echo "tern decode $folder failed"; tail -3 "$work/decoded"; exit 1; }
    count=$((count + 1))
done
[ $count -ge 6 ] || { echo "only $count trace folders"; exit 1; }
if grep -q "serve" /proc/[0-9]*/cmdline 2>/dev/null && pgrep -f "$work/data" >/dev/null; then
    echo "a process of the demo is left behind"
    exit 1
fi
