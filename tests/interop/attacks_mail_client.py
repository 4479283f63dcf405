"""Attacks: the mail of sims, by an evil relay."""

import json
import shutil
import time

import simspy as s
from attacks import fresh
from checks import check
from interop import Home, Pooled, finished, shown
from mail_relay import MailRelay
from mailing import People, put, quiet, take_all

DAY = 86400


class Evil:
    """An evil relay with people and a home of sims, which end together."""

    def __init__(self):
        self.relay = MailRelay(draws=Pooled())
        self.address, self.id = ("127.0.0.1", self.relay.port), self.relay.me.id
        self.people, self.homes = People(self, Pooled()), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for home in self.homes:
            home.__exit__()
        self.people.__exit__()
        self.relay.stop()

    def home(self):
        self.homes.append(Home(fresh("honest"), self))
        return self.homes[-1]

    def owner(self):
        b = self.people.online("owner")
        return b, s.Owner(b.me, b.draws)

    def said(self, name, kind):
        return [sub for who, sub in self.relay.do(lambda: list(self.relay.log)) if who == name and sub["type"] == kind]

    def published(self, name):
        return [(key["suite"], key["use"]) for x in self.said(name, "prekeys") for key in x["data"]]

    def prekeys_of(self, a, home):
        """Lets sims publish its prekeys, and leave; returns its id and a session to it."""
        p = home.sims("listen", "--json")
        p.until(lambda: (s.ECDHE, "once") in self.published(home.name), 60, "prekeys")
        p.process.terminate()
        finished(p)
        ident = next(i for i, n in self.relay.names.items() if n == home.name)
        return ident, a.write_to(ident, [s.ECDHE])


def bad_prekeys():
    """attack 47: another owner's prekey, an altered or expired one, another suite: sims writes no letter with it."""
    with Evil() as evil:
        b, owner = evil.owner()
        carol = s.Owner(s.Identity())
        for _ in range(2):
            b.publish([owner.make() for _ in range(20)])
        b.close()
        old = s.Prekey(b.me, expires=int(time.time()) - DAY - 600).public
        rsa = s.Prekey(b.me, s.RSA, draws=b.draws).public
        flip = bytearray(s.unb64(owner.make()["signature"]))
        flip[5] ^= 1
        cases = {
            "another's": lambda p: carol.make(), "another's key": lambda p: {**p, "key": carol.make()["key"]},
            "signature": lambda p: {**p, "signature": s.b64(bytes(flip))}, "many": lambda p: {**p, "use": "many"},
            "later": lambda p: {**p, "expires": p["expires"] + 1}, "number": lambda p: {**p, "number": s.uid()},
            "expired": lambda p: old, "suite": lambda p: rsa, "suite changed": lambda p: {**p, "suite": s.RSA},
            "a point off the curve": lambda p: _signed(b.me, p, s.unb64(p["key"])[:-1] + b"\1"),
            "small number": lambda p: {**p, "number": p["number"][:20]}, "honest": lambda p: p,
        }
        name, runs = evil.people.names[b.id], []
        by_name = {}
        evil.relay.hand_out = lambda c, _owner, p: by_name[c.name](p)
        for label, change in cases.items():
            home = evil.home()
            by_name[home.name] = change
            seconds = "60" if label == "honest" else "5"
            runs.append((label, home, home.sims("--suite", "ecdhe", "send", "--timeout", seconds, name, "secret")))
        bad = []
        for label, home, p in runs:
            status = p.wait(90)
            sent = evil.said(home.name, "client-mail")
            if (status == 10) != (label == "honest") or bool(sent) != (label == "honest"):
                bad.append("%s: exit %s, %d letters, %s" % (label, status, len(sent), p.log[-1:]))
        check(not bad, "; ".join(bad))
        return "%d prekeys" % (len(cases) - 1)


def _signed(me, prekey, key):
    """The prekey with other bytes for a key, genuinely signed."""
    from simspy.mail import prekey_signed

    out = {**prekey, "key": s.b64(key)}
    return {**out, "signature": s.b64(me.sign(prekey_signed(out, key)))}


