"""Shared by the tests against the real programs: one simsd, clients that log in, homes of sims."""

import json
import os
import tempfile
import time

import simspy as s
from checks import TOP, Failed, Program, Server, check, login, run
from cryptography.hazmat.primitives import serialization

SUITES = {"ecdhe": s.ECDHE, "rsa": s.RSA}


class Pooled(s.Draws):
    """Uses the two RSA keys of our vectors by turns, since making one takes seconds."""

    keys, turn = [], 0

    def rsa(self):
        if not self.keys:
            with open(os.path.join(TOP, "tests", "vectors", "sims", "client-connect-rsa.json"), encoding="utf-8") as f:
                v = json.load(f)
            pems = [v["responder"]["rsa_private_pem"]] + [x["rsa_private_pem"] for x in v["steps"] if x["do"] == "rekey"]
            Pooled.keys = [serialization.load_pem_private_key(p.encode(), None) for p in pems]
        Pooled.turn += 1
        return self.keys[self.turn % len(self.keys)]


server = None


def client(name, **more):
    return login(server, name, draws=Pooled(), **more)


class Clients:
    """The clients of one test, closed at its end."""

    def __init__(self, *names, **more):
        self.all = [client(n, **more) for n in names]

    def __enter__(self):
        return self.all

    def __exit__(self, *_):
        for c in self.all:
            c.close()


class Home:
    """A home of sims, and the programs that run there. `at` is its server, if not the one of these tests."""

    def __init__(self, name, at=None):
        self.name, self.at, self.folder = name, at, tempfile.TemporaryDirectory(prefix="sims-home-")
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.running:
            try:
                p.stop(5)
            except Failed:
                pass
        self.folder.cleanup()

    def sims(self, *words, accept=True, **popen):
        path = os.environ.get("SIMS") or os.path.join(TOP, "build", "release", "sims")
        p = Program([path, "--server", "%s:%d" % (self.at or server).address, "--name", self.name, "--home", self.folder.name,
                     *(["--accept-new"] if accept else []), *words], **popen)
        self.running.append(p)
        return p

    def done(self, *words, status=0, timeout=60, **more):
        """Runs a command to its end; returns its output, read as JSON if that was asked for."""
        p = self.sims(*words, **more)
        finished(p, status, timeout)
        return shown(p) if "--json" in words else p.output

    def listen(self, watcher, *words):
        """Starts `sims listen --json`, waits until watcher sees it online, returns the program and its id."""
        p = self.sims(*words)
        end = time.monotonic() + 60
        while True:
            found = [e for e in watcher.list(match=self.name)["data"] if e["name"] == self.name]
            if found:
                return p, found[0]["id"]
            if time.monotonic() > end or p.process.poll() is not None:
                raise Failed("sims is not online: %s" % p.log)
            time.sleep(0.05)


def shown(p):
    return [json.loads(line) for line in list(p.output)]


def finished(p, status=0, timeout=60):
    got = p.wait(timeout)
    time.sleep(0.05)
    check(got == status, "exit status %d, not %d: %s" % (got, status, p.log[-3:]))


def serve(tests):
    """Runs the tests against a simsd of their own; the exit status."""
    global server
    server = Server()
    try:
        return run(tests)
    finally:
        server.stop()
