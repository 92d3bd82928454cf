"""docs/design/cases.md names tests: each is where it says."""

import os
import re

from harness import SOURCE, TurnoutTest, main


class Cases(TurnoutTest):
    def test_each_test_is_there(self):
        with open(os.path.join(SOURCE, "docs", "design", "cases.md")) as file:
            rows = [line for line in file if line.startswith("| ") and "`tests/" in line]
        self.assertGreater(len(rows), 30)
        missing = []
        for row in rows:
            path, text = None, ""
            for name in re.findall(r"`([^`]+)`", row.rsplit(" | ", 1)[1]):
                if name.startswith("tests/"):
                    path = name
                    with open(os.path.join(SOURCE, path)) as file:
                        text = file.read()
                elif not re.search(r"\b%s\b" % re.escape(name), text):
                    missing.append("%s in %s" % (name, path))
        self.assertEqual(missing, [])


if __name__ == "__main__":
    main()
