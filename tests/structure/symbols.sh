#!/bin/sh
# core and engine ask nothing of heap, stdio, clock, socket or environment: no such undefined symbol
# in their libraries.
set -eu
status=0
seen=0
pattern='^(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|[a-z]*printf|puts|putchar|f(open|close|read|write|puts|putc|flush)|stdout|stderr|stdin|perror|time|gettimeofday|clock|clock_gettime|localtime|gmtime|sleep|usleep|nanosleep|socket|connect|bind|listen|accept|send|recv|sendto|recvfrom|poll|select|open|close|read|write|getenv|setenv|exit|abort|rand|srand|random|qsort|pthread_.*|errno|__errno_location|strerror)$'
for file in "$TERN_BUILD"/core/libtern-*.a "$TERN_BUILD"/engine/libtern-*.a; do
    [ -f "$file" ] || continue
    library=$(basename "$file")
    seen=$((seen + 1))
    found=$(nm -u "$file" | awk '$1 == "U" {print $2}' | sort -u | grep -E "$pattern" || true)
    if [ -n "$found" ]; then
        echo "$library needs:" $found
        for symbol in $found; do
            nm -A -u "$file" | grep -E " U $symbol\$" | head -3
        done
        status=1
    fi
    # The check itself can see: every library needs something, at least memcpy or memset.
    nm -u "$file" | grep -qE ' U (mem|str|__asan|__ubsan|tern_)' || { echo "nm saw nothing in $library"; status=1; }
done
[ $seen -ge 1 ] || { echo 'no library was built'; exit 1; }
exit $status
