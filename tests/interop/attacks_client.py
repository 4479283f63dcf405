"""Attacks on the real sims."""

import json
import time

import interop
import simspy as s
from attacks import Member, at, forged, fresh, world
from attacks_handshake import ec_spki, reconfirm
from checks import Failed, check, login
from cryptography.hazmat.primitives.asymmetric import rsa
from interop import Pooled


def resigned(make):
    """A phase 4 with another key, genuinely signed."""

    def hook(obj, hs):
        key = make(hs)
        obj["data"]["key"] = s.b64(key)
        obj["data"]["signature"] = s.b64(hs.me.sign(b"SIMS/1 responder" + hs.t + s.sha(key)))

    return at(4, hook)


def sims_refuses_bad_responders():
    """sims calls peers that cheat: it must not send them the message or report it as delivered."""
    pooled = Pooled()
    n = pooled.rsa().public_key().public_numbers().n
    small = rsa.generate_private_key(65537, 2048).public_key()
    other = s.Identity()

    def spki(number, e):
        return s.rsa_spki(rsa.RSAPublicNumbers(e, number).public_key())

    cases = [
        ("nonce mirrored", "ecdhe", lambda c: at(2, lambda o: o["data"].update(nonce=c.first["data"]["nonce"]))),
        ("version 2", "ecdhe", lambda c: at(2, lambda o: o["data"].update(version=2))),
        ("suite not offered", "ecdhe", lambda c: at(2, lambda o: o.update(ciphers=[s.RSA]))),
        ("suite NONE", "ecdhe", lambda c: at(2, lambda o: o.update(ciphers=["NONE"]))),
        ("another's signature", "ecdhe", lambda c: at(4, lambda o, hs: o["data"].update(
            signature=s.b64(other.sign(b"SIMS/1 responder" + hs.t + s.sha(hs.key4)))))),
        ("infinity", "ecdhe", lambda c: resigned(lambda hs: ec_spki(b"\0"))),
        ("off the curve", "ecdhe", lambda c: resigned(lambda hs: ec_spki(b"\4" + b"\1" * 48 + bytes(48)))),
        ("compressed", "ecdhe", lambda c: resigned(lambda hs: ec_spki(s.p384_compressed(hs.private.public_key())))),
        ("confirm", "ecdhe", lambda c: at(6, lambda o: o["data"].update(confirm=s.b64(bytes(32))))),
        ("e = 3", "rsa", lambda c: resigned(lambda hs: spki(n, 3))),
        ("2048 bits", "rsa", lambda c: resigned(lambda hs: s.rsa_spki(small))),
        ("even modulus", "rsa", lambda c: resigned(lambda hs: spki(n - 1, 65537))),
        ("a byte after", "rsa", lambda c: resigned(lambda hs: spki(n, 65537) + b"\0")),
        ("an EC key", "rsa", lambda c: resigned(lambda hs: ec_spki(b"\4" + bytes(96)))),
        ("honest", "ecdhe", lambda c: None),
        ("honest RSA", "rsa", lambda c: None),
    ]
    interop.server = world.server
    with Member("knows-nobody") as guide:
        return _cheat(cases, pooled, guide)


def _cheat(cases, pooled, guide):
    running = []
    try:
        for label, suite, make in cases:
            c = login(world.server, fresh("cheat"), draws=pooled)
            c.first = None
            home = interop.Home(fresh("honest"))
            c.session_hook = _first_seen(c, make(c))
            # All log in with ECDHE, which the default prefers. The suites that the peer accepts decide the call's.
            c.accept_suites = [{"ecdhe": s.ECDHE, "rsa": s.RSA}[suite]]
            running.append((label, c, home, home.sims("send", "--timeout", "6", c.name, "secret")))
        end = time.monotonic() + 25
        while any(p.process.poll() is None for *_, p in running) and time.monotonic() < end:
            for _, c, _, _ in running:
                try:
                    c.pump(0.01)
                except (s.Late, s.Closed):
                    pass
                except s.Fault:
                    pass  # an honest responder would refuse the answer, too
        guide.ping()
        bad, statuses = [], {}
        for label, c, _, p in running:
            sessions = list(c.sessions.values())
            status = p.process.poll()
            came = [x for x in sessions if x.inbox or x.faults]
            statuses.setdefault(status, []).append(label)
            good = label.startswith("honest")
            if (status == 0) != good or bool(came) != good or not sessions:
                bad.append("%s: exit %s, %d calls, messages %s, %s" % (label, status, len(sessions), bool(came), p.log[-1:]))
        check(not bad, "; ".join(bad))
        return str(statuses)
    finally:
        for _, c, home, _ in running:
            c.close()
            home.__exit__()


