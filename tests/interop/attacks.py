"""Shared by the attacks: ways to send wrong bytes, and checks of the answers."""

import time

import simspy as s
from checks import Failed, check, login


class World:
    """The server under attack, and a bystander who must not notice."""

    server = bystander = None
    started = 0  # the server's resident bytes before the first case


world = World()


CODES = set("""bad-frame bad-message bad-sequence unsupported-version unsupported-suite handshake-failed name-invalid
name-taken id-taken not-registered banned busy rate-limited too-large unknown-peer not-connected mailbox-full unknown-blob
going-away internal""".split())


FORM = {"bad-frame", "bad-message"}


counter = 0


def fresh(prefix="mallory"):
    global counter
    counter += 1
    return "%s%d" % (prefix, counter)


def one(want):
    return {want} if isinstance(want, str) else set(want)


def clear_end(wire, want=CODES, timeout=30):
    """Requires exactly one error in clear, then the end; returns the error."""
    errors, end = [], time.monotonic() + timeout
    try:
        while True:
            errors.append(s.parse(wire.read_line(end - time.monotonic())))
    except s.Closed:
        pass
    except s.Late:
        raise Failed("not closed; came %s" % errors) from None
    finally:
        wire.close()
    check([e.get("type") for e in errors] == ["error"], "came %s" % errors)
    check(errors[0]["code"] in one(want), "code %s" % errors[0]["code"])
    check(wire.buffer == b"", "half a frame at the end")
    return errors[0]


def first(raw, want=FORM):
    """Requires that raw is refused as the first bytes of a connection; returns the code."""
    wire = s.Wire(world.server.address)
    try:
        wire.write(raw)
    except s.Closed:
        pass
    return clear_end(wire, want)["code"]


def phase1(**changes):
    name = fresh()
    obj = s.parse(s.Handshake("client-server", True, s.Identity(), name).start())
    obj["data"].update(changes.pop("data", {}))
    obj.update(changes)
    return obj


def line(obj, **changes):
    return s.dump({**obj, **changes}) + b"\n"


def text1(old, new, **changes):
    """A phase 1 with a part of its text replaced."""
    raw = s.dump(phase1(**changes))
    check(old in raw, "nothing to replace")
    return raw.replace(old, new, 1) + b"\n"


def refused(want=CODES, hook=None, suites=(s.ECDHE,), me=None, name=None, handshake=s.Handshake, at=None, draws=None):
    """Requires that a login fails with one error, if given after our frame of the phase `at`."""
    end = time.monotonic() + 30
    while True:
        sent = []

        def spy(phase, obj, hs):
            sent.append(phase)
            return hook(phase, obj, hs) if hook else obj

        c = s.Client(world.server.address, name or fresh(), me, suites, hook=spy, server=world.server.id, handshake=handshake,
                     login=False, draws=draws)
        try:
            c.login(8)
        except s.RemoteError as e:
            if e.code == "busy" and time.monotonic() < end:
                c.close()
                time.sleep(0.3)
                continue
            check(e.code in one(want), "code %s after phase %d" % (e.code, sent[-1]))
            check(at is None or sent[-1] == at, "refused after phase %s" % sent)
            try:
                more = c.wire.read_line(3)
                raise Failed("after the error came %r" % more[:100])
            except s.Closed:
                return e.obj
            except s.Late:
                raise Failed("not closed after the error") from None
        finally:
            c.close()
        raise Failed("logged in")


def at(phase, change):
    """A hook that changes the object of one phase."""

    def hook(n, obj, hs):
        if n == phase:
            out = change(obj) if change.__code__.co_argcount == 1 else change(obj, hs)
            return obj if out is None else out
        return obj

    return hook


class Member:
    """A logged-in client for one case."""

    def __init__(self, prefix="mallory", **more):
        self.c = login(world.server, fresh(prefix), **more)

    def __enter__(self):
        return self.c

    def __exit__(self, *_):
        self.c.close()


def secure_end(c, want=CODES, timeout=30):
    """Requires exactly one error inside SECURE, then the end; returns the error."""
    end = time.monotonic() + timeout
    c.auto_ack = False
    try:
        while True:
            c.pump(end - time.monotonic())
    except s.Closed:
        pass
    except s.Late:
        raise Failed("not closed; came %s" % [{k: x.get(k) for k in ("type", "code")} for x in c.inbox]) from None
    errors = [x for x in c.inbox if x["type"] == "error"]
    check(len(errors) == 1, "errors: %s" % errors)
    check(errors[0]["code"] in one(want), "code %s" % errors[0]["code"])
    return errors[0]


def ended(act, want=CODES):
    """Requires that act(c) ends a member's connection with one error; returns the code."""
    with Member() as c:
        c.ping()
        try:
            act(c)
        except s.Closed:
            pass
        return secure_end(c, want)["code"]


def answered(c, sub, want=CODES, goes_on=True):
    """Requires an error for a sub-message, and that the connection goes on; returns the error."""
    seq = c.send(sub)
    try:
        e = c.wait(5, type="error")
    except s.Closed:
        if goes_on:
            raise
        return next(x for x in c.inbox if x["type"] == "error")
    check(e["code"] in one(want), "code %s" % e["code"])
    check(e.get("id", seq) == seq, "error for message %s, not %d" % (e.get("id"), seq))
    try:
        c.ping()
    except s.Closed:
        check(not goes_on, "closed after %s" % e["code"])
    return e


def each(cases, test):
    """Runs test over (label, value) pairs. Returns a summary of the codes; fails with a list of all failures."""
    notes, bad = {}, []
    for label, value in cases:
        try:
            notes.setdefault(test(value), []).append(label)
        except Exception as e:
            bad.append("%s: %s %s" % (label, type(e).__name__, e))
    check(not bad, "; ".join(bad))
    return ", ".join("%s x%d" % (k, len(v)) for k, v in notes.items())


class Forged(s.Handshake):
    """A phase 5 with a key of our choice, genuinely signed, and confirmed under the Z that the attacker expects."""

    key = staticmethod(lambda hs: (b"", b""))

    def exchange(self):
        return self.key(self)


def forged(make):
    return type("ForgedHere", (Forged,), {"key": staticmethod(make)})


def tlv(tag, body):
    size = bytes([len(body)]) if len(body) < 128 else (bytes([0x81, len(body)]) if len(body) < 256 else b"\x82" + len(body).to_bytes(2, "big"))
    return bytes([tag]) + size + body


PING = b'{"type":"ping"}'


def quick(what="login"):
    """Requires that a login during the attack takes under a second, at best of three, since the machine may be busy."""
    times = []
    for _ in range(3):
        begin = time.monotonic()
        with Member("quick", suites=[s.ECDHE]) as c:
            c.ping()
        times.append(time.monotonic() - begin)
        if times[-1] < 1:
            return "%s in %d ms" % (what, times[-1] * 1000)
    raise Failed("%s took %s s" % (what, times))


def _quietly(call, *args):
    try:
        call(*args)
    except (s.Closed, s.Late):
        pass
