#!/usr/bin/env python3
"""simspy against simsd: the bounds of mailboxes (section 8 of sims-protocol(7)), with small numbers."""

import sys
import time

import simspy as s
from checks import Failed, check, run
from mailing import People, all_given, given, letter_of, letters, put, receipts, refused, serving, take_all, took, writes


def until_taken(c, raw, owner):
    """Puts the letter again until the relay takes it: it refuses for 500 ms after a refusal."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        put(c, [raw])
        if not refused(c, "mailbox-full", dst=owner.id):
            return
        time.sleep(0.05)
    raise Failed("still mailbox-full")


def bound_of_one_sender():
    """Over it: `mailbox-full` with dst and id, the connection goes on, other senders and boxes are unharmed, and the
    sender is welcome again when there is room."""
    with serving(mail_letters_per_sender=5) as server, People(server) as all_:
        bob, carol, a, d = all_.away("box"), all_.away("box"), all_.online("sends"), all_.online("sends")
        sent = letters(a, bob, 8)
        seqs = put(a, sent)
        check([e["id"] for e in refused(a, "mailbox-full", dst=bob.id)] == seqs[5:], "not the last three")
        others = letters(a, carol, 2)
        put(a, others)
        more = letters(d, bob, 2)
        put(d, more)
        check(not refused(a, "-") and not refused(d, "-"))
        b = all_.back(bob)
        check(given(b, 7) == sent[:5] + more, "what was kept")
        took(b, 7)
        check(b.status()["waiting"] == 0)
        until_taken(a, sent[5], bob)
        check(given(b, 1) == [sent[5]])
        check(given(all_.back(carol), 2) == others)


def no_letter_overtakes():
    """After a refusal the sender's further letters to that owner are refused for 500 ms, also those that would fit."""
    with serving(mail_bytes_per_sender=60_000) as server, People(server) as all_:
        bob, carol, a = all_.away("box"), all_.away("box"), all_.online("sends")
        session = writes(a, bob)
        fits, big, small = letter_of(session, "fits", 45_000), letter_of(session, "big", 40_000), letter_of(session, "small")
        other = letters(a, carol, 1)
        seqs = put(a, [fits, big, small, other[0], *receipts(a, bob, 1)])
        check([e["id"] for e in refused(a, "mailbox-full", dst=bob.id)] == seqs[1:3], "the two behind the first")
        check(len(given(all_.back(carol), 1)) == 1)
        until_taken(a, small, bob)
        got = given(all_.back(bob), 3)
        check([got[0], got[2]] == [fits, small], "kept")
        for _ in range(5):  # the answer to a refusal may come late where the processors are busy
            put(a, [big])
            put(a, [letter_of(session, "behind")])
            if len(refused(a, "mailbox-full", dst=bob.id)) == 2:
                return
        raise Failed("a letter behind the refused one was taken at once, five times")


def bound_of_an_owner():
    """Letters and bytes of one box; the last fifth is only for senders with fewer than 10 there."""
    with serving(mail_letters=20, mail_letters_per_sender=18) as server, People(server) as all_:
        bob, a, c, d = all_.away("box"), all_.online("sends"), all_.online("sends"), all_.online("sends")
        put(a, letters(a, bob, 12))
        put(c, letters(c, bob, 4))
        check(not refused(a, "-") and not refused(c, "-"), "within four fifths")
        put(a, letters(a, bob, 1))
        check(len(refused(a, "mailbox-full", dst=bob.id)) == 1, "12 there, and into the last fifth")
        put(c, letters(c, bob, 2))
        put(d, letters(d, bob, 2))
        check(not refused(c, "-") and not refused(d, "-"), "few there")
        put(d, letters(d, bob, 1))
        check(len(refused(d, "mailbox-full", dst=bob.id)) == 1, "full")
        b = all_.back(bob)
        check(b.told["waiting"] == 20, b.told)
    with serving(mail_bytes=100_000) as server, People(server) as all_:
        bob, a, c = all_.away("box"), all_.online("sends"), all_.online("sends")
        session = writes(a, bob)
        put(a, [letter_of(session, "long", 40_000) for _ in range(2)])
        session = writes(c, bob)
        seqs = put(c, [letter_of(session, "long", 10_000), letter_of(session, "long", 20_000)])
        check([e["id"] for e in refused(c, "mailbox-full", dst=bob.id)] == seqs[1:], "bytes")


def bound_of_newcomers():
    """Where registration is open, 200 letters wait anywhere from an id that registered within a day."""
    with serving() as server, People(server) as all_:
        boxes, a = [all_.away("box") for _ in range(4)], all_.online("sends")
        for box in boxes[:2]:
            put(a, letters(a, box, 100))
        check(not refused(a, "-"))
        seqs = put(a, letters(a, boxes[2], 1))
        e, = refused(a, "mailbox-full", id=seqs[0], dst=boxes[2].id)
        put(a, receipts(a, boxes[3], 1))
        check(not refused(a, "-"), "a receipt is no letter")
        b = all_.back(boxes[0])
        take_all(b, 100)
        b.status()
        put(a, letters(a, boxes[3], 1))
        check(not refused(a, "-"), "room again")


def bounds_of_receipts():
    """They are no letters; over their own bounds they are dropped, and acked."""
    with serving(mail_receipts_per_sender=5, mail_receipts=8, mail_letters=2) as server, People(server) as all_:
        bob, a, c = all_.away("box"), all_.online("owner"), all_.online("owner")
        sent = receipts(a, bob, 7)
        put(a, sent)
        more = receipts(c, bob, 5)
        put(c, more)
        mail = letters(c, bob, 3)
        seqs = put(c, mail)
        check(not refused(a, "-") and [e["id"] for e in refused(c, "mailbox-full")] == seqs[2:], "letters")
        b = all_.back(bob)
        given(b, 10)
        check(all_given(b) == sent[:5] + more[:3] + mail[:2], "%d items" % len(b.mail))


def bound_of_the_disk():
    """A total for the server: over it `mailbox-full`, and it relays on."""
    with serving(mail_bytes_total=1 << 20) as server, People(server) as all_:
        a, boxes = all_.online("sends"), [all_.away("box") for _ in range(3)]
        count = 0
        for n in range(60):
            box = boxes[n % 3]
            put(a, [letter_of(writes(a, box), "long", 40_000)])
            if refused(a, "mailbox-full"):
                break
            count += 1
        check(5 <= count <= 30, "%d letters of 40,000 bytes in 1 MiB" % count)
        a.ping()
        b = all_.back(boxes[0])
        check(given(b, 1))
        return "%d letters of 40,000 bytes" % count


TESTS = [
    ("mail_bound_of_one_sender", bound_of_one_sender),
    ("mail_no_letter_overtakes", no_letter_overtakes),
    ("mail_bound_of_an_owner", bound_of_an_owner),
    ("mail_bound_of_newcomers", bound_of_newcomers),
    ("mail_bounds_of_receipts", bounds_of_receipts),
    ("mail_bound_of_the_disk", bound_of_the_disk),
]


if __name__ == "__main__":
    sys.exit(run(TESTS))
