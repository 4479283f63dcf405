#!/usr/bin/env python3
"""simspy against the real simsd and sims: what protocol.md promises between independent implementations."""

import json
import os
import re
import sys
import tempfile
import time

import simspy as s
from checks import TOP, Failed, Program, Server, check, login, run, together
from cryptography.hazmat.primitives import serialization

SUITES = {"ecdhe": s.ECDHE, "rsa": s.RSA}


class Pooled(s.Draws):
    """RSA keys in turn from the two in our vectors: making one takes seconds."""

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
    """Clients of one test, closed at its end."""

    def __init__(self, *names, **more):
        self.all = [client(n, **more) for n in names]

    def __enter__(self):
        return self.all

    def __exit__(self, *_):
        for c in self.all:
            c.close()


# --- client and server ------------------------------------------------------------------------------------


def login_with(suite):
    with Clients("login-" + suite, suites=[SUITES[suite]]) as (a,):
        check(a.hs.suite == SUITES[suite] and a.hs.peer == server.id)
        a.ping()
        check(a.acks[-1] == 0, a.acks)


def login_prefers_the_clients_order():
    with Clients("order-1", suites=[s.ECDHE, s.RSA]) as (a,), Clients("order-2", suites=["X_Y", s.ECDHE]) as (b,):
        check(a.hs.suite == s.ECDHE and b.hs.suite == s.ECDHE)


def login_white_space_and_order():
    """Any field order and JSON white space, and a CR before the LF is white space too."""

    def hook(_phase, obj, _hs):
        turned = dict(reversed(obj.items()))
        turned["data"] = dict(reversed(turned["data"].items()))
        turned["extra"] = {"deep": [1, {"a": None}], "b": True}
        return b"  " + json.dumps(turned, indent=None, separators=(" , ", " : ")).encode() + b"\t\r"

    with Clients("spaced", hook=hook) as (a,):
        a.ping()


def login_again_same_name():
    me = s.Identity()
    for _ in range(2):
        with Clients("again", me=me) as (a,):
            a.ping()


def list_snapshot():
    with Clients("snap-a", "snap-b") as (a, b):
        snap = a.list()
        check(set(snap) - {"_raw"} == {"type", "data", "event", "more"} and snap["more"] is False, snap)
        mine = [e for e in snap["data"] if e["name"].startswith("snap-")]
        check({e["id"] for e in mine} == {a.id, b.id}, mine)
        for e in mine:
            check(set(e) == {"name", "id", "status", "since"} and e["status"] == "online", e)
            check(abs(e["since"] - time.time()) < 60, e)


def list_pages_and_prefix():
    with Clients(*["page-%d" % i for i in range(7)]) as all_:
        a, seen, after, pages = all_[0], [], {}, 0
        while True:
            page = a.list(match="page-", limit=3, **after)
            seen += [e["id"] for e in page["data"]]
            pages += 1
            check(len(page["data"]) <= 3)
            if not page["more"]:
                break
            after = {"after": page["data"][-1]["id"]}
        check(sorted(seen) == sorted(c.id for c in all_) and pages == 3, (pages, seen))
        check([e["name"] for e in a.list(match="page-3")["data"]] == ["page-3"])
        check(a.list(match="page-3x")["data"] == [])
        check(len(a.list(match="page-", limit=300)["data"]) == 7)


def find_by_name_and_id():
    with Clients("find-a") as (a,):
        with Clients("find-b") as (b,):
            for asked in ({"name": "find-b"}, {"id": b.id}):
                a.send({"type": "find", **asked})
                found = a.wait(type="find")
                check(found.pop("_raw") and found == {"type": "find", "name": "find-b", "id": b.id, "status": "online"}, found)
        a.wait(3, type="list", event="offline")
        a.send({"type": "find", "id": b.id})
        check(a.wait(type="find")["status"] == "offline")
        for asked, field in (({"name": "find-nobody"}, "name"), ({"id": s.Identity().id}, "dst")):
            seq = a.send({"type": "find", **asked})
            e = a.wait(type="error")
            check(e["code"] == "unknown-peer" and e["id"] == seq and e[field] == next(iter(asked.values())), e)
        a.ping()


def find_too_often():
    with Clients("find-often") as (a,):
        for _ in range(31):
            seq = a.send({"type": "find", "name": "find-often"})
        e = a.wait(type="error")
        check(e["code"] == "rate-limited" and e["id"] == seq, e)
        check(len([x for x in a.inbox if x["type"] == "find"]) == 30)
        a.ping()


