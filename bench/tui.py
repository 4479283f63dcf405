#!/usr/bin/python3
"""Measure the terminal client: tui.py [RUNS]. It runs sims-tui, and irssi, weechat and profanity where they are
installed, each in a pty of 80x24, by turns, RUNS times (3), and prints the median. It needs only Python's standard
library. With SHORT=1 each part runs for a moment, without goals: it shows that the parts still run.
README.md here describes the figures."""

import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build/release")
WORDS = "the quick brown fox jumps over the lazy dog "
SHORT = os.environ.get("SHORT", "") not in ("", "0")
KEYS = 10 if SHORT else 200
ECHOED = 4 if SHORT else 60
QUIET = 0.03  # s without output: the screen is at rest
RATE, FLOOD = 200, 4 if SHORT else 10  # messages a second, seconds
ECHOES = "qzjx"  # in nothing else that is drawn
STORED, PEERS = 10_000 if SHORT else 100_000, 50  # messages in a store, of so many peers


class Program:
    """A program in a pty, whose output is read."""

    def __init__(self, argv, home, columns=80, rows=24):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            keep = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(home)}
            os.execvpe(argv[0], [str(word) for word in argv], keep)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, wait):
        """Reads output for at most so many seconds; b"": there was none."""
        if not select.select([self.fd], [], [], wait)[0]:
            return b""
        try:
            return os.read(self.fd, 65536)
        except OSError:
            return b""

    def drain(self, quiet=QUIET, most=10):
        """Reads until the program is quiet. Returns the bytes, and the seconds to the first and to the last of them."""
        began, count, first, last = time.monotonic(), 0, 0.0, 0.0
        while time.monotonic() - began < most:
            data = self.read(quiet)
            if not data:
                break
            last = time.monotonic() - began
            first = first or last
            count += len(data)
        return count, first, last

    def await_text(self, text, most=30):
        seen, end = b"", time.monotonic() + most
        while text.encode() not in seen:
            if time.monotonic() > end:
                sys.exit(f"bench: no {text!r} on the screen: {seen[-2000:]!r}")
            seen += self.read(0.2)

    def type(self, text):
        os.write(self.fd, text.encode())

    def cpu_us(self):
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        return total / 1000

    def rss_kib(self):
        with open(f"/proc/{self.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def p90(values):
    return sorted(values)[len(values) * 9 // 10]


def keyboard(argv, home, prepare=""):
    """Start, rest, and single key presses, each after the screen is quiet again."""
    program = Program(argv, home)
    try:
        start_bytes, _, start = program.drain(quiet=1.0)
        rss = program.rss_kib()
        program.type(prepare)
        program.drain(quiet=0.3)
        before = program.cpu_us()
        time.sleep(2)
        idle = (program.cpu_us() - before) / 2
        program.drain()
        counts, delays, before, began = [], [], program.cpu_us(), time.monotonic()
        for i in range(KEYS):
            program.type(WORDS[i % len(WORDS)])
            count, first, _ = program.drain()
            counts.append(count)
            delays.append(first * 1000)
        took = time.monotonic() - began
        return {"start ms": start * 1000, "start bytes": start_bytes, "RSS MiB": rss / 1024, "idle CPU us/s": idle,
                "bytes a key, median": statistics.median(counts), "bytes a key, 90 %": p90(counts),
                "CPU us a key": (program.cpu_us() - before - idle * took) / KEYS,
                "first output ms, median": statistics.median(delays), "first output ms, 90 %": p90(delays)}
    finally:
        program.end()


class Server:
    def __init__(self, folder):
        self.log = folder / "simsd.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BUILD / "simsd", "--state-dir", folder / "state", "--listen", "127.0.0.1:0"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while not (found := re.search(r"simsd: ready on (\S+) id (\S+)", self.log.read_text())):
            if self.process.poll() is not None:
                sys.exit("bench: " + self.log.read_text())
            time.sleep(0.05)
        self.address, self.id = found[1], found[2]

    def end(self):
        self.process.terminate()
        self.process.wait()


def echo_ms(program, key):
    """Reads until this character is drawn."""
    began, seen = time.monotonic(), b""
    program.type(key)
    while time.monotonic() - began < 5:
        seen += program.read(0.5)
        if key.encode() in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z@]", b"", seen):
            break
    return (time.monotonic() - began) * 1000


def echoes(program):
    delays = []
    for i in range(ECHOED):
        delays.append(echo_ms(program, ECHOES[i % 4]))
        program.drain(quiet=0.02, most=0.05)
    return delays


def flood(folder):
    """Types while RATE messages a second arrive; then measures single lines and pages."""
    server = Server(folder)
    words = "a few words that people use when they talk about the weather or their work".split()  # none of ECHOES
    chance = random.Random(1)
    line = lambda: " ".join(chance.choices(words, k=chance.randint(1, 12)))
    texts = [line(), "?", "@5000"] + [line() for _ in range(RATE * FLOOD)]
    for _ in range(8):
        texts += ["@700", line()]
    program = Program([BUILD / "sims-tui", "--home", folder / "alice", "--server", server.address, "--name", "alice",
                       "--accept-new", "--query", "0"], folder)
    talker = None
    try:
        program.await_text("online")
        talker = subprocess.Popen([BUILD / "bench/talker", server.address, "0", "alice", str(RATE)],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        talker.stdin.write("\n".join(texts).encode() + b"\n")
        talker.stdin.close()
        program.await_text(" - 0 (")  # in the title
        program.type("/accept\r")
        program.drain(quiet=0.5)
        out = {"quiet echo ms, median": statistics.median(echoes(program))}
        program.type("\x15")
        program.drain(quiet=0.3)
        out.update(during_flood(program))
        out.update(single_lines(program))
        return out
    finally:
        program.end()
        if talker:
            talker.terminate()
            talker.wait()
        server.end()


def during_flood(program):
    program.read(10)  # the first of it
    before, began = program.cpu_us(), time.monotonic()
    frames, count, last = 0, 0, 0.0
    # No typing in the first half of the time, typing in the second.
    while time.monotonic() - began < FLOOD / 2 - 1:
        data = program.read(0.05)
        now = time.monotonic()
        if data:
            frames += now - last > 0.003
            count += len(data)
            last = now
    took, cpu = time.monotonic() - began, program.cpu_us() - before
    delays = echoes(program)
    return {"frames/s": frames / took, "KiB/s": count / took / 1024, "CPU ms/s": cpu / took / 1000,
            "flood echo ms, median": statistics.median(delays), "flood echo ms, 90 %": p90(delays)}


def single_lines(program):
    program.drain(quiet=0.5, most=FLOOD * 3)
    program.type("\x15")
    lines = []
    for _ in range(7):
        while not (data := program.read(2)):
            pass
        lines.append(len(data) + program.drain(quiet=0.2)[0])
    program.drain(quiet=1.0)

    def cost(keys):
        program.type(keys)
        return program.drain(quiet=0.2)[0]
    pages = [cost("\x1b[5~") for _ in range(5)]
    repaint = cost("\x0c")
    return {"line bytes": statistics.median(lines), "page bytes": statistics.median(pages), "repaint bytes": repaint}


def until_ms(program, keys, text):
    began = time.monotonic()
    program.type(keys)
    program.await_text(text)
    return (time.monotonic() - began) * 1000


def stored(folder):
    """With many messages in the store: the figures of the store alone, then those of the program over it."""
    server = Server(folder)
    out, program = {}, None
    try:
        filled = subprocess.run([BUILD / "bench/fill_store", folder / "alice", server.address, server.id, str(STORED),
                                 str(PEERS)], capture_output=True, text=True, check=True)
        for line in filled.stdout.splitlines():
            value, name = line.split(maxsplit=1)
            out["store: " + name] = float(value)
        began = time.monotonic()
        program = Program([BUILD / "sims-tui", "--home", folder / "alice", "--server", server.address, "--name", "alice",
                           "--query", "p0"], folder)
        program.await_text("the last word")
        out["last conversation ms"] = (time.monotonic() - began) * 1000
        program.drain(quiet=1.0)
        out["RSS MiB"] = program.rss_kib() / 1024
        program.type("\x1b1")  # the status window: from there a search is of all windows
        program.drain(quiet=0.3)
        out["search ms"] = until_ms(program, "/search NEEDLE\r", "1 of 1")
        out["RSS after it MiB"] = program.rss_kib() / 1024
        program.type("\x1b")
        program.drain(quiet=0.3)
        until_ms(program, "/search no such text\r", "running")
        program.type("\x1b")
        out["search cancelled ms"] = program.drain(quiet=0.3)[2] * 1000
        return out
    finally:
        if program:
            program.end()
        server.end()


def median(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def shown(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title, columns, rows):
    """Rows: a name, the figure's key, a goal in words and as a number (None: none)."""
    print(f"\n{title:<30} {'goal':>16}" + "".join(f"{name:>12}" for name in columns))
    for key, words, most in rows:
        line = f"{key:<30} {'' if SHORT else words:>16}"
        for name, figures in columns.items():
            over = not SHORT and name == "sims-tui" and most is not None and figures[key] > most
            line += f"{shown(figures[key]) + ('!' if over else ''):>12}"
        print(line)


def main():
    runs = 1 if SHORT else int(sys.argv[1]) if len(sys.argv) > 1 else 3
    programs = {"sims-tui": ([BUILD / "sims-tui"], "\x1b"), "irssi": (["irssi"], ""), "weechat": (["weechat"], ""),
                "profanity": (["profanity"], "")}
    programs = {name: what for name, what in programs.items() if shutil.which(what[0][0])
                and not (SHORT and name != "sims-tui")}
    results, floods, stores = {name: [] for name in programs}, [], []
    for _ in range(runs):
        for name, (argv, prepare) in programs.items():
            with tempfile.TemporaryDirectory() as home:
                results[name].append(keyboard(argv, home, prepare))
        with tempfile.TemporaryDirectory() as folder:
            floods.append(flood(Path(folder)))
        with tempfile.TemporaryDirectory() as folder:
            stores.append(stored(Path(folder)))
    columns = {name: median(of) for name, of in results.items()}
    # Where the other programs are not installed: their figures on the machine of the goals.
    irssi = columns.get("irssi", {"CPU us a key": 140, "first output ms, median": 0.3})
    weechat = columns.get("weechat", {"idle CPU us/s": 300})
    table(f"keyboard, median of {runs}", columns, [
        ("start ms", "100", 100),
        ("start bytes", "", None),
        ("RSS MiB", "12", 12),
        ("idle CPU us/s", "weechat's", weechat["idle CPU us/s"]),
        ("bytes a key, median", "4", 4),
        ("bytes a key, 90 %", "", None),
        ("CPU us a key", "irssi's", irssi["CPU us a key"]),
        ("first output ms, median", "irssi's", irssi["first output ms, median"]),
        ("first output ms, 90 %", "", None)])
    at = median(floods)
    table(f"{RATE} messages a second", {"sims-tui": at}, [
        ("quiet echo ms, median", "", None),
        ("flood echo ms, median", "irssi's at rest", irssi["first output ms, median"]),
        ("flood echo ms, 90 %", "", None),
        ("frames/s", "30", 30),
        ("KiB/s", "", None),
        ("CPU ms/s", "", None),
        ("line bytes", "< repaint", at["repaint bytes"]),
        ("page bytes", "< repaint", at["repaint bytes"]),
        ("repaint bytes", "", None)])
    table(f"{STORED:,} messages stored", {"sims-tui": median(stores)}, [
        ("store: fill ms", "", None),
        ("store: open ms", "", None),
        ("store: last page ms", "", None),
        ("store: search ms", "", None),
        ("store: cancel ms", "", None),
        ("store: peak RSS MiB", "", None),
        ("last conversation ms", "300", 300),
        ("search ms", "1000", 1000),
        ("search cancelled ms", "100", 100),
        ("RSS MiB", "40", 40),
        ("RSS after it MiB", "40", 40)])
    print("\nSHORT: every part runs; the figures say nothing" if SHORT else "\n!: over the goal")


main()
