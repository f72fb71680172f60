#!/usr/bin/env python3
"""A function fits on a screen and a file holds one idea: in core and engine no function over 70
lines and no file over 400. Files that are pure tables (no function body over 12 lines and mostly
initialisers) are exempt from the file limit. Functions are found by their braces in column one,
which clang-format guarantees."""
import os
import re
import subprocess
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400


def functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{" and start is None:
            start = number
            while start > 1 and lines[start - 2] not in ("", "}", "};") and \
                    not lines[start - 2].endswith("*/") and not lines[start - 2].startswith("#"):
                start -= 1
        elif line == "}" and start is not None:
            name = re.search(r"(\w+)\(", " ".join(lines[start - 1:start + 3]))
            yield name.group(1) if name else "?", start, number
            start = None


def is_table(lines):
    """Mostly initialisers: rows that begin with a brace or a table macro, or sit in an array."""
    rows = sum(1 for line in lines if re.match(r"\s+(\{|[A-Z][A-Z0-9_]*\()", line))
    inside = sum(end - start + 1 for _, start, end in functions(lines))
    return rows > 0 and inside < len(lines) // 5


def main():
    os.chdir(os.environ["TERN_SOURCE"])
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "core/*.[ch]", "engine/*.[ch]"],
                         check=True, capture_output=True, text=True).stdout
    errors, count = [], 0
    for path in out.split():
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for name, start, end in functions(lines):
            count += 1
            if end - start + 1 > FUNCTION_LINES_MAX:
                errors.append(f"{path}:{start}: {name} has {end - start + 1} lines")
        if len(lines) - 1 > FILE_LINES_MAX and not is_table(lines):
            errors.append(f"{path}: {len(lines) - 1} lines")
    print("\n".join(errors) or f"{count} functions, none over {FUNCTION_LINES_MAX} lines")
    sys.exit(1 if errors or count == 0 else 0)


main()
