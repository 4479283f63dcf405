#!/usr/bin/env python3
"""simspy against sims: letters, in both directions, through simsd (section 8 of sims-protocol(7))."""

import json
import subprocess
import sys
import time

import interop
import simspy as s
from checks import Failed, check
from interop import SUITES, Home, Pooled, finished, shown
from mailing import People, given, letter_of, put, quiet, take_all, took


def people():
    return People(interop.server, Pooled())


# --- sims writes --------------------------------------------------------------------------------------------


def owner_away(all_, suite=s.ECDHE, **keys):
    """Somebody who left prekeys: the identity, its owner's side, its name."""
    b = all_.online("away")
    owner = s.Owner(b.me, b.draws)
    b.publish([owner.make(suite) for _ in range(keys.get("once", 3))] + [owner.make(suite, use="many") for _ in range(keys.get("many", 0))])
    b.close()
    return b.me, owner, all_.names[b.id]


def states(home, name):
    return [row["delivery"] for row in home.done("history", name, "--json") if "delivery" in row]


def delivered_in_the_end(home, name, count):
    """Listens until the history says that all texts are delivered."""
    p = home.sims("listen", "--json")
    p.until(lambda: states(home, name) == ["delivered"] * count, 60, "receipts in %s" % states(home, name))
    p.process.terminate()
    finished(p)


def until_waiting(name, items):
    """Waits until so many letters and receipts are in a mailbox."""
    end = time.monotonic() + 60
    while True:
        box = interop.server.ctl("mail", name, "--json")[0]
        if box["letters"] + box["receipts"] == items:
            return
        check(time.monotonic() < end, "not %d: %s" % (items, box))
        time.sleep(0.1)


def in_one_session(suite):
    """Texts of one process: letters of one session, in order, each after the one before; receipts mark them delivered."""
    with people() as all_, Home("writes-" + suite) as home:
        bob, owner, name = owner_away(all_, SUITES[suite])
        texts = ["one", "two ñ", "three 👩‍👩‍👧"]
        p = home.sims("--suite", suite, "pipe", "--json", stdin=subprocess.PIPE)
        for n, text in enumerate(texts):
            p.say({"do": "send", "id": n, "to": name, "body": text, "accept_new": True})
        answers = p.until(lambda: [x for x in shown(p) if x.get("ok")][2:] and [x for x in shown(p) if x.get("ok")], 60, "answers")
        check([x["delivery"] for x in answers] == ["mailed"] * 3, answers)
        p.process.stdin.close()
        finished(p)
        check(states(home, name) == ["mailed"] * 3, states(home, name))
        b = all_.back(bob)
        given(b, 3)
        heads = [item.obj["ratchet"] for item in b.mail]
        check(heads[0] == heads[1] == heads[2] and [item.obj["id"] for item in b.mail] == [0, 1, 2], heads)
        back = [owner.open(item.raw) for item in b.mail]
        check(owner.bodies() == texts and len(owner.sessions) == 1, owner.bodies())
        contents = [content for _, content, _ in owner.letters]
        check([c["after"] for c in contents] == ["", contents[0]["uid"], contents[1]["uid"]], contents)
        for _, content, plain in owner.letters:
            check(len(plain) in (128, 256) and content["kind"] == "text", plain)
        put(b, back)
        took(b, 3)
        delivered_in_the_end(home, name, 3)
        check(b.status()["waiting"] == 0)


def in_many_sessions():
    """Each run of `sims send` opens a session; exit status 10; then the `many` key; order and `after` go on."""
    with people() as all_, Home("runs") as home:
        bob, owner, name = owner_away(all_, once=2, many=1)
        for n in range(4):
            home.done("send", name, "run %d" % n, status=10)
        b = all_.back(bob)
        given(b, 4)
        back = [owner.open(item.raw) for item in b.mail]
        check(owner.bodies() == ["run %d" % n for n in range(4)] and len(owner.sessions) == 4)
        uids = [content["uid"] for _, content, _ in owner.letters]
        check([content["after"] for _, content, _ in owner.letters] == [""] + uids[:3], uids)
        put(b, back[::-1])
        took(b, 4)
        delivered_in_the_end(home, name, 4)


def forged_receipts():
    """Receipts of other letters, forged ones and unopened ones that another signed mark nothing as delivered."""
    with people() as all_, Home("careful") as home:
        bob, owner, name = owner_away(all_, once=4)
        home.done("send", name, "first", status=10)
        home.done("send", name, "second", status=10)
        b, mallory = all_.back(bob), all_.online("mallory")
        given(b, 2)
        first, second = (json.loads(owner.open(item.raw)) for item in b.mail)
        took(b, 2)
        put(b, [s.dump({**first, "verification": second["verification"]}), s.dump({**second, "data": first["data"]}),
                s.dump({**first, "id": 1})])
        digest = s.unb64(first["data"])
        put(mallory, [s.dump({**first, "src": mallory.id}), s.unopened(mallory.me, first["dst"], digest)])
        wrong = json.loads(s.unopened(mallory.me, first["dst"], digest))
        put(b, [s.dump({**wrong, "src": b.id}), s.dump(second)])
        p = home.sims("listen", "--json")
        p.until(lambda: "delivered" in states(home, name), 60, "the genuine receipt")
        p.process.terminate()
        finished(p)
        check(states(home, name) == ["mailed", "delivered"], states(home, name))
        check(b.status()["waiting"] == 0, "sent again")


