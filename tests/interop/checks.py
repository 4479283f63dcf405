"""Shared by the tests here: named checks, a summary, programs, a server."""

import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failed(Exception):
    pass


class Skipped(Exception):
    """The test cannot run here; the text says why."""


def check(condition, why="not as expected"):
    if not condition:
        raise Failed(why)


def run(tests, argv=None):
    """Runs (name, function) pairs; with arguments, those whose name contains one. Returns the exit status."""
    wanted = (sys.argv if argv is None else argv)[1:]
    passed = failed = skipped = 0
    for name, test in tests:
        if wanted and not any(w in name for w in wanted):
            continue
        begin = time.monotonic()
        try:
            note = test()
        except Skipped as e:
            skipped += 1
            print("SKIPPED: %s: %s" % (name, e))
        except Exception as e:
            failed += 1
            where = traceback.extract_tb(e.__traceback__)[-1]
            print("FAIL %s: %s: %s (%s:%d)" % (name, type(e).__name__, e, os.path.basename(where.filename), where.lineno))
            if os.environ.get("TRACE"):
                traceback.print_exc()
        else:
            passed += 1
            note = " (%s)" % note if note else ""
            slow = time.monotonic() - begin
            print("ok %s%s%s" % (name, note, " %.1f s" % slow if slow > 2 else ""))
        sys.stdout.flush()
    print("%d passed, %d failed" % (passed, failed) + (", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


class Program:
    """A child process; threads collect its output and standard error. It is stopped by its pid."""

    def __init__(self, argv, **popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **popen)
        self.log, self.output, self.lines = [], [], queue.Queue()
        for stream, kept, q in ((self.process.stderr, self.log, self.lines), (self.process.stdout, self.output, None)):
            threading.Thread(target=self._read, args=(stream, kept, q), daemon=True).start()

    @staticmethod
    def _read(stream, kept, q):
        for line in stream:
            kept.append(line.rstrip("\n"))
            if q:
                q.put(kept[-1])

    @property
    def pid(self):
        return self.process.pid

    def say(self, obj):
        """Writes a line of JSON, if its standard input is a pipe."""
        self.process.stdin.write(json.dumps(obj) + "\n")
        self.process.stdin.flush()

    def until(self, condition, timeout=60, what="output"):
        """Waits for output until condition() is true; returns its value."""
        end = time.monotonic() + timeout
        while True:
            over = time.monotonic() > end or self.process.poll() is not None
            time.sleep(0.05)  # the threads read what its last moment left
            value = condition()
            if value:
                return value
            if over:
                raise Failed("no %s: %s; %s" % (what, self.output[-3:], self.log[-3:]))

    def stop(self, timeout=30):
        """Sends SIGTERM; returns the exit status. simsd(8) promises 5 s; here the processors may be busy."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait(timeout)

    def wait(self, timeout):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise Failed("pid %d did not end: %s" % (self.pid, self.log[-3:])) from None


class Server(Program):
    """simsd on a free port of loopback, with its own folder."""

    def __init__(self, *options, config=None):
        self.folder = tempfile.TemporaryDirectory(prefix="sims-interop-")
        self.path = os.environ.get("SIMSD") or os.path.join(TOP, "build", "release", "simsd")
        self.state = os.path.join(self.folder.name, "state")
        self.argv = [self.path, "--listen", "127.0.0.1:0", "--state-dir", self.state, *options]
        if config:
            file = os.path.join(self.folder.name, "simsd.conf")
            with open(file, "w", encoding="utf-8") as f:
                f.write(config)
            self.argv += ["--config", file]
        self._start()

    def _start(self):
        super().__init__(self.argv)
        end = time.monotonic() + 60
        while True:
            try:
                line = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                self.stop()
                raise Failed("simsd not ready: %s" % self.log) from None
            ready = re.match(r"simsd: ready on 127\.0\.0\.1:(\d+) id ([A-Za-z0-9_-]{43})$", line)
            if ready:
                break
        self.address, self.id = ("127.0.0.1", int(ready[1])), ready[2]

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    def restart(self):
        """Starts it again after its end, on another port."""
        check(self.process.poll() is not None, "it runs")
        before = self.id
        self._start()
        check(self.id == before, "another id")

    def end(self):
        """Stops it in order; its folder stays, for restart()."""
        check(super().stop() == 0, "its exit status")

    def ctl(self, *words):
        """Runs simsctl; returns its output, read as JSON if that was asked for."""
        path = os.path.join(os.path.dirname(self.path), "simsctl")
        run = subprocess.run([path, "--state-dir", self.state, *words], capture_output=True, text=True, timeout=60, check=False)
        check(run.returncode == 0, "simsctl %s: %s" % (" ".join(words), run.stderr))
        return [json.loads(line) for line in run.stdout.splitlines()] if "--json" in words else run.stdout

    def memory(self):
        """Resident bytes."""
        with open("/proc/%d/statm" % self.pid, encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self, timeout=30):
        status = super().stop(timeout)
        self.folder.cleanup()
        return status


def login(server, name, me=None, timeout=30, **more):
    """Logs a client in, and waits for what the login tells, which it keeps as `told` and does not ack. After `busy` (no RSA
    key is ready) it tries again until the deadline."""
    import simspy

    end = time.monotonic() + timeout
    while True:
        try:
            c = simspy.Client(server.address, name, me, server=server.id, **more)
            c.auto_ack = False
            c.told = c.wait(timeout, type="prekeys")
            c.auto_ack = True
            return c
        except simspy.RemoteError as e:
            if e.code != "busy" or time.monotonic() > end:
                raise
        time.sleep(0.3)


def together(clients, condition, timeout=60, what="condition"):
    """Pumps all clients until condition() is true."""
    import select

    end = time.monotonic() + timeout
    while not condition():
        ready, _, _ = select.select([c.wire.sock for c in clients], [], [], max(end - time.monotonic(), 0))
        check(ready, "deadline: " + (what() if callable(what) else what))
        for c in clients:
            if c.wire.sock in ready:
                c.pump(5)
