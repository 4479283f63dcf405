#!/usr/bin/env python3
"""simspy against simsd: letters and receipts that wait for their owner (section 8 of sims-protocol(7))."""

import sys

import interop
import simspy as s
from checks import check
from mailing import (
    People, all_given, busy_disk, given, left, letter_of, letters, put, quiet, receipts, refused, serving, take_all, took, writes,
)


def people():
    return People(interop.server)


# --- order, bytes, window -----------------------------------------------------------------------------------


def order_and_bytes():
    """Letters of two senders are given in the order in which they were taken over, byte for byte, behind `prekeys`."""
    with people() as all_:
        bob = all_.away("box")
        a, c = all_.online("sends"), all_.online("sends")
        odd = b" " + writes(a, bob).text("odd").replace(b'"type"', b'"x" : [ 1,2 ], "type"').replace(b'"id":0', b'"id" :\t0')
        sent = letters(a, bob, 3) + [odd] + letters(a, bob, 2)
        put(a, sent)
        sent += letters(c, bob, 4)
        put(c, sent[6:])
        sent += letters(a, bob, 1)
        put(a, sent[10:])
        b = all_.back(bob)
        got = given(b, 11)
        check([x.strip() for x in got] == [x.strip() for x in sent], "order or bytes")
        kinds = [x["type"] for x in b.came if x["type"] != "list"]
        check(kinds[0] == "prekeys" and kinds.count("client-mail") == 11, kinds)
        check((b.told["waiting"], b.told["taken"]) == (11, 0), b.told)


def window_of_50():
    """Never more than 50 items are given ahead of the acks."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        sent = letters(a, bob, 90) + letters(a, bob, 40)
        put(a, sent)
        b, out, most = all_.back(bob), [], 0
        while len(out) < len(sent):
            given(b, 1)
            most = max(most, len(all_given(b)))
            part = [item.raw for item in b.mail[:13]]
            took(b, len(part))
            out += part
        check(out == sent, "order")
        check(most == 50, "%d ahead" % most)


def window_of_256_kib():
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        session = writes(a, bob)
        sent = [letter_of(session, "long", 48_000) for _ in range(12)]
        for raw in sent:
            put(a, [raw])
        b, out, most = all_.back(bob), [], 0
        while len(out) < len(sent):
            given(b, 1)
            most = max(most, sum(map(len, all_given(b))))
            out.append(b.mail[0].raw)
            took(b, 1)
        check(out == sent, "order")
        check(most <= 256 << 10, "%d bytes ahead" % most)
        check(most >= 3 * 48_000, "only %d bytes ahead" % most)
        return "%d bytes ahead" % most


def kept_until_acked():
    """What was given and not acked is given again after a lost connection; what was acked is not."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        sent = letters(a, bob, 10)
        put(a, sent)
        b = all_.back(bob)
        check(given(b, 10) == sent)
        took(b, 4)
        b.status(taken=4, waiting=6)
        b.close()
        for _ in range(2):
            b = all_.back(bob)
            check(given(b, 6) == sent[4:], "not what was left")
            check((b.told["taken"], b.told["waiting"]) == (4, 6), b.told)
            b.close()
        b = all_.back(bob)
        given(b, 6)
        took(b, 6)
        b.close()  # the ack is before the end of the connection
        b = all_.back(bob)
        check(all_given(b) == [], "given after its ack")
        check((b.told["taken"], b.told["waiting"]) == (10, 0), b.told)


