#!/usr/bin/python3
"""Faults, load and attack at full size: make stress [ONLY="parts of names"] [SHORT=1].

Every function part_NAME(world, table) of a part_*.py here is a part. It gets its own World (tests/e2e/harness.py) and reports
its figures with table.row(). One part runs at a time. At the end all rows are printed, each beside its limit. The exit status
says whether a limit was missed. With SHORT each part runs for a moment, and only limits of 0 count (`at_most=0`), not speed or
size. See README.md.
"""
import importlib
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
sys.dont_write_bytecode = True
import harness  # noqa: E402
from size import SHORT  # noqa: E402


def shown(value, unit):
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{text} {unit}".rstrip()


class Table:
    def __init__(self):
        self.rows, self.part = [], ""

    def row(self, figure, measured, at_most=None, at_least=None, unit=""):
        """Adds a figure, with a limit or for the record."""
        if SHORT:
            at_most, at_least = (0 if at_most == 0 else None), None
        ok = (at_most is None or measured <= at_most) and (at_least is None or measured >= at_least)
        limits = [f"{word} {shown(limit, unit)}" for word, limit in (("at most", at_most), ("at least", at_least)) if limit is not None]
        self.add(f"{self.part}: {figure}", shown(measured, unit), " and ".join(limits), ok if limits else None)

    def add(self, figure, measured, limit, ok):
        self.rows.append((figure, measured, limit, "" if ok is None else "yes" if ok else "NO"))
        print("  " + " | ".join(self.rows[-1]), flush=True)

    def failed(self):
        return any(row[3] == "NO" for row in self.rows)

    def print(self):
        rows = [("figure", "measured", "limit", "ok"), None, *self.rows]
        widths = [max(len(row[i]) for row in rows if row) for i in range(4)]
        for row in rows:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row or ["-" * w for w in widths], widths)) + " |")


def run(name, function, table):
    table.part = name
    print(f"== {name}: {function.__doc__.splitlines()[0]}", flush=True)
    began = time.monotonic()
    world = harness.World()
    try:
        function(world, table)
    except Exception as error:  # any error: the part has no figure
        traceback.print_exc()
        print(world.report())
        table.add(f"{name}: ran to its end", type(error).__name__, "", False)
    finally:
        world.close()
    print(f"   ({time.monotonic() - began:.0f} s)", flush=True)


def main():
    wanted = sys.argv[1:]
    parts = []
    for path in sorted(HERE.glob("part_*.py")):
        module = importlib.import_module(path.stem)
        parts += [(n[5:].replace("_", "-"), f) for n, f in vars(module).items() if n.startswith("part_")]
    chosen = [part for part in parts if not wanted or any(w in part[0] for w in wanted)]
    if not chosen:
        sys.exit(f"no part has {' or '.join(wanted)} in its name; there are: {' '.join(name for name, _ in parts)}")
    table = Table()
    for name, function in chosen:
        run(name, function, table)
    print()
    table.print()
    return table.failed()


if __name__ == "__main__":
    sys.exit(main())
