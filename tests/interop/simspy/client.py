"""Sockets with deadlines, and a client of a relay."""

import socket
import time

from .crypto import Draws
from .handshake import ECDHE, RSA, Handshake
from .identity import Identity
from .secure import Direction
from .session import Session
from .wire import Closed, Late, dump, field, parse


class Wire:
    """A socket that reads lines. Every wait has a deadline in seconds."""

    def __init__(self, address, timeout=30):
        self.sock = socket.create_connection(address, timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.ended = b"", False

    def write(self, raw):
        try:
            self.sock.sendall(raw)
        except TimeoutError as e:
            raise Late("write") from e
        except OSError as e:
            raise Closed(str(e)) from e

    def write_line(self, raw):
        self.write(raw + b"\n")

    def fill(self, timeout):
        """Reads once."""
        self.sock.settimeout(max(timeout, 0.001))
        try:
            raw = self.sock.recv(1 << 18)
        except TimeoutError as e:
            raise Late("read") from e
        except OSError:
            raw = b""
        finally:
            self.sock.settimeout(5)
        if not raw:
            self.ended = True
            raise Closed("end of stream")
        self.buffer += raw

    def lines(self):
        *whole, self.buffer = self.buffer.split(b"\n")
        return [line for line in whole if line]

    def read_line(self, timeout=30):
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            self.fill(end - time.monotonic())
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line or self.read_line(end - time.monotonic())

    def close(self):
        self.sock.close()


class Client:
    """A client of a relay. Sub-messages for no session go to inbox, as objects with their bytes in "_raw"."""

    def __init__(self, address, name, me=None, suites=(ECDHE, RSA), draws=None, hook=None, server=None,
                 handshake=Handshake, login=True, timeout=30):
        self.me, self.name, self.suites = me or Identity(), name, list(suites)
        self.draws = draws or Draws()
        self.wire = Wire(address)
        self.hs = handshake("client-server", True, self.me, name, suites, server, draws, hook)
        self.inbox, self.sessions, self.acked, self.acks = [], {}, -1, []
        self.auto_ack, self.answer, self.accept_suites = True, True, (ECDHE, RSA)
        self.session_hook = None
        if login:
            try:
                self.login(timeout)
            except BaseException:
                self.close()
                raise

    @property
    def id(self):
        return self.me.id

    def login(self, timeout=30):
        end = time.monotonic() + timeout
        self.wire.write_line(self.hs.start())
        while not self.hs.done:
            out = self.hs.feed(self.wire.read_line(end - time.monotonic()))
            if out:
                self.wire.write_line(out)
        self.out = Direction(self.hs.k, "SIMS/1 client to server")
        self.in_ = Direction(self.hs.k, "SIMS/1 server to client")

    # sending

    def send(self, sub, **deviation):
        """Sends an object or raw bytes; returns its seq."""
        self.wire.write_line(self.out.seal(sub if isinstance(sub, bytes) else dump(sub), **deviation))
        return self.out.seq - 1

    # receiving

    def pump(self, timeout):
        """Reads the socket once, and handles the frames."""
        self.wire.fill(timeout)
        last = None
        for line in self.wire.lines():
            plain = self.in_.open(line)
            sub = parse(plain)
            if sub.get("type") != "ack" or "dst" in sub:
                last = self.in_.seq - 1
            self._take(sub, plain)
        if last is not None and self.auto_ack:
            self.send({"type": "ack", "name": self.name, "id": last})

    def _take(self, sub, plain):
        if sub["type"] == "ack" and "dst" not in sub:
            self.acked = field(sub, "id", int)
            self.acks.append(self.acked)
            return
        peer = sub.get("src")
        if peer and self.answer and sub["type"] != "client-refuse" and self._session(sub, plain):
            for raw in self.sessions[peer].feed(plain):
                self.send(raw)
            return
        self.inbox.append({**sub, "_raw": plain})

    def _session(self, sub, plain):
        """Whether the sub-message belongs to a session. Phase 1 makes a session, by the rule for crossing calls."""
        peer, session = sub["src"], self.sessions.get(sub["src"])
        if sub["type"] == "client-connect" and sub.get("phase") == 1:
            calling = session and session.hs.initiator and not session.up and session.closed is None
            if calling and self.id < peer:
                return False
            self.sessions[peer] = Session(False, self.me, self.name, peer, self.accept_suites, self.draws, self.session_hook)
        return peer in self.sessions

    def until(self, condition, timeout=30, what="condition"):
        """Pumps until condition() is true; returns its value."""
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            try:
                self.pump(end - time.monotonic())
            except Late as e:
                raise Late(what) from e

    def wait(self, timeout=30, **fields):
        """Waits for a sub-message with these fields, and takes it out of the inbox."""

        def find():
            for i, sub in enumerate(self.inbox):
                if all(sub.get(k) == v for k, v in fields.items()):
                    return self.inbox.pop(i)
            return None

        return self.until(find, timeout, "no %r; have %r" % (fields, [s.get("type") for s in self.inbox]))

    def ping(self, timeout=30):
        """A round trip: fails if the connection is broken."""
        seq = self.send({"type": "ping"})
        self.until(lambda: self.acked >= seq, timeout, "ack of ping")

    def list(self, timeout=30, **fields):
        self.send({"type": "list", **fields})
        return self.wait(timeout, type="list", event="snapshot")

    # end to end

    def call(self, peer, suites=None, draws=None, hook=None, wait=True, timeout=30):
        s = Session(True, self.me, self.name, peer, suites or self.suites, draws or self.draws, hook)
        self.sessions[peer] = s
        self.send(s.start())
        if wait:
            self.until(lambda: s.up, timeout, "session")
        return s

    def text(self, peer, body, **more):
        session = self.sessions[peer]
        self.send(session.text(body, **more))
        for raw in session.maybe_rekey():
            self.send(raw)
        return session.sent - 1

    def close(self):
        self.wire.close()
