#!/bin/sh
# The README's table of bytes has the rows and columns that tern bench wire has.
exec "$TERN_SOURCE/scripts/wire-table" --tern "$TERN" --check