def acks_of_other_messages():
    """An ack of a message before a letter does not strike it off; one of a message behind it does."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        put(a, letters(a, bob, 1))
        b = all_.back(bob)
        given(b, 1)
        b.ack(b.mail[0].seq - 1)
        check(b.status()["waiting"] == 1, "struck off by an ack of what came before")
        b.ack(b.in_.seq - 1)  # of the status
        told = b.status()
        check((told["waiting"], told["taken"]) == (0, 1), told)


def receipts_wait_too():
    """Receipts are kept, given in order with letters, struck off and counted like them."""
    with people() as all_:
        alice, b, c = all_.away("box"), all_.online("owner"), all_.online("sends")
        sent = receipts(b, alice, 3)
        put(b, sent)
        sent += letters(c, alice, 1)
        put(c, sent[3:])
        sent += receipts(b, alice, 1)
        put(b, sent[4:])
        a = all_.back(alice)
        check(given(a, 5) == sent, "order")
        check((a.told["waiting"], a.told["taken"]) == (5, 0), a.told)
        took(a, 2)
        a.close()
        a = all_.back(alice)
        check(given(a, 3) == sent[2:], "not what was left")
        took(a, 3)
        told = a.status()
        check((told["waiting"], told["taken"]) == (0, 5), told)


def owner_who_is_online():
    """A letter goes through the mailbox also when its owner is online: it waits until its ack."""
    with people() as all_:
        a, b = all_.online("sends"), all_.online("box")
        sent = letters(a, b, 3)
        put(a, sent)
        check(given(b, 3) == sent)
        check(b.status()["waiting"] == 3)
        took(b, 1)
        b.close()
        again = all_.back(b.me)
        check(given(again, 2) == sent[1:])
        put(a, letters(a, b, 1))
        check(len(given(again, 3)) == 3)


def end_to_end(suite):
    """A letter with a prekey that the relay handed out opens; its receipt comes back, also to who was away meanwhile."""
    with People(interop.server, interop.Pooled()) as all_:
        b, a = all_.online("owner"), all_.online("sends")
        owner = s.Owner(b.me, b.draws)
        b.publish([owner.make(suite)])
        b.close()
        session = a.write_to(b.id, [suite])
        put(a, [session.text("one"), session.text("two", after=""), session.text("três")])
        a.close()
        b = all_.back(b.me)
        given(b, 3)
        back = [owner.open(item.raw) for item in b.mail]
        check(owner.bodies() == ["one", "two", "três"])
        put(b, back)
        took(b, 3)
        a = all_.back(a.me)
        check(given(a, 3) == back)
        for item in a.mail:
            session.feed(item.obj)
        check(session.delivered == {0, 1, 2} and not session.waiting)


# --- the same again -----------------------------------------------------------------------------------------


def put_twice():
    """The same bytes, put again while they wait, are acked and stored once, also on another connection."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        (one, two), (receipt,) = letters(a, bob, 2), receipts(a, bob, 1)
        put(a, [one, one, receipt, receipt])
        put(a, [one])
        a.close()
        a = all_.back(a.me)
        put(a, [one, two, one, receipt])
        check(not refused(a, "-"))
        b = all_.back(bob)
        check(given(b, 3) == [one, receipt, two] and b.told["waiting"] == 3, b.told)
        check(all_given(b) == [one, receipt, two])
        took(b, 3)
        check(b.status()["taken"] == 3)


