"""Attacks: floods, slow peers and limits."""

import os
import re
import socket
import threading
import time

import simspy as s
from attacks import PING, Member, _quietly, clear_end, fresh, phase1, quick, world
from attacks_relaying import forwardable
from checks import Failed, Server, Skipped, check, login


def slow_loris():
    wires = [s.Wire(world.server.address) for _ in range(200)]
    try:
        half = s.dump(phase1())[:60]
        for w in wires:
            w.write(half)
        return quick()
    finally:
        for w in wires:
            w.close()


def aborted_connections():
    """Connections that are reset at different moments."""
    for n in range(60):
        wire = s.Wire(world.server.address)
        if n % 3:
            wire.write_line(s.dump(phase1()))
        if n % 3 == 2:
            wire.read_line()
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.close()
    return quick()


def half_closed():
    """A client that closes its sending side: the connection ends, after an answer to its last ping or not."""
    with Member() as c:
        c.send(PING)
        c.wire.sock.shutdown(socket.SHUT_WR)
        try:
            while True:
                c.pump(5)
        except s.Closed:
            pass


def ack_flood():
    with Member() as c:
        ack = {"type": "ack", "name": c.name, "id": 0}
        lines = [c.out.seal(s.dump(ack)) for _ in range(3000)]
        try:
            c.wire.write(b"\n".join(lines) + b"\n")
            before = len(c.acks)
            c.ping()
            check(len(c.acks) - before == 1, "acks of acks")
            note = "taken"
        except s.Closed:
            note = "closed: %s" % [x.get("code") for x in c.inbox]
    return note + ", " + quick()


def ping_flood():
    """Sends as fast as possible. Limited or not, other clients do not notice."""
    with Member() as c:
        lines = [c.out.seal(PING) for _ in range(6000)]
        flood = threading.Thread(target=lambda: _quietly(c.wire.write, b"\n".join(lines) + b"\n"))
        flood.start()
        note = quick()
        end = time.monotonic() + 8
        try:
            while c.acked < 5999 and time.monotonic() < end:
                c.pump(8)
            state = "all taken with %d acks" % len(c.acks)
        except s.Closed:
            state = "closed"
        except s.Late:
            state = "no answer any more"
        flood.join(10)
        codes = sorted({x["code"] for x in c.inbox if x["type"] == "error"})
        check(state != "no answer any more", "%s %s" % (state, codes))
        return "%s %s, %s" % (state, codes, note)


def slow_reader():
    """A client that never reads while another floods it."""
    before = world.server.memory()
    with Member("sleeper") as sleeper, Member("flooder") as a, Member("friend") as friend:
        sub = {**forwardable("client-com", a.id, sleeper.id), "data": "x" * 44000}
        told, sent, top, end = None, 0, 0, time.monotonic() + 15
        while not told and sent < 600 and time.monotonic() < end:
            a.send(sub)
            sent += 1
            try:
                a.pump(0.001)
            except s.Late:
                pass
            told = next((x for x in a.inbox if x["type"] == "error"), None)
            top = max(top, world.server.memory())
            if sent % 50 == 0:
                friend.ping()
        check(told, "not told after %d messages" % sent)
        check(told["code"] in ("not-connected", "rate-limited", "busy"), told)
        check(top - before < 32 << 20, "memory grew by %d KiB" % ((top - before) >> 10))
        friend.ping()
        return "%s after %d messages, memory +%d KiB, %s" % (told["code"], sent, (top - before) >> 10, quick())


def rsa_flood():
    """Handshakes abandoned after phase 4: RSA becomes busy, the other suite works."""
    codes, wires = [], []
    for _ in range(60):  # the pool has 32 keys and makes a few a second
        hs = s.Handshake("client-server", True, s.Identity(), fresh(), [s.RSA])
        wire = s.Wire(world.server.address)
        wires.append(wire)
        wire.write_line(hs.start())
        wire.write_line(hs.feed(wire.read_line()))
        codes.append(s.parse(wire.read_line()).get("code", "served"))
    note = quick()
    for wire in wires:
        wire.close()
    check(set(codes) <= {"served", "busy", "rate-limited"} and codes[-1] != "served", codes)
    return "%d served, then %s; %s" % (codes.count("served"), sorted(set(codes) - {"served"}), note)


def limits_of_another_server():
    """A short handshake deadline, few connections per address, closed registration."""
    other = Server("--suites", "ecdhe", config="[limits]\nhandshake-seconds = 1\nconnections-per-address = 10\n")
    try:
        wires = [s.Wire(other.address) for _ in range(10)]
        wires[0].write(b"{")
        over = s.Wire(other.address)
        busy = clear_end(over, "busy")["code"]
        begin = time.monotonic()
        ends = [clear_end(w)["code"] for w in wires]
        took = time.monotonic() - begin
        check(took < 20, "deadline after %.1f s" % took)
        c = login(other, "after")
        time.sleep(1.5)
        c.ping()
        c.close()
    finally:
        check(other.stop() == 0)
    closed = Server("--suites", "ecdhe", "--registration", "closed")
    try:
        c = s.Client(closed.address, "new", login=False, suites=[s.ECDHE])
        try:
            c.login()
            raise Failed("registered")
        except s.RemoteError as e:
            check(e.code == "not-registered", e.code)
        finally:
            c.close()
        c = s.Client(closed.address, "new", login=False, suites=[s.RSA])
        try:
            c.login()
            raise Failed("RSA")
        except s.RemoteError as e:
            check(e.code == "unsupported-suite", e.code)
        finally:
            c.close()
    finally:
        check(closed.stop() == 0)
    return "over the limit: %s; deadline: %s" % (busy, sorted(set(ends)))


def log_is_clean():
    """attack 40: after all attacks the log has only printable lines of the server's own form, and no tokens."""
    bad = [x for x in world.server.log if not re.fullmatch(r"simsd: [\x20-\x7e]*", x)]
    check(not bad, bad[:3])
    check(not [x for x in world.server.log if "gAAAA" in x], "a token in the log")
    return "%d lines" % len(world.server.log)


def memory_after_all():
    if os.environ.get("VARIANT") in ("asan", "tsan"):
        raise Skipped("a sanitizer keeps freed memory")
    grown = world.server.memory() - world.started
    check(grown < 32 << 20, "%d KiB" % (grown >> 10))
    return "+%d KiB" % (grown >> 10)


TESTS = [
    slow_loris, aborted_connections, half_closed, ack_flood, ping_flood, slow_reader, rsa_flood,
    limits_of_another_server, log_is_clean, memory_after_all,
]
