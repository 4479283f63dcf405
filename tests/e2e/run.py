"""Runs the end-to-end tests: every function test_* of every test_*.py here, or those whose names contain an argument.
Each gets its own World; several run at once. The last line has the counts."""

import importlib
import os
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True
import harness  # noqa: E402

worlds = set()


def run(name, function):
    began = time.monotonic()
    world = harness.World()
    worlds.add(world)
    try:
        function(world)
        result = "ok"
        text = "".join(f" [{note}]" for note in world.notes)
    except harness.Skip as reason:
        result, text = "SKIPPED:", f": {reason}"
    except Exception as error:  # any exception is a failed test
        result = "FAIL"
        where = traceback.extract_tb(error.__traceback__)
        lines = [f"{Path(f.filename).name}:{f.lineno}" for f in where if "e2e" in f.filename]
        text = f" at {' < '.join(reversed(lines))}: {type(error).__name__}: {error}\n{world.report()}"
    finally:
        worlds.discard(world)
        world.close()
    print(f"{result} {name} ({time.monotonic() - began:.1f} s){text}", flush=True)
    return result


def main():
    wanted = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tests = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        tests += [(f"{path.stem[5:]}.{n[5:]}", f) for n, f in vars(module).items() if n.startswith("test_")]
    tests = [t for t in tests if not wanted or any(w in t[0] for w in wanted)]
    pool = ThreadPoolExecutor(int(os.environ.get("E2E_JOBS", "3")))
    try:
        results = list(pool.map(lambda t: run(*t), tests))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for world in list(worlds):
            world.close()
        raise
    passed, skipped = results.count("ok"), results.count("SKIPPED:")
    failed = len(results) - passed - skipped
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed != 0 or not results


if __name__ == "__main__":
    sys.exit(main())
