#!/bin/sh
# clang-format and clang-tidy find nothing. Minutes of analysis: run in CI, or with HOUSE=1.
set -eu
[ "${CI:-}" = true ] || [ -n "${HOUSE:-}" ] || { echo "SKIP: clang-tidy over everything; runs in CI, by make lint or with HOUSE=1"; exit 77; }
exec "$TERN_SOURCE/scripts/lint"
