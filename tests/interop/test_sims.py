#!/usr/bin/env python3
"""simspy against sims: sims-protocol(7) between two independent clients."""

import json
import os
import re
import sys
import time

import interop
import simspy as s
from checks import Failed, check
from interop import SUITES, Clients, Home, finished, shown


def to_sims(suite, count):
    """Python calls, sims listens. With RSA and over 100 messages, sims as R makes a re-key."""
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
    """Without an ack, or with a forged one, the text is not delivered: exit status 7."""
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
    """Our R re-keys before its ack ends sims. sims may refuse that as too early; if it answers, the re-key must work."""
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
    """Our R abandons its first attempt and withholds phase 6 of the second: sims as I continues from t5."""
    with Clients("py-rekey-6") as (b,), Home("rekeyed-6") as home:
        p = home.sims("--suite", "rsa", "send", "--timeout", "60", b.name, "hold on")
        b.until(lambda: any(x.up for x in b.sessions.values()), 25, "session")
        session = next(iter(b.sessions.values()))
        session.auto_ack = False
        b.until(lambda: session.inbox, 20, "the message")
        b.answer = False
        for turn in range(2):  # the second re-key starts from the t5 of the first
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
    """A body of 16,384 bytes in both directions."""
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
    """Of corrupt, repeated, late and unknown messages, only the genuine texts are shown, once, and acked."""
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
        # The same uid in a later session is shown once and acked again.
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
    """attack 30: a contact causes at most ten notices, then one line with the count of the others."""
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
    """Texts that name their predecessor are printed in that order, acked on arrival, and marked if sent earlier."""
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
    """A contact's call without a common suite gets a signed refusal. The same call of a stranger is not answered."""
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
    """A signed refusal ends sims send at once. Others do nothing."""
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
    """A callee whose phase 2 names no call has a client that is too old: sims says so at once."""
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


if __name__ == "__main__":
    sys.exit(interop.serve(TESTS))
