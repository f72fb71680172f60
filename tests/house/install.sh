#!/bin/sh
# What `make install` puts down is enough for a stranger: every example builds against the installed
# headers and pkg-config files alone.
set -eu
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
build="$prefix/build"
cmake -S "$TERN_SOURCE" -B "$build" -G Ninja -DCMAKE_INSTALL_PREFIX="$prefix/usr" >/dev/null
cmake --build "$build" >"$prefix/log" 2>&1 || { tail -n 40 "$prefix/log"; exit 1; }
cmake --install "$build" >/dev/null
"$prefix/usr/bin/tern" version
PKG_CONFIG_PATH=$(find "$prefix/usr" -name pkgconfig -type d)
export PKG_CONFIG_PATH
for file in "$PKG_CONFIG_PATH"/*.pc; do
    pkg-config --exists "$(basename "$file" .pc)"
done
count=0
for example in "$TERN_SOURCE"/examples/*.c; do
    [ -f "$example" ] || continue
    # An example names what it links in a line "/* Build: pkg-config names */".
    needs=$(sed -n 's|^/\* Build: \(.*\) \*/$|\1|p' "$example")
    [ -n "$needs" ] || { echo "$example: no Build line"; exit 1; }
    # shellcheck disable=SC2046,SC2086
    cc -std=c11 -Wall -Werror "$example" -o "$prefix/$(basename "$example" .c)" $(pkg-config --cflags --libs $needs)
    count=$((count + 1))
done
echo "$count examples build against the installation"