def forwarded_size():
    """48,896 bytes are passed on, one more is too-large, also for nobody; the error comes before the ack of it."""
    with Clients("size-a", "size-b") as (a, b):
        def of_size(size, dst):
            sub = {"type": "client-disconnect", "src": a.id, "dst": dst, "data": {"reason": ""}, "verification": s.b64(bytes(32))}
            sub["data"]["reason"] = "x" * (size - len(s.dump(sub)))
            return s.dump(sub)

        raw = of_size(48896, b.id)
        a.send(raw)
        check(b.wait(type="client-disconnect")["_raw"] == raw, "not byte for byte")
        came, take = [], a._take
        a._take = lambda sub, plain: (came.append(sub), take(sub, plain))
        for dst in (b.id, s.Identity().id):
            seq = a.send(of_size(48897, dst))
            e = a.wait(type="error")
            a.until(lambda: a.acked >= seq, 20, "the ack")
            acks = [x for x in came[:[x["type"] for x in came].index("error")] if x["type"] == "ack"]
            check(not [x for x in acks if x["id"] >= seq], "acked before the error")
            came.clear()
            check(e["code"] == "too-large" and e["id"] == seq and e["dst"] == dst, e)
        a.ping()
        b.ping()
        check(not [x for x in b.inbox if x["type"] == "client-disconnect"])


def events_online_offline():
    with Clients("watcher") as (a,):
        with Clients("coming") as (b,):
            event = a.wait(3, type="list", event="online")
            check([(e["name"], e["id"], e["status"]) for e in event["data"]] == [("coming", b.id, "online")], event)
        event = a.wait(3, type="list", event="offline")
        check([e["id"] for e in event["data"]] == [b.id], event)
        return "offline entry: %s" % {k: v for k, v in event["data"][0].items() if k != "id"}


def acks_cumulative_one_per_read():
    with Clients("acks") as (a,):
        for attempt in range(3):
            before = len(a.acks)
            a.wire.write(b"".join(a.out.seal(b'{"type":"ping"}') + b"\n" for _ in range(20)))
            a.until(lambda: a.acked == a.out.seq - 1)
            got = a.acks[before:]
            check(got == sorted(got) and got[-1] == a.out.seq - 1, got)
            if len(got) == 1:
                break
        check(len(got) < 20, "an ack for each of 20 in one write: %s" % got)
        return "%d ack for 20 pings in one write" % len(got)


def acks_not_acked():
    with Clients("ackack") as (a,):
        a.until(lambda: True)
        for _ in range(5):
            a.send({"type": "ack", "name": "ackack", "id": 0} if a.in_.seq else {"type": "ping"})
        a.ping()
        before, seq = len(a.acks), a.in_.seq
        for _ in range(5):
            a.send({"type": "ack", "name": "ackack", "id": seq - 1})
        try:
            a.pump(0.5)
        except s.Late:
            pass
        check(len(a.acks) == before and a.in_.seq == seq, "acks of acks: %s" % a.acks[before:])
        a.ping()


def server_name_is_constant():
    with Clients("names") as (a,):
        a.auto_ack = False
        a.send({"type": "ping"})
        sub = s.parse(a.in_.open(a.wire.read_line()))
        check(sub == {"type": "ack", "name": a.hs.peer_name, "id": 0}, sub)


def rotation_at_100_and_200():
    with Clients("rotate") as (a,):
        for n in range(250):
            a.send({"type": "ping"})
            if n % 10 == 9:
                a.until(lambda: a.acked == a.out.seq - 1)
        for _ in range(220):
            a.ping()
        check(a.out.epoch >= 4 and a.in_.epoch >= 2, (a.out.epoch, a.in_.epoch))


def disconnect_orderly():
    with Clients("leaver", "stayer") as (a, b):
        b.list()
        a.send({"type": "disconnect", "name": "leaver", "id": a.out.seq})
        try:
            while True:
                a.pump(5)
        except s.Closed:
            pass
        check([e["id"] for e in b.wait(3, type="list", event="offline")["data"]] == [a.id])
        return "server said before closing: %s" % [x["type"] for x in a.inbox]