def _first_seen(c, hook):
    """Returns the hook, after arranging that c.first is the caller's phase 1."""
    take = c._take

    def keep(sub, plain):
        if sub.get("type") == "client-connect" and sub.get("phase") == 1:
            c.first = sub
        take(sub, plain)

    c._take = keep
    return hook


def sims_refuses_bad_initiators():
    """Cheating callers get no session; an honest one gets one afterwards."""

    def mirrored(hs):
        return hs.key4, bytes(48)

    keys = [("key mirrored", mirrored), ("infinity", lambda hs: (ec_spki(b"\0"), bytes(48))),
            ("zero point", lambda hs: (ec_spki(b"\4" + bytes(96)), bytes(48)))]
    hooks = [("confirm", at(5, lambda o: o["data"].update(confirm=s.b64(bytes(32))))),
             ("signature", at(5, lambda o, hs: reconfirm(o, hs, bytes(64)))),
             ("suite changed", at(3, lambda o: o.update(ciphers=[s.RSA]))),
             ("NONE", at(1, lambda o: o.update(ciphers=["NONE"]))),
             ("version 2", at(1, lambda o: o["data"].update(version=[2])))]
    interop.server = world.server
    with interop.Home(fresh("ear")) as home, Member("caller") as good:
        p, ident = home.listen(good, "--suite", "ecdhe", "listen", "--json", "--count", "1", "--timeout", "40")
        notes = {}
        for label, change in keys + hooks:
            with Member() as c:
                x = s.Session(True, c.me, c.name, ident, [s.ECDHE], hook=None if (label, change) in keys else change)
                if (label, change) in keys:
                    x.hs.__class__ = forged(change)
                c.sessions[ident] = x
                c.send(x.start())
                try:
                    c.until(lambda: x.up, 0.7)
                    raise Failed(label + ": a session")
                except s.Late:
                    got = [e.get("code") for e in c.inbox if e["type"] == "error"]
                    notes.setdefault("silence" if not got else str(got), []).append(label)
        x = good.call(ident, [s.ECDHE])
        good.text(ident, "honest")
        good.until(lambda: x.delivered, 10)
        p.wait(10)
        time.sleep(0.05)
        check([json.loads(line)["from"] for line in p.output] == [good.name], p.output)
        return str(notes)


def sims_shows_no_false_name():
    """A caller that claims a bystander's name in phase 1 is refused, or shown under its own name at the server."""
    interop.server = world.server
    with interop.Home(fresh("ear")) as home, Member("liar") as c:
        p, ident = home.listen(c, "--suite", "ecdhe", "listen", "--json", "--count", "1", "--timeout", "5")
        c.sessions[ident] = x = s.Session(True, c.me, "bystander", ident, [s.ECDHE])
        c.send(x.start())
        try:
            c.until(lambda: x.up, 2)
            c.text(ident, "I am the bystander")
            c.until(lambda: x.delivered, 2)
        except s.Late:
            return "refused"
        p.wait(10)
        time.sleep(0.05)
        check([json.loads(line)["from"] for line in p.output] == [c.name], p.output)
        return "shown under its own name"


TESTS = [
    sims_refuses_bad_responders, sims_refuses_bad_initiators, sims_shows_no_false_name,
]
