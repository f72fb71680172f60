#!/bin/sh
# Servers die by SIGKILL between accepting a message and answering it, again and again through the
# story; they are started again and the devices finish. Every kill is logged by the server that died
# of it; a run in which one did not happen fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
esipa=/gsma/rsp2/asn1
es9=/gsma/rsp2/es9plus
"$TERN" demo --json --data "$work/data" \
    --kill-eim "answering:2:$esipa,accepted:3:$esipa,answering:5:$esipa,answering:1:$esipa,accepted:8:$esipa,answering:9:$esipa,answering:13:$esipa,accepted:6:$esipa" \
    --kill-sweden "answering:2:$es9,accepted:3:$es9,answering:3:$es9" \
    --kill-singapore "accepted:1:$es9,answering:1:$es9,answering:3:$es9,answering:4:$es9" \
    >"$work/out.json" 2>"$work/err" || {
    cat "$work/out.json" "$work/err"
    exit 1
}
kills() { grep -c '"event":"test.kill"' "$1" || true; }
eim=$(kills "$work/data/eim.log")
sweden=$(kills "$work/data/sweden/smdp.log")
singapore=$(kills "$work/data/singapore/smdp.log")
grep -h '"event":"test.kill"' "$work/data/eim.log" "$work"/data/*/smdp.log
[ "$eim" = 8 ] && [ "$sweden" = 3 ] && [ "$singapore" = 4 ] || {
    echo "killed $eim of 8, $sweden of 3, $singapore of 4 times: a window was not hit"
    exit 1
}