def sigterm_going_away():
    other = Server()
    try:
        with_session = login(other, "patient")
        stranger = s.Wire(other.address)
        begin = time.monotonic()
        other.process.terminate()
        gone = with_session.wait(6, type="error")
        check(gone["code"] == "going-away", gone)
        try:
            while True:
                with_session.pump(6)
        except s.Closed:
            pass
        with_session.close()
        hint = s.parse(stranger.read_line())  # in clear: it hadn't logged in; it doesn't close, which must not hold up the end
        check(hint["code"] == "going-away", hint)
        status = other.wait(10)
        took = time.monotonic() - begin
        stranger.close()
    finally:
        other.stop()
    check(status == 0, "exit status %d" % status)
    return "exit after %.1f s; after the error: %s" % (took, [x["type"] for x in with_session.inbox])


# --- two of ours through the relay ------------------------------------------------------------------------


def bodies(session):
    return [c["body"] for _, c, _ in session.inbox]


def start(a, b, suite):
    sa = a.call(b.id, [suite], wait=False)
    together([a, b], lambda: sa.up and b.id in a.sessions and a.id in b.sessions and b.sessions[a.id].up, 20, "session")
    check(sa.hs.suite == suite)
    return sa, b.sessions[a.id]


def conversation(suite):
    with Clients("talk-a-" + suite, "talk-b-" + suite) as (a, b):
        sa, sb = start(a, b, SUITES[suite])
        for n in range(250):
            a.text(b.id, "a%d" % n)
            b.text(a.id, "b%d" % n)
            if n % 5 == 4:
                together([a, b], lambda: len(sb.delivered) == n + 1 and len(sa.delivered) == n + 1, 20,
                         lambda: "delivered %d %d of %d; %s %s" % (len(sa.delivered), len(sb.delivered), n, sa.faults, sb.faults))
        check(bodies(sa) == ["b%d" % n for n in range(250)] and bodies(sb) == ["a%d" % n for n in range(250)])
        check(not sa.faults and not sb.faults, (sa.faults, sb.faults))
        check(min(a.out.epoch, a.in_.epoch, b.out.epoch, b.in_.epoch) >= 2, "no rotation")
        if suite == "rsa":
            check(sa.ratchet.epoch >= 4 and sa.ratchet.epoch == sb.ratchet.epoch, "epoch %d" % sa.ratchet.epoch)


def late_and_lost(suite):
    with Clients("late-a-" + suite, "late-b-" + suite) as (a, b):
        sa, sb = start(a, b, SUITES[suite])
        made = [sa.text("m%d" % n) for n in range(10)]
        for n in (2, 0, 9):
            a.send(made[n])
        together([a, b], lambda: len(sa.delivered) == 3)
        b.text(a.id, "turn")
        together([a, b], lambda: bodies(sa) == ["turn"])
        if suite == "rsa":
            b.send(sb.hs.phase4())
            sb.rekeying = True
            together([a, b], lambda: sa.ratchet.epoch == sb.ratchet.epoch == 1)
        a.text(b.id, "new chain")
        for n in (5, 1, 5):
            a.send(made[n])
        together([a, b], lambda: {1, 5, 10} <= sa.delivered)
        check(bodies(sb) == ["m2", "m0", "m9", "new chain", "m5", "m1"], bodies(sb))
        check(not sb.faults and sorted(sa.waiting) == [3, 4, 6, 7, 8], sb.faults)


def crossing_calls():
    with Clients("cross-a", "cross-b") as (a, b):
        a.call(b.id, wait=False)
        b.call(a.id, wait=False)
        together([a, b], lambda: a.sessions[b.id].up and b.sessions[a.id].up)
        small = min((a, b), key=lambda c: c.id)
        other = b if small is a else a
        check(small.sessions[other.id].hs.initiator and not other.sessions[small.id].hs.initiator)
        a.text(b.id, "x")
        together([a, b], lambda: a.sessions[b.id].delivered)


def ends_and_forwarding():
    """client-disconnect arrives byte for byte, white space and extra fields included; so does the rest."""
    with Clients("end-a", "end-b") as (a, b):
        sa, sb = start(a, b, s.ECDHE)
        raw = sa.bye("a reason: ñ")
        odd = b" " + raw.replace(b'"type"', b'"x" : [ 1,2 ], "type"')
        b.answer = False
        a.send(odd)
        got = b.wait(5, type="client-disconnect")["_raw"]
        check(got in (odd, odd.strip()), got)
        sb.feed(got)
        check(sb.closed == "a reason: ñ", sb.faults)
        return "byte for byte" if got == odd else "surrounding white space cut"


