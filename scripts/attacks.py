#!/usr/bin/env python3
"""The tests of each attack: fills the last column of ATTACKS.md from the names of the tests.

A test belongs to attack N when its name begins with "attack N:" or "N:" (doctest), or its docstring with "attack N:"
(Python). `attacks.py --check` changes nothing and fails when the table is not what the tests say, or has an empty cell.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "ATTACKS.md"
FIRST_EDITION = 45  # rows 1 to that are all there; later ones are added with what they are about


def tests():
    found = {}
    for path in sorted((ROOT / "tests").rglob("*")):
        if path.suffix not in (".cc", ".py"):
            continue
        text = path.read_text()
        where = str(path.relative_to(ROOT))
        if path.suffix == ".cc":
            names = [(m[1], m[2]) for m in re.finditer(r'TEST_CASE(?:_\w+)?\(\s*(?:\w+,\s*)?"(?:attack )?(\d+): ((?:[^"\\]|\\.)*)"', text)]
        else:
            names = [(m[2], m[1]) for m in re.finditer(r'def (\w+)\([^)]*\):\n\s+"""attack (\d+):', text)]
        for number, name in names:
            found.setdefault(int(number), {}).setdefault(where, []).append(name)
    return found


def cell(by_file):
    return "<br>".join("`%s`: %s" % (path, "; ".join(names).replace("|", "\\|")) for path, names in by_file.items())


def main():
    found, out, seen = tests(), [], []
    for line in TABLE.read_text().splitlines():
        row = re.match(r"\| (\d+) [A-Z]+ \|", line)
        if row:
            cells = line.split(" | ")
            number = int(row[1])
            seen.append(number)
            if number not in found or any(not c.strip("| ") for c in cells[:3]):
                sys.exit("attack %d has no test, or an empty cell" % number)
            line = " | ".join(cells[:3] + [cell(found[number])]) + " |"
        out.append(line)
    if seen[:FIRST_EDITION] != list(range(1, FIRST_EDITION + 1)) or seen != sorted(set(seen)):
        sys.exit("ATTACKS.md has not the rows 1 to %d and then others, in their order and each once" % FIRST_EDITION)
    if missing := sorted(set(found) - set(seen)):
        sys.exit("ATTACKS.md has no row for attack %s" % missing)
    text = "\n".join(out) + "\n"
    if "--check" in sys.argv[1:]:
        if text != TABLE.read_text():
            sys.exit("ATTACKS.md is not what the tests say: run scripts/attacks.py")
        print("1 passed, 0 failed")
    else:
        TABLE.write_text(text)


if __name__ == "__main__":
    main()
