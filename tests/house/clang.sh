#!/bin/sh
# The tree builds without a warning with clang, optimised, as it did with gcc under sanitizers.
# Minutes of compiling: run in CI, or with HOUSE=1.
set -eu
[ "${CI:-}" = true ] || [ -n "${HOUSE:-}" ] || { echo "SKIP: a second whole build; runs in CI or with HOUSE=1"; exit 77; }
build="$TERN_SOURCE/build/clang"
cmake -S "$TERN_SOURCE" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DTERN_WERROR=ON >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --build "$build" -- -k 0 >"$log" 2>&1 || { grep -E 'error:|warning:|FAILED' "$log" | head -n 40; exit 1; }
[ -x "$build/tern" ]
