"""Of a run of ctest with its output: of each test the first and the last lines, as they come, so that one
that fails a thousand times does not bury the others."""

import collections
import re
import sys

FIRST = 60
LAST = 120
BORDER = re.compile(r" *\d+/\d+ Test +#| +Start +\d+: |.*tests passed, \d+ tests failed")


def main():
    count = 0
    tail = collections.deque(maxlen=LAST)

    def flush_tail():
        if count > FIRST + LAST:
            print("... %d lines left out ..." % (count - FIRST - LAST))
        for line in list(tail)[-min(LAST, max(count - FIRST, 0)):] if count > FIRST else []:
            print(line)

    for line in sys.stdin:
        line = line.rstrip("\n")
        if BORDER.match(line):
            flush_tail()
            count = 0
            tail.clear()
            print(line, flush=True)
            continue
        count += 1
        if count <= FIRST:
            print(line, flush=True)
        tail.append(line)
    flush_tail()


if __name__ == "__main__":
    sys.stdin.reconfigure(errors="replace")
    sys.stdout.reconfigure(errors="replace")
    main()
