"""`make valgrind`: runs the release's programs under valgrind's memcheck, a simsd and two people who talk by `sims`.
Fails on any error (a read of uninitialised memory, an access out of bounds or after a free) and on any leak at the exit.
It also checks code that the sanitizers do not compile, such as libuv's and SQLite's. First it proves on faulty programs
that it would notice."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

os.environ["VARIANT"] = "valgrind"  # its deadlines, in harness.py
sys.path.insert(0, str(Path(__file__).parent / "e2e"))
sys.dont_write_bytecode = True
from harness import DEADLINE, World, check  # noqa: E402

FOUND = 99  # exit status
MEMCHECK = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect", f"--error-exitcode={FOUND}", "--child-silent-after-fork=yes"]

# body of main(), what memcheck says
WRONG = [("new int[10];", "definitely lost"),
         ("volatile int* p = new int[1]; int q = *p; delete[] p; return q ? 0 : 1;", "uninitialised"),
         ("volatile char* p = new char[8]; p[8] = 1; delete[] p;", "Invalid write")]


class MemcheckWorld(World):
    """Each program of the chat has a log of memcheck's own."""

    def memcheck(self, who):
        return [*MEMCHECK, f"--log-file={self.path}/memcheck-{who}-{self.next_number()}-%p.log"]

    def _sims(self, who, server, words, options):
        command = super()._sims(who, server, words, options)
        return command if who == "watcher" else self.memcheck(who) + command

    def check_logs(self, programs):
        logs = sorted(self.path.glob("memcheck-*.log"))
        check(len(logs) == programs, f"{len(logs)} logs, not {programs}: {logs}")
        for log in logs:
            text = log.read_text(errors="replace")
            # A program that was killed or replaced by another has no summary.
            check("ERROR SUMMARY: 0 errors" in text, f"{log.name}:\n{text}")
            self.note(re.search(r"total heap usage: ([\d,]+ allocs)", text)[1])


def test_would_notice(world):
    for number, (body, words) in enumerate(WRONG):
        program = world.path / f"wrong-{number}"
        subprocess.run(["g++", "-O0", "-x", "c++", "-o", program, "-"], input=f"int main() {{ {body} }}\n", text=True,
                       check=True, timeout=DEADLINE)
        run = subprocess.run([*MEMCHECK, program], capture_output=True, text=True, timeout=DEADLINE)
        check(run.returncode == FOUND and words in run.stderr, f"not noticed: {body}\n{run.stderr}")


def test_talk_with_ecdhe(world):  # under valgrind an RSA key takes minutes
    # Without the filter of system calls, which would hit those of valgrind.
    server = world.server("--no-confine", *world.config(suites=["ecdhe"]), before=world.memcheck("simsd"))
    options = ("--accept-new", "--suite", "ecdhe")
    texts = [f"Grüße, 世界 {i}" for i in range(3)]
    bob = world.start_sims("bob", server, "listen", "--json", "--count", len(texts), options=options)
    world.await_online(server, "bob")
    for text in texts:
        world.sims("alice", server, "send", "bob", text, options=options)
    out, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == 0, f"bob: exit status {bob.returncode}\n{out}{errors}")
    check([json.loads(line)["body"] for line in out.splitlines()] == texts, f"bob got {out}")
    status = server.stop()
    check(status == 0, f"simsd: exit status {status}")
    world.check_logs(5)  # the server, bob, alice three times


def run(name, function):
    world = MemcheckWorld()
    try:
        function(world)
        print(f"ok {name}" + "".join(f" [{note}]" for note in world.notes), flush=True)
        return True
    except Exception as error:  # whatever it is, the test has failed
        logs = "".join(f"\n--- {p.name}\n{p.read_text(errors='replace')}" for p in sorted(world.path.glob("memcheck-*.log")))
        print(f"FAIL {name}: {type(error).__name__}: {error}\n{world.report()}{logs}", flush=True)
        return False
    finally:
        world.close()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tests = [(n[5:], f) for n, f in globals().items() if n.startswith("test_")]
    results = [run(*t) for t in tests]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return results.count(False) != 0


if __name__ == "__main__":
    sys.exit(main())