def not_connected():
    with Clients("lonely") as (a,):
        nobody = s.Identity().id
        seq = a.send(s.Session(True, a.me, "lonely", nobody).start())
        e = a.wait(5, type="error")
        check(e["code"] in ("not-connected", "unknown-peer") and e.get("dst") == nobody and e.get("id") == seq, e)
        a.ping()
        return e["code"]


# --- ours and the real sims -------------------------------------------------------------------------------


class Home:
    """A home of sims, and what runs there."""

    def __init__(self, name):
        self.name, self.folder = name, tempfile.TemporaryDirectory(prefix="sims-home-")
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

    def sims(self, *words):
        path = os.environ.get("SIMS") or os.path.join(TOP, "build", "release", "sims")
        p = Program([path, "--server", "%s:%d" % server.address, "--name", self.name, "--home", self.folder.name,
                     "--accept-new", *words])
        self.running.append(p)
        return p

    def listen(self, watcher, *words):
        """sims listen --json, once watcher sees it online; its id too."""
        p = self.sims(*words)
        end = time.monotonic() + 20
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


def to_sims(suite, count):
    """Python calls, sims listens; over 100 messages sims as R makes a re-key (RSA)."""
    with Clients("py-i-" + suite) as (a,), Home("ear-" + suite) as home:
        p, ident = home.listen(a, "--suite", suite, "listen", "--json", "--count", str(count), "--timeout", "60")
        session = a.call(ident, [SUITES[suite]], timeout=25)
        check(session.hs.peer_name == home.name)
        texts = ["word %d ñ 👩‍👩‍👧" % n for n in range(count)]
        for n, text in enumerate(texts):
            if n == count - 1 and suite == "rsa" and count > 100:
                a.until(lambda: session.ratchet.epoch == 1, 30, "re-key by sims as R")
            a.text(ident, text)
            if n % 10 == 9:
                a.until(lambda: len(session.delivered) == n + 1, 25, "acks: %d of %d" % (len(session.delivered), n + 1))
        a.until(lambda: len(session.delivered) == count, 25, "the last acks")
        finished(p)
        lines = shown(p)
        check([x["body"] for x in lines] == texts, "%d lines" % len(lines))
        check(all(x["from"] == a.name and x["id"] == a.id and x["kind"] == "text" for x in lines), lines[0])
        check(not session.faults, session.faults)
        if suite == "rsa" and count > 100:
            check(session.ratchet.epoch >= 1, "no re-key by sims")
            return "re-key by sims as R"
    return None


def from_sims(suite):
    """sims calls, python answers."""
    with Clients("py-r-" + suite) as (b,), Home("mouth-" + suite) as home:
        p = home.sims("--suite", suite, "send", "--timeout", "60", b.name, "olá from sims")
        b.until(lambda: any(x.inbox for x in b.sessions.values()), 25, "a message")
        session = next(iter(b.sessions.values()))
        while p.process.poll() is None:
            try:
                b.pump(0.2)
            except s.Late:
                pass
        finished(p)
        _, content, plain = session.inbox[0]
        check(content["body"] == "olá from sims" and content["kind"] == "text", content)
        check(re.fullmatch(r"[A-Za-z0-9_-]{22}", content["uid"]) and len(plain) == 128, plain)
        check(abs(content["sent"] / 1000 - time.time()) < 60, content)
        check(session.hs.suite == SUITES[suite] and not session.faults and session.hs.peer_name == home.name)
        return "session closed: %s" % session.closed


def from_sims_unacked():
    """No proof of delivery, or a forged one: not delivered (7)."""
    with Clients("py-noack") as (b,), Home("doubter") as home:
        forged = []

        def hook(phase, obj, _hs):
            return obj

        b.session_hook = hook
        p = home.sims("--suite", "ecdhe", "send", "--timeout", "3", b.name, "anyone?")
        while p.process.poll() is None:
            for session in b.sessions.values():
                session.auto_ack = False
                if session.inbox and not forged:
                    obj = json.loads(session.ack(session.inbox[0][0]))
                    obj["verification"] = s.b64(os.urandom(32))
                    forged.append(b.send(obj))
            try:
                b.pump(0.2)
            except s.Late:
                pass
        finished(p, 7)
        check(forged, "no message came")