def unopened_is_sent_again():
    """A signed `unopened`: the text goes out at once as a new letter, with the same uid, once."""
    with people() as all_, Home("again") as home:
        bob, owner, name = owner_away(all_, once=4)
        home.done("send", name, "lost", status=10)
        b = all_.back(bob)
        given(b, 1)
        lost = s.Owner(bob)  # another store of the same owner
        lost.prekeys = dict(owner.prekeys)
        lost.open(b.mail[0].raw)
        digest = s.sha(b.mail[0].obj["data"].encode())
        sims = b.mail[0].obj["src"]
        took(b, 1)
        put(b, [s.unopened(bob, sims, digest)])
        b.close()
        p = home.sims("listen", "--json")
        until_waiting(name, 1)  # while its owner is away: to who is online it would go live
        b = all_.back(bob)
        given(b, 1, 60)
        owner.open(b.mail[0].raw)
        both = [{k: v for k, v in o.letters[0][1].items() if k != "after"} for o in (owner, lost)]  # it may know none now
        check(both[0] == both[1], "another text: %s" % both)
        digest = s.sha(b.mail[0].obj["data"].encode())
        took(b, 1)
        put(b, [s.unopened(bob, sims, digest)])
        b.close()
        until_waiting(home.name, 0)
        p.process.terminate()
        finished(p)
        home.done("listen", "--timeout", "1")
        check(all_.back(bob).told["waiting"] == 0, "a third time")


# --- sims is away -------------------------------------------------------------------------------------------


def prekeys_of(a, home, *words, **more):
    """Lets sims listen until it has published prekeys, and leave; returns its id and a session to it."""
    p, ident = home.listen(a, *words, "listen", "--json", **more)
    for _ in range(300):
        prekey = a.ask_prekey(ident)
        if prekey and prekey["use"] == "once":
            break
        quiet(a, 0.2)
    else:
        raise Failed("no prekeys: %s" % p.log)
    p.process.terminate()
    finished(p)
    s.check_prekey(prekey, ident)
    return ident, s.MailSession(a.me, ident, prekey, a.draws)


def receipted(a, session, count):
    """Takes receipts until all letters have one."""
    raws = take_all(a, count, 60)
    for raw in raws:
        session.feed(s.parse(raw))
    check(session.delivered == set(range(count)), session.delivered)
    return raws


def opened_by_sims():
    """Letters that waited are shown once, in order, and receipted; given again they get the same receipts."""
    with people() as all_, Home("reads") as home:
        a = all_.online("writes")
        ident, session = prekeys_of(a, home)
        uids = [s.uid() for _ in range(4)]
        sent = [session.text("letter %d ñ" % n, uid=uids[n], after=uids[n - 1] if n else "") for n in range(4)]
        put(a, [sent[0], sent[2], sent[1], sent[3]])
        p = home.sims("listen", "--json")
        p.until(lambda: len(shown(p)) == 4, 60, "letters")
        check([x["body"] for x in shown(p)] == ["letter %d ñ" % n for n in range(4)], shown(p))
        check(all(x["from"] == all_.names[a.id] and x["id"] == a.id for x in shown(p)), shown(p)[0])
        back = receipted(a, session, 4)
        put(a, sent)
        check(sorted(take_all(a, 4)) == sorted(back), "other receipts")
        put(a, [session.text("the fifth")])
        p.until(lambda: len(shown(p)) == 5, 60, "the fifth")
        check(shown(p)[4]["body"] == "the fifth")
        p.process.terminate()
        finished(p)
        check(len(home.done("history", all_.names[a.id], "--json")) == 5)


def live_and_letter():
    """The same uid in a letter and in a live session is shown once, and proved in both."""
    with people() as all_, Home("both") as home:
        a = all_.online("writes")
        ident, mail = prekeys_of(a, home)
        content = {"kind": "text", "uid": s.uid(), "body": "twice", "sent": 1}
        put(a, [mail.letter(content)])
        p, _ = home.listen(a, "listen", "--json")
        receipted(a, mail, 1)
        a.auto_ack = True
        live = a.call(ident, [s.ECDHE])
        a.send(live.send(content))
        a.text(ident, "end")
        a.until(lambda: len(live.delivered) == 2, 30, "acks")
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == ["twice", "end"], shown(p))


