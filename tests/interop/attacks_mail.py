"""Attacks: mailboxes and prekeys of simsd."""

import json
import os
import random
import select
import shutil
import threading

import simspy as s
from attacks import FORM, Member, answered, each, ended, quick, world
from attacks_relaying import forwardable
from checks import Server, check
from mailing import People, given, left, letter_of, letters, put, receipts, refused, serving, take_all, took, writes


def mail_forms():
    """Letters, receipts and questions about prekeys that lack a field or have one of another form."""
    with Member() as victim:
        cases = []
        for kind in ("client-mail", "client-receipt"):
            for key in forwardable(kind, victim.id, victim.id):
                if key not in ("type", "src", "dst"):
                    cases += [("%s without %s" % (kind, key), (kind, key, None)), ("%s %s 7" % (kind, key), (kind, key, "7x"))]

        def send(case):
            kind, key, value = case
            with Member() as c:
                sub = forwardable(kind, c.id, victim.id)
                if value is None:
                    del sub[key]
                else:
                    sub[key] = value
                c.send(sub)
                try:
                    c.ping()
                except s.Closed:
                    pass
                codes = [x["code"] for x in c.inbox if x["type"] == "error"]
                return codes[0] if codes else "kept, for its owner to refuse"

        notes = each(cases, send)
        asks = [{"dst": victim.id}, {"ciphers": [s.ECDHE]}, {"dst": victim.id, "ciphers": "x"}, {"dst": victim.id, "ciphers": [7]},
                {"dst": "x", "ciphers": [s.ECDHE]}, {"dst": victim.id, "ciphers": ["x" * 60_000]}]
        puts = [{}, {"data": "x"}, {"data": [7]}, {"data": [{}]}, {"data": [], "fresh": "yes"}]
        for sub in [{"type": "prekey", **x} for x in asks] + [{"type": "prekeys", **x} for x in puts]:
            with Member() as c:
                answered(c, sub, FORM | {"unknown-peer", "too-large"}, goes_on=False)
        return notes


def prekeys_drained():
    """attack 50: one asker gets 5, many askers get the rest, the last resort goes on; asking is limited, others go on."""
    with People(world.server) as all_:
        b = all_.online("drained")
        owner = s.Owner(b.me)
        for _ in range(2):
            b.publish([owner.make() for _ in range(20)])
        many = owner.make(use="many")
        b.publish([many])
        handed = []
        for _ in range(10):
            c = all_.online("drains")
            handed += [c.ask_prekey(b.id) for _ in range(6)]
        once = [p["number"] for p in handed if p["use"] == "once"]
        check(len(once) == 40 and len(set(once)) == 40, "%d once keys" % len(once))
        check(handed.count(many) == 20, "the last resort")
        c = all_.online("floods")
        ask = s.dump({"type": "prekey", "dst": b.id, "ciphers": [s.ECDHE]})
        asked = 0
        while asked < 2000 and not any(x["type"] == "error" for x in c.inbox):
            put(c, [ask] * 50)
            asked += 50
        check({x["code"] for x in c.inbox if x["type"] == "error"} == {"rate-limited"}, "after %d asks" % asked)
        note = "limited after %d asks, %s" % (len([x for x in c.inbox if x["type"] == "prekey"]), quick())
        friend = all_.online("friend")
        check(friend.ask_prekey(b.id) == many)
        return note