def second_login():
    """A second login of an id ends the first with `id-taken`, and is given what the first did not ack."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        sent = letters(a, bob, 60)
        put(a, sent)
        first = all_.back(bob)
        given(first, 5)
        took(first, 2)
        first.ping()
        second = all_.back(bob)
        try:
            while True:
                first.pump(20)
        except s.Closed:
            pass
        check([x["code"] for x in first.inbox if x["type"] == "error"] == ["id-taken"], first.inbox)
        check(second.told["taken"] == 2, second.told)
        check(take_all(second, 58) == sent[2:], "order")
        told = second.status()
        check((told["taken"], told["waiting"]) == (60, 0), told)


def status_counts():
    """left, taken, last, waiting: at the login and when asked."""
    with people() as all_:
        b, a = all_.online("box"), all_.online("sends")
        told = dict(b.told)
        check(set(told) == {"type", "data", "left", "taken", "last", "waiting", "_raw"} and told["data"] == [], told)
        check((left(told), told["taken"], told["last"], told["waiting"]) == ((0, False), 0, "", 0), told)
        owner = s.Owner(b.me)
        one, two, many = owner.make(), owner.make(), owner.make(use="many")
        told = b.publish([one, two])
        check((left(told), told["last"]) == ((2, False), two["number"]), told)
        told = b.publish([many])
        check((left(told), told["last"]) == ((2, True), many["number"]), told)
        put(a, letters(a, b, 2))
        given(b, 2)
        took(b, 1)
        put(a, receipts(a, b, 1))
        b.close()
        a.ask_prekey(b.id)
        b = all_.back(b.me)
        told = b.told
        check((left(told), told["last"]) == ((1, True), many["number"]), told)
        check((told["taken"], told["waiting"]) == (1, 2), told)


# --- what is refused ----------------------------------------------------------------------------------------


def unknown_peer():
    """A prekey, letter or receipt for an id without a name: `unknown-peer` with id and dst; the connection goes on."""
    with people() as all_:
        a, nobody = all_.online("sends"), s.Identity().id
        for sub in ({"type": "prekey", "dst": nobody, "ciphers": [s.ECDHE]}, *letters(a, nobody, 1), *receipts(a, nobody, 1)):
            seq = a.send(sub)
            e = a.wait(type="error")
            check((e["code"], e.get("id"), e.get("dst")) == ("unknown-peer", seq, nobody), e)
        a.ping()


def too_large():
    """48,896 bytes are kept; one more is `too-large` with id and dst, and the connection goes on."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        session = writes(a, bob)
        good = letter_of(session, "fits", 48_896)
        put(a, [good])
        seq, = put(a, [letter_of(session, "too long", 48_897)])
        e, = refused(a, "too-large", id=seq, dst=bob.id)
        check(given(all_.back(bob), 1) == [good], e)


def foreign_src():
    """src of another, or src = dst: `bad-message`, the connection ends, nothing is kept."""
    with people() as all_:
        bob, c = all_.away("box"), all_.online("other")
        for make in (letters, receipts):
            for src, dst in ((c, bob.id), (None, None)):
                m = all_.online("mallory")
                m.send(make(src or m, dst or m.id, 1)[0])
                try:
                    while True:
                        m.pump(20)
                except s.Closed:
                    pass
                check([x["code"] for x in m.inbox if x["type"] == "error"] == ["bad-message"], m.inbox)
                check(not m.mail and all_.back(m.me).told["waiting"] == 0, "kept for itself")
        check(all_.back(bob).told["waiting"] == 0, "kept")


def errors_before_acks():
    """The error of a letter comes before any ack that covers it; a covered letter without an error was kept."""
    with people() as all_:
        bob, a = all_.away("box"), all_.online("sends")
        good, nobody = letters(a, bob, 6), s.Identity().id
        bad = letters(a, nobody, 3)
        mixed = [b'{"type":"ping"}', good[0], bad[0], good[1], good[2], bad[1], b'{"type":"ping"}', bad[2], *good[3:]]
        seqs = put(a, mixed)
        wrong = [seq for seq, raw in zip(seqs, mixed) if raw in bad]
        check([e["id"] for e in refused(a, "unknown-peer", dst=nobody)] == wrong, "ids")
        for at, sub in enumerate(a.came):
            if sub["type"] == "error":
                before = [x["id"] for x in a.came[:at] if x["type"] == "ack"]
                check(not [x for x in before if x >= sub["id"]], "acked before the error of %d" % sub["id"])
        check(given(all_.back(bob), 6) == good)


