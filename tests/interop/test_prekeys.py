#!/usr/bin/env python3
"""simspy against simsd: prekeys that lie at the relay (section 8 of sims-protocol(7))."""

import re
import sys
import time

import interop
import simspy as s
from checks import check
from mailing import People, left

DAY = 86400


def people():
    return People(interop.server, interop.Pooled())


def publish(owner, keys, once, many=False, **more):
    """Publishes, and waits until the relay says that there are as many ECDHE keys."""
    told = owner.publish(keys, lambda told: left(told) == (once, many), **more)
    check(told["type"] == "prekeys", told)
    return told


def pair(all_):
    b, a = all_.online("owner"), all_.online("asks")
    return b, s.Owner(b.me, b.draws), a


def too_much(c, prekeys, **more):
    """Requires `bad-message`, and that the connection goes on; returns the error."""
    e = c.publish(prekeys, **more)
    check(e.get("code") == "bad-message", e)
    c.ping()
    return e


def handed_out_once():
    """Each `once` key is handed out once, unchanged; then there is none."""
    with people() as all_:
        b, owner, a = pair(all_)
        keys = [owner.make() for _ in range(3)]
        publish(b, keys, 3)
        got = [a.ask_prekey(b.id) for _ in range(3)]
        check(sorted(got, key=str) == sorted(keys, key=str), "changed, or one twice")
        for key in got:
            s.check_prekey(key, b.id)
        check(a.ask_prekey(b.id) is None and all_.online("asks").ask_prekey(b.id) is None, "a fourth")


def never_again():
    """A number that was handed out never comes again: not published again, not after `fresh`, not at a new login."""
    with people() as all_:
        b, owner, a = pair(all_)
        used, unused = owner.make(), owner.make()
        b.publish([used])
        check(a.ask_prekey(b.id) == used)
        publish(b, [used, unused, unused], 1)
        publish(b, [used], 0, fresh=True)
        b.close()
        b = all_.back(b.me)
        publish(b, [used], 0)
        check(a.ask_prekey(b.id) is None)
        publish(b, [unused], 1)
        check(a.ask_prekey(b.id) == unused)


def fresh_drops():
    """`fresh` drops all earlier ones first, of every suite and use."""
    with people() as all_:
        b, owner, a = pair(all_)
        b.publish([owner.make(), owner.make(), owner.make(use="many"), owner.make(s.RSA)])
        new = owner.make()
        told = publish(b, [new], 1, fresh=True)
        check(left(told, s.RSA) == (0, False) and told["last"] == new["number"], told)
        check(a.ask_prekey(b.id) == new and a.ask_prekey(b.id) is None)


def last_resort():
    """The `many` key is handed out when no `once` key is left, to anybody, again and again; a later one replaces it."""
    with people() as all_:
        b, owner, a = pair(all_)
        once, many, later = owner.make(), owner.make(use="many"), owner.make(use="many")
        b.publish([many, once])
        check([a.ask_prekey(b.id) for _ in range(3)] == [once, many, many])
        check(all_.online("asks").ask_prekey(b.id) == many)
        told = b.publish([later], lambda told: told["last"] == later["number"])
        check(left(told) == (0, True) and a.ask_prekey(b.id) == later, told)


def five_an_hour():
    """One asker gets 5 `once` keys of one owner an hour, of both suites together, then the `many` key; also after a new
    login. Other askers go on."""
    with people() as all_:
        b, owner, a = pair(all_)
        keys = [owner.make() for _ in range(7)] + [owner.make(s.RSA) for _ in range(2)]
        b.publish(keys)
        got = [a.ask_prekey(b.id, [s.RSA]) for _ in range(2)] + [a.ask_prekey(b.id) for _ in range(3)]
        check(all(got) and [k["suite"] for k in got] == [s.RSA] * 2 + [s.ECDHE] * 3, "the first five")
        check(a.ask_prekey(b.id) is None, "a sixth")
        many = owner.make(use="many")
        publish(b, [many], 4, True)
        check(a.ask_prekey(b.id) == many)
        a.close()
        a = all_.back(a.me)
        check(a.ask_prekey(b.id) == many, "five more by a new login")
        other = all_.online("asks")
        check([other.ask_prekey(b.id)["use"] for _ in range(5)] == ["once"] * 4 + ["many"])


