#!/bin/sh
# tern decode as a command: exit statuses, forms of input, a trace folder with two cards whose chains
# interleave, JSON that other tools read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
    echo "FAILED: $*"
    exit 1
}

expect() # status, what; stdin and arguments after --
{
    wanted=$1
    what=$2
    shift 2
    status=0
    "$TERN" decode "$@" >"$work/out" 2>"$work/err" || status=$?
    [ $status -eq "$wanted" ] || { cat "$work/err"; fail "$what: status $status, not $wanted"; }
}

echo BF4F03020101 | expect 0 "hex on stdin"
grep -q '^  eimPackageError: 1 (noEimPackageAvailable)$' "$work/out" || fail "text: $(cat "$work/out")"
printf '\277\117\003\002\001\001' >"$work/message.der"
expect 0 "a DER file" "$work/message.der"
expect 0 "with its type" --type GetEimPackageResponse "$work/message.der"
expect 1 "with another type" --type GetEimPackageRequest "$work/message.der"
expect 2 "with no type" --type Nonsense "$work/message.der"
expect 2 "no file" "$work/nowhere"
echo BF4F0302 | expect 1 "cut off"
grep -q 'at byte 0' "$work/err" || fail "no offset: $(cat "$work/err")"
echo BF5803800101 | expect 1 "a deviation, strict" --strict
echo BF5803800101 | expect 0 "a deviation"
expect 0 "the list of types" --types
[ "$(wc -l <"$work/out")" -gt 200 ] || fail "too few types"

# Two cards, their commands and responses interleaved; one folder each.
mkdir -p "$work/trace/a" "$work/trace/b"
apdu() # folder, time, direction, octal bytes
{
    # shellcheck disable=SC2059
    printf "$4" >"$work/trace/$1/$2-ipa-APDU-$3.apdu"
}
apdu a 1700000000000001 command  '\200\342\021\000\003\277\076\003'
apdu b 1700000000000002 command  '\200\342\221\000\003\277\040\000'
apdu b 1700000000000003 response '\152\210'
apdu a 1700000000000004 response '\220\000'
apdu a 1700000000000005 command  '\200\342\221\001\003\134\001\132'
cp "$work/message.der" "$work/trace/a/1700000000000006-eim-ESipa.GetEimPackage-response.der"
: >"$work/trace/b/1700000000000007-smdp-ES9+.HandleNotification-response.json"
expect 0 "a trace folder" "$work/trace"
cat >"$work/wanted" <<'END'
== a/1700000000000001-ipa-APDU-command.apdu
> 80E2110003BF3E03  STORE DATA
== b/1700000000000002-ipa-APDU-command.apdu
> 80E2910003BF2000  STORE DATA
  GetEuiccInfo1Request BF20
== b/1700000000000003-ipa-APDU-response.apdu
< 6A88  referenced data not found
== a/1700000000000004-ipa-APDU-response.apdu
< 9000  ok
== a/1700000000000005-ipa-APDU-command.apdu
> 80E29101035C015A  STORE DATA
  GetEuiccDataRequest BF3E
    tagList: 5A
== a/1700000000000006-eim-ESipa.GetEimPackage-response.der
GetEimPackageResponse BF4F
  eimPackageError: 1 (noEimPackageAvailable)
== b/1700000000000007-smdp-ES9+.HandleNotification-response.json
(no body)
END
diff "$work/wanted" "$work/out" || fail "the folder is told otherwise"

expect 0 "a trace folder in JSON" --json "$work/trace"
python3 - "$work/out" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 7, lines
assert lines[4]["apdus"][0]["message"][0]["value"] == {"tagList": "5A"}, lines[4]
assert lines[5]["elements"][0]["value"] == {"eimPackageError": {"value": 1, "name": "noEimPackageAvailable"}}
assert lines[5]["file"].endswith("response.der")
END
echo "decode: ok"