def rekey_with_sims_as_initiator():
    """Our R re-keys at once, before the ack ends sims: allowed to be refused as early, must work if taken."""
    with Clients("py-rekey") as (b,), Home("rekeyed") as home:
        p = home.sims("--suite", "rsa", "send", "--timeout", "60", b.name, "hold on")
        b.until(lambda: any(x.up for x in b.sessions.values()), 25, "session")
        session = next(iter(b.sessions.values()))
        session.auto_ack, session.rekey_after = False, 1
        b.until(lambda: session.inbox, 20, "the message")
        if not session.rekeying and session.ratchet.epoch == 0:
            for raw in session.maybe_rekey():
                b.send(raw)
        note = "re-key done"
        try:
            b.until(lambda: session.ratchet.epoch == 1, 8, "re-key")
        except s.Late:
            note = "early re-key not answered; %s" % [x for x in b.inbox if x["type"] == "error"]
        b.send(session.ack(0))
        while p.process.poll() is None:
            try:
                b.pump(0.2)
            except s.Late:
                pass
        finished(p)
        return note


def rekey_again_and_without_phase_6():
    """Our R gives up its first attempt and keeps the second one's phase 6 to itself: sims as I goes on from t5."""
    with Clients("py-rekey-6") as (b,), Home("rekeyed-6") as home:
        p = home.sims("--suite", "rsa", "send", "--timeout", "60", b.name, "hold on")
        b.until(lambda: any(x.up for x in b.sessions.values()), 25, "session")
        session = next(iter(b.sessions.values()))
        session.auto_ack = False
        b.until(lambda: session.inbox, 20, "the message")
        b.answer = False
        for turn in range(2):  # the second time it is a change of keys from the first one's t5
            for attempt in range(2):
                b.send(session.hs.phase4())
                five = b.wait(20, type="client-connect", phase=5)
            check(len(session.feed(five["_raw"])) == 1 and session.ratchet.epoch == turn + 1, "phase 5")
            m = b.send(session.text("of epoch %d" % (turn + 1)))
            b.until(lambda: b.acked >= m, 20, "the relay's ack")
            ack = b.wait(20, type="ack", src=session.peer)
            session.feed(ack["_raw"])
            check(session.sent - 1 in session.delivered, session.faults)
        b.answer = True
        b.send(session.ack(0))
        while p.process.poll() is None:
            try:
                b.pump(0.2)
            except s.Late:
                pass
        finished(p)
        check(not session.faults, session.faults)


def sims_long_text():
    """16,384 bytes of body both ways."""
    body = "".join("%05d ñ " % n for n in range(3000)).encode()[:16384].decode(errors="ignore")
    body += "x" * (16384 - len(body.encode()))
    with Clients("py-long") as (a,), Home("long") as home:
        p, ident = home.listen(a, "--suite", "ecdhe", "listen", "--json", "--count", "1", "--timeout", "60")
        session = a.call(ident, timeout=30)
        a.text(ident, body)
        a.until(lambda: session.delivered, 30, "ack")
        finished(p)
        check(shown(p)[0]["body"] == body)
        p = home.sims("--suite", "ecdhe", "send", "--timeout", "60", a.name, body)
        a.until(lambda: a.sessions[ident].inbox, 60, "the long text back")
        check(a.sessions[ident].inbox[0][1]["body"] == body)
        while p.process.poll() is None:
            try:
                a.pump(0.2)
            except s.Late:
                pass
        finished(p)


