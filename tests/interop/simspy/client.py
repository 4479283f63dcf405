"""Sockets with deadlines, and a client of a relay with its mail."""

import socket
import time

from .crypto import Draws
from .handshake import ECDHE, RSA, Handshake
from .identity import Identity
from .mail import MailSession, check_prekey
from .secure import Direction
from .session import Session
from .wire import Closed, Fault, Late, dump, field, parse


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


class Item:
    """A letter or receipt that the relay gave us: its place in the connection, its bytes, what they say."""

    def __init__(self, seq, raw, obj):
        self.seq, self.raw, self.obj = seq, raw, obj


class Client:
    """A client of a relay. Sub-messages for no session go to inbox, as objects with their bytes in "_raw"; letters and
    receipts go to mail. With auto_ack all that was read is acked. Without it, ack() says what is on our disk."""

    def __init__(self, address, name, me=None, suites=(ECDHE, RSA), draws=None, hook=None, server=None,
                 handshake=Handshake, login=True, timeout=30):
        self.me, self.name, self.suites = me or Identity(), name, list(suites)
        self.draws = draws or Draws()
        self.wire = Wire(address)
        self.hs = handshake("client-server", True, self.me, name, suites, server, draws, hook)
        self.inbox, self.mail, self.sessions, self.acked, self.acks = [], [], {}, -1, []
        self.came = []  # all sub-messages in their order, acks too
        self.told = None  # what the relay said of our mail at the login
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
        """Reads the socket once, unless frames came with the end of the handshake, and handles the frames."""
        if b"\n" not in self.wire.buffer:
            self.wire.fill(timeout)
        last = None
        for line in self.wire.lines():
            plain = self.in_.open(line)
            sub = parse(plain)
            if sub.get("type") != "ack" or "dst" in sub:
                last = self.in_.seq - 1
            self._take(sub, plain)
        if last is not None and self.auto_ack:
            self.ack(last)

    def ack(self, seq):
        """The hop's ack of all up to the relay's message seq. Of mail it means: on our disk."""
        self.send({"type": "ack", "name": self.name, "id": seq})

    def _take(self, sub, plain):
        self.came.append(sub)
        if sub["type"] == "ack" and "dst" not in sub:
            self.acked = field(sub, "id", int)
            self.acks.append(self.acked)
            return
        if sub["type"] in ("client-mail", "client-receipt"):
            self.mail.append(Item(self.in_.seq - 1, plain, sub))
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

    # mail

    def kept(self, sub, timeout=30):
        """Sends, and waits until the relay has taken it over."""
        seq = self.send(sub)
        self.until(lambda: self.acked >= seq, timeout, "ack of a kept message")
        return seq

    def status(self, timeout=30, **fields):
        """What the relay says of our prekeys and mail when asked; waits until these fields are as given."""
        return self.publish([], lambda told: all(told[k] == v for k, v in fields.items()), timeout)

    def publish(self, prekeys, right=lambda told: True, timeout=30, **more):
        """Returns the relay's answer, or its error. What it says unasked may come before: waits for one that is right()."""
        self.ping()
        self.inbox = [x for x in self.inbox if x["type"] != "prekeys"]
        seq = self.send({"type": "prekeys", "data": prekeys, **more})

        def answer():
            told = [x for x in self.inbox if x["type"] == "prekeys" and right(x)]
            return (told + [x for x in self.inbox if x["type"] == "error" and x.get("id") == seq] or [None])[0]

        try:
            got = self.until(answer, timeout, "prekeys")
        except Late as e:
            raise Late("prekeys; told %s" % [x for x in self.inbox if x["type"] == "prekeys"]) from e
        self.inbox.remove(got)
        return got

    def ask_prekey(self, owner, suites=None, timeout=30):
        """Returns the prekey that the relay hands out, unchecked; None if there is none."""
        self.send({"type": "prekey", "dst": owner, "ciphers": suites or self.suites})
        data = self.wait(timeout, type="prekey", dst=owner)["data"]
        return data[0] if data else None

    def write_to(self, owner, suites=None):
        """A mail session with a prekey that the relay hands out."""
        prekey = self.ask_prekey(owner, suites)
        if prekey is None:
            raise Fault("no prekey of " + owner)
        check_prekey(prekey, owner, suites or self.suites)
        return MailSession(self.me, owner, prekey, self.draws)

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
