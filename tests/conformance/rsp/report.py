# SPDX-License-Identifier: Apache-2.0
"""Cases by section of the specification, and the table at the end."""
import sys
import traceback


class Report:
    def __init__(self, title):
        self.title = title
        self.rows = []

    def case(self, section, words, uncertain=False):
        """Decorator: run at once, note how it went. `uncertain` names a point [U] of the digest."""
        def run(function):
            try:
                function()
                self.rows.append((section, words, uncertain, None))
            except Exception as error:  # every failure becomes a row
                last = traceback.extract_tb(sys.exc_info()[2])[-1]
                where = "%s:%d" % (last.filename.rsplit("/", 1)[-1], last.lineno)
                self.rows.append((section, words, uncertain,
                                  "%s at %s: %s" % (type(error).__name__, where, error)))
            return function
        return run

    def finish(self, at_least):
        """Print the table; the exit status."""
        print(self.title)
        section = None
        for row in sorted(self.rows, key=lambda row: [int(p) if p.isdigit() else 99
                                                      for p in row[0].split(".")]):
            if row[0] != section:
                section = row[0]
                print("\n  SGP.22, %s" % section)
            print("    %-4s %s%s" % ("ok" if row[3] is None else "FAIL", row[1],
                                     "  [uncertain in our source]" if row[2] else ""))
            if row[3] is not None:
                print("         %s" % row[3])
        failed = sum(row[3] is not None for row in self.rows)
        uncertain = sum(row[2] for row in self.rows)
        print("\n%d cases, %d failed, %d rest on points that our source marks as uncertain"
              % (len(self.rows), failed, uncertain))
        if len(self.rows) < at_least:
            print("only %d cases ran, %d were expected" % (len(self.rows), at_least))
            return 1
        return 1 if failed else 0


def expect(found, wanted):
    assert found == wanted, "got %s, wanted %s" % (found, wanted)