def sims_unkind():
    """One corrupt among good ones, copies, late ones, unknown kinds, typing: what must be shown and acked."""
    with Clients("py-unkind") as (a,), Home("unkind") as home:
        p, ident = home.listen(a, "--suite", "ecdhe", "listen", "--json", "--count", "7", "--timeout", "60")
        session = a.call(ident, timeout=30)
        made = [session.text("t%d" % n) for n in range(6)]
        bad = json.loads(made[0])
        bad["verification"] = s.b64(os.urandom(32))
        a.send(bad)
        a.send(made[0])
        a.until(lambda: 0 in session.delivered, 10, "ack of the good one after the corrupt one")
        for n in (2, 1, 2, 3):
            a.send(made[n])
        a.until(lambda: {0, 1, 2, 3} <= session.delivered, 10, "acks of late ones")
        a.send(session.send({"kind": "typing", "on": True}))
        a.send(session.send({"kind": "sculpture", "uid": s.uid(), "what": 1}))
        a.send(session.send_raw(s.inner_pad(b"[]")))
        a.send(session.send_raw(s.inner_pad(b'{"kind":"text","kind":"text"}')))
        far = session.ratchet.ns
        session.ratchet.ns += 1500
        a.send(session.text("too far"))
        session.ratchet.ns = far
        a.send(made[4])
        again = json.loads(a.sessions[ident].inbox[0][2]) if session.inbox else None
        check(again is None)
        a.until(lambda: 4 in session.delivered, 10, "ack after junk")
        check(6 not in session.delivered, "typing was acked")
        # The same uid in a later session: shown once, acked again.
        later = a.call(ident, timeout=30)
        twice = {"kind": "text", "uid": s.uid(), "body": "once", "sent": 1}
        a.send(later.send(twice))
        a.until(lambda: later.delivered, 10, "ack in a later session")
        last = a.call(ident, timeout=30)
        a.send(last.send(twice))
        a.until(lambda: last.delivered, 10, "ack of the same uid")
        a.text(ident, "end")
        a.until(lambda: 1 in last.delivered or p.process.poll() is not None, 10, "the end")
        finished(p)
        got = [x["body"] for x in shown(p)]
        check(sorted(x for x in got if x in {"t0", "t1", "t2", "t3", "t4"}) == ["t0", "t1", "t2", "t3", "t4"], got)
        check(got.count("once") == 1 and "too far" not in got, got)
        return "shown: %s; said: %s" % (got, [line for line in p.log if "listening" not in line])


def sims_counts():
    """attack 30: notices that a contact causes: ten, then one line with how many there were."""
    with Clients("py-counts") as (a,), Home("counts") as home:
        p, ident = home.listen(a, "--suite", "ecdhe", "listen")
        session = a.call(ident, timeout=30)
        for n in range(60):
            a.send(session.send({"kind": "sculpture%d" % n, "uid": s.uid()}))
        a.text(ident, "the last")
        a.until(lambda: 60 in session.delivered, 20, "ack of the last")
        p.process.terminate()
        finished(p)
        said = [line for line in p.log if "unsupported message" in line]
        counts = [line for line in p.log if "held back" in line]
        check(len(said) <= 10 and len(counts) == 1, p.log)
        check(counts[0].endswith(": %d" % (60 - len(said))), counts)
        return counts[0]


def sims_order():
    """Texts that name the one before them: printed in that order, acked when they come, and with when they were sent."""
    with Clients("py-order") as (a,), Home("order") as home:
        p, ident = home.listen(a, "--suite", "ecdhe", "listen", "--json", "--count", "3", "--timeout", "60")
        session = a.call(ident, timeout=30)
        names = [s.uid() for _ in range(3)]
        a.send(session.text("one", uid=names[0], after=""))
        a.send(session.text("three", uid=names[2], after=names[1]))
        a.until(lambda: {0, 1} <= session.delivered, 10, "ack of the text that waits")
        a.send(session.text("two", uid=names[1], after=names[0], sent=int(time.time() * 1000) - 600_000))
        a.until(lambda: 2 in session.delivered or p.process.poll() is not None, 10, "the end")
        finished(p)
        got = shown(p)
        check([x["body"] for x in got] == ["one", "two", "three"], got)
        check([x.get("sent_is") for x in got] == [None, "earlier", None], got)


def sims_list_and_fingerprint():
    with Clients("py-listed") as (a,), Home("finger") as home:
        p = home.sims("list", "--json")
        finished(p)
        mine = [x for x in shown(p) if x["name"] == a.name]
        check(len(mine) == 1 and mine[0]["id"] == a.id and mine[0]["trust"] == "new", shown(p))
        p = home.sims("id")
        finished(p)
        ident = p.output[0].strip()
        p = home.sims("fingerprint", a.name)
        finished(p)
        digits = re.sub(r"\D", "", "".join(p.output))
        check(s.safety_number(ident, a.id).replace(" ", "") in digits, p.output)