def one_key_for_two():
    """attack 47: a `once` key that the relay hands out twice: sims opens letters of the first sender only."""
    with Evil() as evil:
        a, c, home = evil.people.online("first"), evil.people.online("second"), evil.home()
        ident, session = evil.prekeys_of(a, home)
        other = s.MailSession(c.me, ident, session.prekey)
        own = c.write_to(ident, [s.ECDHE])
        put(a, [session.text("first")])
        put(c, [own.text("hello"), other.text("with a used key")])
        p = home.sims("listen", "--json")
        take_all(a, 1, 60)
        got = [json.loads(raw) for raw in take_all(c, 2, 60)]
        check([x.get("unopened", False) for x in got] == [False, True], got)
        s.check_unopened(got[1])
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == ["first", "hello"], shown(p))


def altered_on_the_way():
    """attack 46: the relay alters letters, swaps their parts and moves them: refused, and the genuine ones still open."""
    with Evil() as evil:
        a, home = evil.people.online("writes"), evil.home()
        ident, session = evil.prekeys_of(a, home)
        first, second, third = session.text("one"), session.text("two"), session.text("three")
        one, two = json.loads(first), json.loads(second)
        other = json.loads(a.write_to(ident, [s.ECDHE]).text("another session's"))
        changes = [{"id": 1}, {"verification": two["verification"]}, {"data": two["data"]}, {"ratchet": other["ratchet"]},
                   {"verification": s.b64(bytes(32))}, {"ratchet": {**one["ratchet"], "signature": other["ratchet"]["signature"]}},
                   {"ratchet": {**one["ratchet"], "key": other["ratchet"]["key"]}},
                   {"ratchet": {**one["ratchet"], "nonce": other["ratchet"]["nonce"]}}]
        put(a, [third])
        p = home.sims("listen", "--json")
        session.feed(json.loads(take_all(a, 1, 60)[0]))
        for change in changes:
            evil.relay.do(lambda: evil.relay.put(ident, s.dump({**one, **change})))
        put(a, [first, second])
        p.until(lambda: len(shown(p)) == 3, 60, "the genuine ones")
        got = 0
        while session.delivered != {0, 1, 2}:
            for obj in map(json.loads, take_all(a, 1, 60)):
                if obj.get("unopened"):
                    s.check_unopened(obj)
                    got += 1
                else:
                    session.feed(obj)
        p.process.terminate()
        finished(p)
        check(sorted(x["body"] for x in shown(p)) == ["one", "three", "two"], shown(p))
        return "%d of %d answered" % (got, len(changes))


def given_again():
    """attack 49: the relay gives letters again after they were struck off, at each login: shown once, the same receipt."""
    with Evil() as evil:
        a, home = evil.people.online("writes"), evil.home()
        ident, session = evil.prekeys_of(a, home)
        raws = [session.text("letter %d" % n) for n in range(3)]
        put(a, raws)
        p = home.sims("listen", "--json")
        back = take_all(a, 3, 60)
        p.process.terminate()
        finished(p)
        for _ in range(3):
            evil.relay.do(lambda: [evil.relay.put(ident, raw) for raw in raws + raws])
            p = home.sims("listen", "--json")
            p.until(lambda: evil.relay.do(lambda: not evil.relay.box(ident).items), 60, "acks of old letters")
            p.process.terminate()
            finished(p)
            check(not shown(p), "shown again: %s" % shown(p))
        quiet(a)
        again = [item.raw for item in a.mail]
        check(set(again) <= set(back), "another receipt")
        return "%d receipts for %d copies" % (len(again), 18)


def receipts_withheld():
    """attack 54: the relay keeps a letter, or its receipt, to itself: the text is never said to be delivered."""
    with Evil() as evil:
        b, owner = evil.owner()
        home, name = evil.home(), evil.people.names[b.id]
        b.publish([owner.make() for _ in range(4)])
        b.close()
        evil.relay.deliver = lambda c, to, raw: []
        for seconds in ("3", "12", "48"):  # a slow machine needs longer until the relay has the letter
            home.done("send", "--wait-for", "delivered", "--timeout", seconds, name, "kept by the relay", status=7, timeout=90)
            if home.done("history", name, "--json")[-1]["delivery"] == "mailed":
                break
        home.done("send", name, "this, too", status=10)
        rows = home.done("history", name, "--json")
        check([x["delivery"] for x in rows][-2:] == ["mailed"] * 2, rows)