def order_of_suites():
    """The first suite of the asker's list for which there is a key; unknown ones are passed over."""
    with people() as all_:
        b, owner, a = pair(all_)
        b.publish([owner.make(), owner.make(), owner.make(s.RSA)])
        check(a.ask_prekey(b.id, ["X_Y", s.RSA, s.ECDHE])["suite"] == s.RSA)
        check(a.ask_prekey(b.id, [s.RSA, s.ECDHE])["suite"] == s.ECDHE)
        check(a.ask_prekey(b.id, [s.RSA]) is None and a.ask_prekey(b.id, ["X_Y"]) is None)
        check(a.ask_prekey(b.id, [s.ECDHE])["suite"] == s.ECDHE)


def none_at_all():
    with people() as all_:
        b, _, a = pair(all_)
        check(a.ask_prekey(b.id) is None)
        b.close()
        check(a.ask_prekey(b.id) is None, "of one who is away")


def over_the_counts():
    """Over 100 + 1 ECDHE or 10 RSA keys, a `many` key for RSA, over 20 in a message: `bad-message`, and nothing changes."""
    with people() as all_:
        b, owner, _ = pair(all_)
        for _ in range(5):
            b.publish([owner.make() for _ in range(20)])
        too_much(b, [owner.make()])
        publish(b, [owner.make(use="many")], 100, True)
        told = b.publish([owner.make(s.RSA) for _ in range(10)])
        check(left(told, s.RSA) == (10, False), told)
        too_much(b, [owner.make(s.RSA)])
        too_much(b, [owner.make(s.RSA, use="many")])
        too_much(b, [owner.make() for _ in range(21)], fresh=True)
        told = b.status()
        check(left(told) == (100, True) and left(told, s.RSA) == (10, False), told)


def expires():
    """Over 91 days ahead: `bad-message` with the server's time. 90 days are taken. At its `expires` a key is gone."""
    with people() as all_:
        b, owner, a = pair(all_)
        now = int(time.time())
        e = too_much(b, [owner.make(expires=now + 91 * DAY + 60)])
        times = [int(x) for x in re.findall(r"\d{9,}", e["message"])]
        check(any(abs(x - now) < 60 for x in times), "no time of the server: %s" % e)
        good = owner.make(expires=now + 90 * DAY)
        publish(b, [good], 1)
        check(a.ask_prekey(b.id) == good)
        soon = owner.make(expires=int(time.time()) + 2)
        b.publish([soon, owner.make(expires=now - 10)])
        while time.time() < soon["expires"]:
            time.sleep(0.1)
        check(a.ask_prekey(b.id) is None, "handed out after its end")
        return e["message"]


def forms():
    """What is no prekey, or not signed by its owner, is refused; the connection goes on and nothing is added."""
    with people() as all_:
        b, owner, a = pair(all_)
        good = owner.make()
        changes = [{"number": good["number"][:21]}, {"number": good["number"] + "A"}, {"number": 7}, {"use": "twice"}, {"use": None},
                   {"expires": "soon"}, {"key": "?"}, {"signature": s.b64(bytes(63))}, {"suite": 7}]
        notes = {}
        for change in changes:
            m = all_.online("forms")
            m.send({"type": "prekeys", "data": [{**s.Owner(m.me).make(), **change}]})
            try:
                e = m.wait(10, type="error")
                check(e["code"] in ("bad-message", "bad-frame"), e)
            except s.Closed:
                e = next(x for x in m.inbox if x["type"] == "error")
            notes.setdefault(e["code"], []).append(next(iter(change)))
            check(a.ask_prekey(m.id) is None, "handed out: %s" % change)
        b.ping()
        return str(notes)


def told_when_few_are_left():
    """Fewer than 10 left: the owner is told unasked."""
    with people() as all_:
        b, owner, a = pair(all_)
        b.publish([owner.make() for _ in range(11)])
        a.ask_prekey(b.id)
        a.ask_prekey(b.id)
        told = b.wait(type="prekeys")
        check(left(told)[0] == 9, told)


TESTS = [
    ("prekeys_handed_out_once", handed_out_once),
    ("prekeys_never_again", never_again),
    ("prekeys_fresh_drops", fresh_drops),
    ("prekeys_last_resort", last_resort),
    ("prekeys_five_an_hour", five_an_hour),
    ("prekeys_order_of_suites", order_of_suites),
    ("prekeys_none_at_all", none_at_all),
    ("prekeys_over_the_counts", over_the_counts),
    ("prekeys_expires", expires),
    ("prekeys_forms", forms),
    ("prekeys_told_when_few_are_left", told_when_few_are_left),
]


if __name__ == "__main__":
    sys.exit(interop.serve(TESTS))
