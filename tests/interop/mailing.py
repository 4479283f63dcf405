"""Shared by the tests of mail: servers with small bounds, people who are away, letters, what an owner is given."""

import contextlib
import os
import sqlite3

import simspy as s
from checks import Server, check, login

counter = 0


def fresh(name):
    """A name that nobody had."""
    global counter
    counter += 1
    return "%s-%d" % (name, counter)


@contextlib.contextmanager
def serving(*options, **limits):
    """A simsd with these [limits], which `_` joins instead of `-`."""
    config = "".join("%s = %d\n" % (k.replace("_", "-"), v) for k, v in limits.items())
    server = Server(*options, config="[limits]\n" + config if config else None)
    try:
        yield server
    finally:
        server.stop()


class People:
    """Clients of one server, closed at the end of a test."""

    def __init__(self, server, draws=None):
        self.server, self.draws, self.all, self.names = server, draws, [], {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for c in self.all:
            c.close()

    def online(self, name, me=None, **more):
        """Logs in, under the name that this identity has. Acks nothing unasked."""
        name = self.names.get(me.id) if me and me.id in self.names else fresh(name)
        c = login(self.server, name, me, draws=self.draws, **more)
        c.auto_ack = False
        self.names[c.id] = name
        self.all.append(c)
        return c

    def away(self, name):
        """An identity that registered and left."""
        c = self.online(name)
        c.close()
        return c.me

    def back(self, me):
        return self.online("", me)


def left(told, suite=s.ECDHE):
    """(once, many) of a suite in a `prekeys` of the relay."""
    row = [x for x in told["left"] if x["suite"] == suite]
    return (row[0]["once"], row[0]["many"]) if row else (0, False)


def writes(sender, owner):
    """A mail session with a prekey that the owner did not publish: the relay can't tell."""
    ident = owner if isinstance(owner, str) else owner.id
    return s.MailSession(sender.me, ident, s.Prekey(s.Identity()).public)


def letters(sender, owner, count, body="letter", size=None):
    session = writes(sender, owner)
    return [letter_of(session, body + " %d" % n, size) for n in range(count)]


def letter_of(session, body, size=None):
    """A letter; of `size` bytes if that is given."""
    raw = session.text(body)
    if size is not None:  # an unknown field is ignored, and kept
        check(size >= len(raw) + 7, "the letter has %d bytes" % len(raw))
        raw = raw[:-1] + b',"x":"' + b"x" * (size - len(raw) - 7) + b'"}'
        check(len(raw) == size)
    return raw


def receipts(owner, sender, count):
    """Receipts of letters that were never written: the relay can't tell."""
    return [s.unopened(owner.me, sender if isinstance(sender, str) else sender.id, os.urandom(32)) for _ in range(count)]


def put(c, raws, timeout=30):
    """Sends all in one write, and waits until all are taken over; returns their numbers."""
    first = c.out.seq
    c.wire.write(b"".join(c.out.seal(raw) + b"\n" for raw in raws))
    c.until(lambda: c.acked >= c.out.seq - 1, timeout, "acks of %d" % len(raws))
    return list(range(first, c.out.seq))


def quiet(c, seconds=0.3):
    """Reads until nothing comes for a while."""
    try:
        while True:
            c.pump(seconds)
    except s.Late:
        pass


def refused(c, code, **fields):
    """The errors of this code that came, in order; fails if there are others."""
    errors = [x for x in c.inbox if x["type"] == "error"]
    check(all(e["code"] == code and all(e.get(k) == v for k, v in fields.items()) for e in errors), errors)
    c.inbox = [x for x in c.inbox if x["type"] != "error"]
    return errors


def all_given(c):
    """What the owner was given and did not ack, once the relay has answered a question about the mailbox."""
    c.status()
    return [item.raw for item in c.mail]


def given(c, count, timeout=30):
    """Waits for as many items; returns their bytes."""
    c.until(lambda: len(c.mail) >= count, timeout, "mail: %d of %d" % (len(c.mail), count))
    return [item.raw for item in c.mail]


def took(c, count):
    """Acks the first items, and forgets them."""
    c.ack(c.mail[count - 1].seq)
    c.mail = c.mail[count:]


def take_all(c, count, timeout=30):
    """Takes and acks until as many items came; returns their bytes."""
    out = []
    while len(out) < count:
        out += given(c, 1, timeout)
        took(c, len(c.mail))
    return out


@contextlib.contextmanager
def busy_disk(server):
    """Nothing can be written to the mailboxes meanwhile: another program holds the database's write lock."""
    db = sqlite3.connect(os.path.join(server.state, "mail.db"), isolation_level=None, timeout=30)
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")
    finally:
        db.close()