def forged_answers():
    """attack 46: receipts that the relay makes up mark nothing as delivered, and `unopened` without a signature does
    nothing."""
    with Evil() as evil:
        b, owner = evil.owner()
        home, name = evil.home(), evil.people.names[b.id]
        b.publish([owner.make() for _ in range(4)])
        b.close()
        home.done("send", name, "hello", status=10)
        letter = evil.said(home.name, "client-mail")[0]
        digest = s.sha(letter["data"].encode())
        receipt = {"type": "client-receipt", "src": b.id, "dst": letter["src"], "id": 0, "data": s.b64(digest), "verification": s.b64(bytes(32))}
        forged = json.loads(s.unopened(s.Identity(), letter["src"], digest))
        evil.relay.do(lambda: [evil.relay.put(letter["src"], s.dump(x)) for x in (receipt, {**forged, "src": b.id})])
        p = home.sims("listen", "--json")
        p.until(lambda: evil.relay.do(lambda: not evil.relay.box(letter["src"]).items), 60, "acks")
        p.process.terminate()
        finished(p)
        check([x["delivery"] for x in home.done("history", name, "--json")] == ["mailed"])
        check(len(evil.said(home.name, "client-mail")) == 1, "sent again")


def restored_store():
    """attack 70: the store of sims is put back: it notices at the login, takes what waits, and publishes fresh prekeys."""
    with Evil() as evil:
        a, home = evil.people.online("writes"), evil.home()
        ident, session = evil.prekeys_of(a, home)
        saved = home.folder.name + "-saved"
        shutil.copytree(home.folder.name, saved)
        try:
            put(a, [session.text("seen"), session.text("seen, too")])
            p = home.sims("listen", "--json")
            take_all(a, 2, 60)
            p.process.terminate()
            finished(p)
            shutil.rmtree(home.folder.name)
            shutil.copytree(saved, home.folder.name)
        finally:
            shutil.rmtree(saved)
        put(a, [session.text("waited")])
        count = len(evil.said(home.name, "prekeys"))
        p = home.sims("listen", "--json")
        p.until(lambda: any(x.get("fresh") for x in evil.said(home.name, "prekeys")[count:]), 60, "fresh prekeys")
        take_all(a, 1, 60)
        p.process.terminate()
        finished(p)
        check([x["body"] for x in shown(p)] == ["waited"], shown(p))


def strangers_and_friends():
    """attack 71: strangers with many sessions of letters: bounds by kind, a friend's letters still open."""
    with Evil() as evil:
        friend, home = evil.people.online("friend"), evil.home()
        ident, session = evil.prekeys_of(friend, home)
        put(friend, [session.text("hello")])
        p = home.sims("listen", "--json")
        take_all(friend, 1, 60)
        p.process.terminate()
        finished(p)
        for _ in range(6):
            m = evil.people.online("stranger")
            prekey = m.ask_prekey(ident, [s.ECDHE])
            key = {"prekey": prekey}
            many = [s.MailSession(m.me, ident, key["prekey"]).text("junk %d" % n) for n in range(30)]
            put(m, many)
        put(friend, [session.text("still here"), friend.write_to(ident, [s.ECDHE]).text("and in a new session")])
        p = home.sims("listen", "--json", accept=False)
        take_all(friend, 2, 60)
        p.until(lambda: evil.relay.do(lambda: not evil.relay.box(ident).items), 60, "acks")
        p.process.terminate()
        finished(p)
        bodies = [x["body"] for x in shown(p) if x["from"] == evil.people.names[friend.id]]
        check(bodies == ["still here", "and in a new session"], bodies)
        return "%d lines of strangers" % (len(shown(p)) - 2)


TESTS = [
    bad_prekeys, one_key_for_two, altered_on_the_way, given_again, receipts_withheld, forged_answers, restored_store,
    strangers_and_friends,
]