def busy_disk_holds_acks_back():
    """While the disk does not answer, no ack covers a letter or what came behind it, and others notice nothing.
    Afterwards all is acked and given, and the errors are there, in order."""
    with serving() as server, People(server) as all_:
        bob, a, b = all_.away("box"), all_.online("sends"), all_.online("live")
        put(a, letters(a, bob, 1))
        sent, unknown = letters(a, bob, 3), letters(a, s.Identity().id, 2)
        with busy_disk(server):
            a.ping()
            letter = a.send(sent[0])
            a.send({"type": "client-disconnect", "src": a.id, "dst": b.id, "data": {"reason": ""}, "verification": s.b64(bytes(32))})
            wrong = [a.send(unknown[0])]
            a.send(sent[1])
            for _ in range(5):
                b.ping()
            quiet(a)
            check(a.acked < letter, "acked %d, the letter is %d" % (a.acked, letter))
        wrong.append(a.send(unknown[1]))
        put(a, [sent[2]])
        check([e["id"] for e in refused(a, "unknown-peer")] == wrong, "errors")
        b.wait(type="client-disconnect")
        check(given(all_.back(bob), 4)[1:] == sent)


def busy_disk_is_said():
    """A letter that is not on disk after 5 s: `busy`, then the ack. Put again, it is kept once."""
    with serving() as server, People(server) as all_:
        bob, a = all_.away("box"), all_.online("sends")
        put(a, letters(a, bob, 1))
        raw, = letters(a, bob, 1)
        with busy_disk(server):
            seq, = put(a, [raw])
            check(len(refused(a, "busy", id=seq, dst=bob.id)) == 1, "no error")
            kinds = [x["type"] for x in a.came if x.get("id") is not None and x["id"] >= seq]
            check(kinds[:2] == ["error", "ack"], kinds)
        b = all_.back(bob)
        for _ in range(100):  # the same answer for further letters until the relay has recovered
            put(a, [raw])
            if not refused(a, "busy", dst=bob.id):
                break
        given(b, 2)
        check(all_given(b)[1:] == [raw], "%d items" % len(b.mail))


# --- kill -9 ------------------------------------------------------------------------------------------------


def kill_9():
    """What was acked outlives kill -9: letters, receipts, prekeys that were handed out, what was struck off."""
    with serving() as server, People(server) as all_:
        b, a = all_.online("box"), all_.online("sends")
        owner = s.Owner(b.me)
        keys = [owner.make() for _ in range(4)]
        last = b.publish(keys)["last"]
        handed = [a.ask_prekey(b.id) for _ in range(2)]
        sent = letters(a, b, 5) + receipts(a, b, 2)
        put(a, sent)
        given(b, 7)
        took(b, 3)
        b.status(taken=3, waiting=4)
        server.kill()
        server.restart()
        a, b = all_.back(a.me), all_.back(b.me)
        check((b.told["taken"], b.told["waiting"], b.told["last"]) == (3, 4, last), b.told)
        check(left(b.told) == (2, False), b.told)
        check(given(b, 4) == sent[3:])
        handed += [a.ask_prekey(b.id) for _ in range(2)]
        check(sorted(k["number"] for k in handed) == sorted(k["number"] for k in keys), "one twice")
        check(a.ask_prekey(b.id) is None)


TESTS = [
    ("mail_order_and_bytes", order_and_bytes),
    ("mail_window_of_50", window_of_50),
    ("mail_window_of_256_kib", window_of_256_kib),
    ("mail_kept_until_acked", kept_until_acked),
    ("mail_acks_of_other_messages", acks_of_other_messages),
    ("mail_receipts_wait_too", receipts_wait_too),
    ("mail_owner_who_is_online", owner_who_is_online),
    ("mail_end_to_end_ecdhe", lambda: end_to_end(s.ECDHE)),
    ("mail_end_to_end_rsa", lambda: end_to_end(s.RSA)),
    ("mail_put_twice", put_twice),
    ("mail_second_login", second_login),
    ("mail_status_counts", status_counts),
    ("mail_unknown_peer", unknown_peer),
    ("mail_too_large", too_large),
    ("mail_foreign_src", foreign_src),
    ("mail_errors_before_acks", errors_before_acks),
    ("mail_busy_disk_holds_acks_back", busy_disk_holds_acks_back),
    ("mail_busy_disk_is_said", busy_disk_is_said),
    ("mail_kill_9", kill_9),
]


if __name__ == "__main__":
    sys.exit(interop.serve(TESTS))