def unopened_by_sims():
    """Of an accepted id: altered letters and those with an unknown or used prekey get a signed `unopened`, once a letter.
    The genuine ones still open."""
    with people() as all_, Home("strict") as home:
        a = all_.online("writes")
        ident, session = prekeys_of(a, home)
        good, second, foreign = session.text("good"), session.text("second"), s.MailSession(a.me, ident, session.prekey)
        obj = json.loads(good)
        token = bytearray(s.unb64(obj["data"], url=True))
        token[60] ^= 1
        bad = [{**obj, "verification": s.b64(bytes(32))}, {**obj, "data": s.b64url(bytes(token))},
               {**json.loads(second), "ratchet": {**obj["ratchet"], "prekey": s.uid()}}]
        put(a, [second])
        p = home.sims("listen", "--json")
        p.until(lambda: len(shown(p)) == 1, 60, "the first letter")  # its writer is accepted now
        receipt, = take_all(a, 1)
        session.feed(s.parse(receipt))
        bad.append(json.loads(foreign.text("the prekey was used")))
        bad.append(json.loads(session.letter_raw(s.inner_pad(b'{"kind":"text"}'), m=100)))
        put(a, [s.dump(x) for x in bad])
        got = [json.loads(raw) for raw in take_all(a, len(bad), 60)]
        for x in got:
            check(x.get("unopened") is True and x["src"] == ident and "verification" not in x, x)
            s.check_unopened(x)
        check([x["data"] for x in got] == [s.b64(s.sha(x["data"].encode())) for x in bad], "other letters")
        put(a, [s.dump(bad[1])] + [good])
        receipt, = take_all(a, 1, 60)
        session.feed(s.parse(receipt))
        p.until(lambda: len(shown(p)) == 2, 60, "the good one")
        quiet(a)
        check(not a.mail, "unopened twice: %s" % [x.obj for x in a.mail])
        check(any("could not be opened" in line for line in p.log), p.log)
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == ["second", "good"], shown(p))


def stranger():
    """A stranger's letters are shown as a request, and nothing goes back before `sims accept`."""
    with people() as all_, Home("reserved") as home:
        a = all_.online("stranger")
        ident, session = prekeys_of(a, home)
        put(a, [session.text("may I?"), session.text("please")])
        bad = json.loads(session.text("altered"))
        put(a, [s.dump({**bad, "verification": s.b64(bytes(32))})])
        p = home.sims("listen", "--json", "--count", "2", "--timeout", "60", accept=False)
        finished(p)
        check([x["body"] for x in shown(p)] == ["may I?", "please"], shown(p))
        home.done("listen", "--timeout", "2", accept=False)
        quiet(a)
        check(not a.mail, "answered: %s" % [x.obj for x in a.mail])
        home.done("accept", all_.names[a.id])
        p = home.sims("listen", "--json")
        receipted(a, session, 2)
        p.process.terminate()
        finished(p)
        check(not shown(p), "shown again")


def blocked():
    """attack 55: letters of a blocked id are dropped unread: nothing is shown and nothing goes back, before or after."""
    with people() as all_, Home("blocks") as home:
        a, friend = all_.online("blocked"), all_.online("friend")
        ident, session = prekeys_of(a, home)
        _, other = prekeys_of(friend, home)
        put(a, [session.text("before")])
        p = home.sims("listen", "--json")
        receipted(a, session, 1)
        p.process.terminate()
        finished(p)
        home.done("block", all_.names[a.id])
        bad = json.loads(session.text("altered"))
        put(a, [session.text("after"), s.dump({**bad, "verification": s.b64(bytes(32))})])
        put(friend, [other.text("from a friend")])
        p = home.sims("listen", "--json")
        receipted(friend, other, 1)
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == ["from a friend"], shown(p))
        quiet(a)
        check(not a.mail, [x.obj for x in a.mail])
        check(not any("could not be opened" in line for line in p.log), p.log)


def long_letters():
    """A body of 16,384 bytes in both directions; a letter of unknown kind is receipted."""
    body = ("%05d ñ " * 2000 % tuple(range(2000))).encode()[:16384].decode(errors="ignore")
    body += "x" * (16384 - len(body.encode()))
    with people() as all_, Home("longmail") as home:
        bob, owner, name = owner_away(all_)
        home.done("send", name, body, status=10)
        b = all_.back(bob)
        given(b, 1)
        owner.open(b.mail[0].raw)
        check(owner.bodies() == [body], "another text")
        ident, session = prekeys_of(b, home)
        put(b, [letter_of(session, body), session.letter({"kind": "sculpture", "uid": s.uid()})])
        took(b, 1)
        p = home.sims("listen", "--json")
        receipted(b, session, 2)
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == [body] and any("unsupported" in line for line in p.log), p.log)


TESTS = [
    ("mail_from_sims_ecdhe", lambda: in_one_session("ecdhe")),
    ("mail_from_sims_rsa", lambda: in_one_session("rsa")),
    ("mail_from_sims_in_many_sessions", in_many_sessions),
    ("mail_from_sims_forged_receipts", forged_receipts),
    ("mail_from_sims_unopened_is_sent_again", unopened_is_sent_again),
    ("mail_to_sims", opened_by_sims),
    ("mail_to_sims_live_and_letter", live_and_letter),
    ("mail_to_sims_unopened", unopened_by_sims),
    ("mail_to_sims_stranger", stranger),
    ("mail_to_sims_blocked", blocked),
    ("mail_long_letters", long_letters),
]


if __name__ == "__main__":
    sys.exit(interop.serve(TESTS))