def mailbox_flooded():
    """attack 51: strangers with long letters and receipts nobody asked for: bounds hold, a friend's letter and other
    boxes are unharmed."""
    with serving(mail_bytes=1 << 20, mail_bytes_per_sender=200_000, mail_receipts=100, mail_receipts_per_sender=40) as server:
        with People(server) as all_:
            bob, carol, friend = all_.away("flooded"), all_.away("other"), all_.online("friend")
            told = 0
            for _ in range(8):
                m = all_.online("floods")
                session = writes(m, bob)
                put(m, [letter_of(session, "junk", 48_000) for _ in range(6)] + receipts(m, bob, 60))
                told += len(refused(m, "mailbox-full", dst=bob.id))
                m.close()
            check(told >= 8 * 2, "%d refused" % told)
            mine, other = letters(friend, bob, 3), letters(friend, carol, 3)
            put(friend, mine)
            put(friend, other)
            check(not refused(friend, "-"), "a friend's letters")
            check(given(all_.back(carol), 3) == other)
            b = all_.back(bob)
            check(b.told["waiting"] <= 100 + 3 + (1 << 20) // 48_000, b.told)
            check([x for x in take_all(b, b.told["waiting"]) if x in mine] == mine, "a friend's letters, in order")
            return "%d letters refused, %d items waited" % (told, b.told["waiting"])


def kills_around_letters():
    """attack 52: kill -9 at random moments: each acked letter is given, in order, until its owner's ack; none twice."""
    server, rng = Server(), random.Random(52)
    try:
        with People(server) as all_:
            bob, a = all_.away("owner"), all_.online("sends")
            session = writes(a, bob)
            waiting, acked, took_over, sure = [], [], [], 0  # put and not acked; acked; seen by the owner
            for _ in range(12):
                raws = waiting + [letter_of(session, "letter") for _ in range(rng.randrange(1, 30))]
                base = a.out.seq
                b = all_.back(bob)
                b.auto_ack = True
                a.wire.write(b"".join(a.out.seal(raw) + b"\n" for raw in raws))
                timer = threading.Timer(rng.random() * 0.05, server.process.kill)
                timer.start()
                _until_closed(a, b)
                timer.join()
                server.process.wait(10)
                done = max(a.acked - base + 1, 0)
                acked, waiting = acked + raws[:done], raws[done:]
                took_over += [item.raw for item in b.mail if item.raw not in took_over]
                server.restart()
                a, b = all_.back(a.me), all_.back(bob)
                if b.mail or b.told["waiting"]:
                    got = given(b, 1)
                    for raw in got:
                        if raw not in took_over:
                            took_over.append(raw)
                    took(b, len(b.mail))
                    sure = b.status()["taken"]
                b.close()
            put(a, waiting)
            b = all_.back(bob)
            while b.status()["waiting"]:
                for raw in given(b, 1):
                    if raw not in took_over:
                        took_over.append(raw)
                took(b, len(b.mail))
            everything = acked + waiting
            check(took_over == everything, "%d given, %d put: lost %d" % (
                len(took_over), len(everything), len(set(everything) - set(took_over))))
            return "%d letters, %d items struck off" % (len(everything), sure)
    finally:
        server.stop()


def _until_closed(*clients):
    left_ = {c.wire.sock: c for c in clients}
    while left_:
        ready, _, _ = select.select(list(left_), [], [], 30)
        check(ready, "not closed")
        for sock in ready:
            try:
                left_[sock].pump(1)
            except s.Closed:
                del left_[sock]


def restored_mail_db():
    """attack 70: an older mail.db is put back: the login tells it; after `simsctl mail --restored` no key is handed out
    twice."""
    server = Server()
    try:
        with People(server) as all_:
            b, a = all_.online("owner"), all_.online("asks")
            owner = s.Owner(b.me)
            b.publish([owner.make() for _ in range(4)])
            put(a, letters(a, b, 3))
            given(b, 3)
            server.end()
            saved = os.path.join(server.folder.name, "saved")
            shutil.copytree(server.state, saved)
            server.restart()
            a, b = all_.back(a.me), all_.back(b.me)
            handed = [a.ask_prekey(b.id) for _ in range(2)]
            given(b, 3)
            took(b, 3)
            last = owner.make()
            b.publish([last], lambda told: told["last"] == last["number"])
            server.end()
            for name in os.listdir(saved):
                if name.startswith("mail.db"):
                    shutil.copy(os.path.join(saved, name), os.path.join(server.state, name))
            server.restart()
            b = all_.back(b.me)
            check(b.told["taken"] == 0 and b.told["last"] != last["number"], "not told: %s" % b.told)
            server.ctl("mail", "--restored")
            a, b = all_.back(a.me), all_.back(b.me)
            check(left(b.told) == (0, False), b.told)
            check(a.ask_prekey(b.id) is None, "an old key")
            new = owner.make()
            b.publish([new], fresh=True)
            check(a.ask_prekey(b.id) == new and new not in handed)
    finally:
        server.stop()


def prekeys_of_others():
    """attack 47: nobody publishes in another's name: prekeys belong to the connection's id, whatever they say."""
    with People(world.server) as all_:
        victim, m, a = all_.online("victim"), all_.online("mallory"), all_.online("asks")
        forged = s.Owner(m.me).make()
        m.publish([{**forged, "owner": victim.id, "src": victim.id, "dst": victim.id}])
        m.send({"type": "prekeys", "dst": victim.id, "src": victim.id, "data": [s.Owner(m.me).make()]})
        try:
            m.ping()
        except s.Closed:
            pass
        check(a.ask_prekey(victim.id) is None, "handed out as the victim's")
        ended(lambda c: c.send({"type": "prekey", "dst": victim.id, "data": [forged], "ciphers": []}) and c.send(b"{"), FORM)
        check(json.dumps(victim.status()["left"]) and left(victim.status()) == (0, False))


TESTS = [
    mail_forms, prekeys_drained, mailbox_flooded, kills_around_letters, restored_mail_db, prekeys_of_others,
]
