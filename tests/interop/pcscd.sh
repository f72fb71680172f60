#!/bin/bash
# The card through pcscd and its virtual reader, driven by other people's tools: opensc-tool and
# pcsc_scan of Debian, and our own adapter over pcsc-lite (tern ipa probe --reader pcsc:). pcscd
# needs root and vpcd listens on all interfaces, so all of it runs in a network and mount namespace
# of its own.
set -euo pipefail

if [ "${PCSCD_INSIDE:-}" != yes ]; then
    for tool in pcscd opensc-tool pcsc_scan ip unshare; do
        command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
    done
    [ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || { echo "skipped: no vpcd"; exit 77; }
    unshare -n -m true 2>/dev/null || { echo "skipped: needs root for a namespace"; exit 77; }
    PCSCD_INSIDE=yes exec unshare -n -m "$0"
fi

ip link set lo up
mount -t tmpfs none /run
mkdir -p /run/pcscd
work=$(mktemp -d)
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; sed 's/^/pcscd: /' "$work/pcscd.log" | tail -20; exit 1; }
# Waits for a condition, with a deadline.
await() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; return 1; }

eid=89049032123451234512345678901235
"$TERN" pki init "$work/pki" >/dev/null 2>&1
"$TERN" euicc create "$work/card" --pki "$work/pki" --eid $eid
pcscd -f >"$work/pcscd.log" 2>&1 &
pids+=($!)
await test -S /run/pcscd/pcscd.comm || fail "pcscd does not start"
listening() { ss -ltn | grep -q ":35963 "; }
await listening || fail "vpcd does not listen"
"$TERN" euicc serve "$work/card" --vpcd 127.0.0.1:35963 &
pids+=($!)

found() { opensc-tool -l | grep -q "^0 .*Yes.*Virtual PCD 00 00"; }
await found || fail "opensc-tool finds no card"
opensc-tool -l

atr=$(opensc-tool -r 0 -a | tr 'A-F' 'a-f' | tr -d ' :\n')
[ "$atr" = 3b9f96803fc7828031a073be2113674320071800000107 ] || fail "ATR is $atr"

# SELECT the MF and the ISD-R, then GetEID with GET RESPONSE.
out=$(opensc-tool -r 0 -s 00A40004023F00 -s 00A4040010A0000005591010FFFFFFFF8900000100 \
    -s 80E2910006BF3E035C015A -s 80C0000015)
[ "$(echo "$out" | grep -c 'SW1=0x90, SW2=0x00')" = 4 ] || fail "a command failed: $out"
echo "$out" | sed -n 's/^\(\([0-9A-F][0-9A-F] \)*[0-9A-F][0-9A-F]\) .*/\1/p' | tr -d ' \n' |
    grep -q "BF3E125A10$eid" || fail "no EID: $out"

scan=$(timeout 20 pcsc_scan -n -c 2>/dev/null || timeout 5 pcsc_scan -n 2>/dev/null || true)
echo "$scan" | grep -qi "3B 9F 96 80 3F C7 82 80" || fail "pcsc_scan does not see the ATR: $scan"

"$TERN" ipa probe --reader "pcsc:Virtual PCD 00 00" --json >"$work/probe.json" ||
    fail "our own client: $(cat "$work/probe.json")"
grep -q "$eid" "$work/probe.json" || fail "our own client reads no EID"
echo "pcscd, opensc-tool, pcsc_scan and tern ipa probe all see eUICC $eid"