def sims_refuses():
    """A contact's call that finds no suite is refused, signed; the same call of a stranger is not answered."""
    with Clients("py-refused") as (a,), Home("picky") as home:
        _, ident = home.listen(a, "--suite", "ecdhe", "listen", "--json", "--timeout", "60")

        def call():
            raw = s.Handshake("client-client", True, a.me, a.name, [SUITES["rsa"]], ident).start()
            a.send(raw)
            return s.sha(raw)

        call()
        try:
            raise Failed("a stranger got %r" % a.wait(1, src=ident))
        except s.Late:
            pass
        a.call(ident, [SUITES["ecdhe"]], timeout=25)
        hashed = call()
        check(s.check_refusal(a.wait(10, type="client-refuse"), ident, hashed) == "unsupported-suite")


def sims_is_refused():
    """A signed refusal ends sims send at once; an unsigned one does nothing."""
    with Clients("py-refuses") as (b,), Home("refused") as home:
        b.answer = False
        p = home.sims("send", b.name, "hello?")
        call = b.wait(25, type="client-connect", phase=1)
        good = json.loads(s.refusal(b.me, call["src"], s.sha(call["_raw"]), "unsupported-version"))
        b.send({**good, "signature": s.b64(bytes(64))})
        b.send({**good, "to": s.b64(bytes(32))})
        b.ping()
        check(p.process.poll() is None, p.log)
        b.send(good)
        finished(p, 1)
        check(any("another version of the protocol" in line for line in p.log), p.log)


def sims_meets_the_first_edition():
    """A callee whose phase 2 names no call: its client is too old, said at once."""
    with Clients("py-first") as (b,), Home("second") as home:

        def first(phase, obj, _hs):
            if phase == 2:
                del obj["data"]["to"]
            return obj

        b.session_hook = first
        p = home.sims("send", b.name, "hello?")
        while p.process.poll() is None:
            try:
                b.pump(0.2)
            except s.Late:
                pass
        finished(p, 1)
        check(any("client is too old" in line for line in p.log), p.log)


TESTS = [
    ("login_ecdhe", lambda: login_with("ecdhe")),
    ("login_rsa", lambda: login_with("rsa")),
    ("login_prefers_the_clients_order", login_prefers_the_clients_order),
    ("login_white_space_and_order", login_white_space_and_order),
    ("login_again_same_name", login_again_same_name),
    ("list_snapshot", list_snapshot),
    ("list_pages_and_prefix", list_pages_and_prefix),
    ("find_by_name_and_id", find_by_name_and_id),
    ("find_too_often", find_too_often),
    ("forwarded_size", forwarded_size),
    ("events_online_offline", events_online_offline),
    ("acks_cumulative_one_per_read", acks_cumulative_one_per_read),
    ("acks_not_acked", acks_not_acked),
    ("server_name_is_constant", server_name_is_constant),
    ("rotation_at_100_and_200", rotation_at_100_and_200),
    ("disconnect_orderly", disconnect_orderly),
    ("sigterm_going_away", sigterm_going_away),
    ("conversation_ecdhe", lambda: conversation("ecdhe")),
    ("conversation_rsa", lambda: conversation("rsa")),
    ("late_and_lost_ecdhe", lambda: late_and_lost("ecdhe")),
    ("late_and_lost_rsa", lambda: late_and_lost("rsa")),
    ("crossing_calls", crossing_calls),
    ("ends_and_forwarding", ends_and_forwarding),
    ("not_connected", not_connected),
    ("to_sims_ecdhe", lambda: to_sims("ecdhe", 20)),
    ("to_sims_rsa_with_rekey", lambda: to_sims("rsa", 130)),
    ("from_sims_ecdhe", lambda: from_sims("ecdhe")),
    ("from_sims_rsa", lambda: from_sims("rsa")),
    ("from_sims_unacked", from_sims_unacked),
    ("rekey_with_sims_as_initiator", rekey_with_sims_as_initiator),
    ("rekey_again_and_without_phase_6", rekey_again_and_without_phase_6),
    ("sims_long_text", sims_long_text),
    ("sims_unkind", sims_unkind),
    ("sims_counts", sims_counts),
    ("sims_order", sims_order),
    ("sims_list_and_fingerprint", sims_list_and_fingerprint),
    ("sims_refuses", sims_refuses),
    ("sims_is_refused", sims_is_refused),
    ("sims_meets_the_first_edition", sims_meets_the_first_edition),
]


def main():
    global server
    server = Server()
    try:
        return run(TESTS)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
