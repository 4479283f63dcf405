"""Attacks: forwarded messages, and lists."""

import simspy as s
from attacks import FORM, Member, answered, each, ended, fresh, world
from checks import check, login


def forwardable(kind, src, dst):
    sub = {"type": kind, "src": src, "dst": dst}
    if kind == "client-connect":
        return {**sub, "phase": 1, "ciphers": [s.ECDHE], "data": {"name": "mallory", "version": [1], "nonce": s.b64(bytes(32))}}
    if kind == "client-com":
        return {**sub, "id": 0, "ratchet": {"epoch": 0, "pn": 0, "n": 0}, "verification": s.b64(bytes(32)), "data": "x"}
    if kind == "ack":
        return {**sub, "id": 0, "data": s.b64(bytes(32)), "verification": s.b64(bytes(32))}
    if kind == "client-mail":
        header = {"prekey": "A" * 22, "nonce": s.b64(bytes(32)), "key": s.b64(bytes(120)), "signature": s.b64(bytes(64))}
        return {**sub, "id": 0, "ratchet": header, "verification": s.b64(bytes(32)), "data": "x"}
    if kind == "client-receipt":
        return {**sub, "id": 0, "data": s.b64(bytes(32)), "verification": s.b64(bytes(32))}
    return {**sub, "data": {"reason": "x"}, "verification": s.b64(bytes(32))}


KEPT = ("client-mail", "client-receipt")
FORWARDED = ("client-connect", "client-com", "ack", "client-disconnect") + KEPT


def spoofed_src():
    with Member() as victim, Member() as friend:
        victim.answer = False

        def spoof(case):
            kind, src = case
            sub = forwardable(kind, src, victim.id)
            if src is None:
                del sub["src"]
            return ended(lambda c: c.send(sub), "bad-message")

        cases = [("%s as %s" % (k, str(x)[:4]), (k, x)) for k in FORWARDED for x in (friend.id, victim.id, "", world.server.id, None, 7)]
        got = each(cases, spoof)
        dup = s.dump(forwardable("client-com", friend.id, victim.id))
        ended(lambda c: c.send(dup[:-1] + b',"src":"' + c.id.encode() + b'"}'), FORM)
        victim.ping()
        came = [x for x in victim.inbox if "src" in x]
        check(not came, "reached the victim: %s" % came)
        return got


def unknown_destinations():
    offline = s.Identity()
    login(world.server, fresh("gone"), offline).close()
    notes = {}
    with Member() as c:
        for kind in FORWARDED:
            for label, dst in (("never seen", s.Identity().id), ("offline", offline.id), ("server", world.server.id)):
                if kind in KEPT and label == "offline":
                    seq = c.send(forwardable(kind, c.id, dst))
                    c.until(lambda: c.acked >= seq)
                    check(not [x for x in c.inbox if x["type"] == "error"], "not kept: %s" % kind)
                    continue
                e = answered(c, forwardable(kind, c.id, dst), {"unknown-peer", "not-connected", "bad-message"})
                check(e.get("dst") == dst, "no dst in %s" % e)
                notes.setdefault(label, set()).add(e["code"])
    return str({k: sorted(v) for k, v in notes.items()})


def malformed_destinations():
    def send(dst):
        with Member() as c:
            return answered(c, forwardable("client-com", c.id, dst), goes_on=False)["code"]

    return each([("empty", ""), ("short", "A" * 42), ("name", "bystander"), ("spaces", " " * 43), ("list", []), ("null", None)], send)


def destination_self():
    notes = set()
    for kind in FORWARDED:
        with Member() as c:
            c.answer = False
            seq = c.send(forwardable(kind, c.id, c.id))
            try:
                c.until(lambda: c.acked >= seq or c.inbox)
                c.ping()
            except s.Closed:
                pass
            errors = [x["code"] for x in c.inbox if x["type"] == "error"]
            check(not [x for x in c.inbox if x["type"] == kind], "came back to its sender")
            notes.add("%s: %s" % (kind, errors or "dropped"))
            check(errors, "no error for %s to oneself" % kind)
    return ", ".join(sorted(notes))


def list_arguments():
    notes = []
    for sub in ({"after": ""}, {"after": "x"}, {"after": "' or 1=1 --"}, {"match": "A"}, {"match": "%"}, {"match": "_"}, {"match": "\0"},
                {"match": "*"}, {"match": "a" * 33}, {"match": "é"}, {"match": ""}, {"match": "'"}):
        with Member() as c:
            c.send({"type": "list", **sub})
            got = c.until(lambda: next((x for x in c.inbox if x["type"] == "error" or x.get("event") == "snapshot"), None))
            what = got.get("code") or "%d entries" % len(got["data"])
            if got["type"] == "list" and "match" in sub:
                check(all(e["name"].startswith(sub["match"]) for e in got["data"]), "match %r: %s" % (sub, got["data"][:2]))
            notes.append("%s: %s" % (list(sub.values())[0][:6].encode("unicode_escape").decode(), what))
    with Member() as c:
        whole = len(c.list(limit=300)["data"])
        check(whole >= 2)
        for limit in (0, 301, 2**53 - 1):
            c.send({"type": "list", "limit": limit})
            got = c.until(lambda: next((x for x in c.inbox if x["type"] == "error" or x.get("event") == "snapshot"), None))
            c.inbox.clear()
            if got["type"] == "list":
                check(len(got["data"]) <= 300)
            notes.append("limit %d: %s" % (limit, got.get("code") or "%d entries" % len(got["data"])))
        got = c.list(after=s.Identity().id)
        notes.append("after a stranger: %d of %d" % (len(got["data"]), whole))
        last = c.list(after=s.id_of(b"\xff" * 32))
        check(last["more"] is False)
        c.ping()
    return ", ".join(notes)


TESTS = [
    spoofed_src, unknown_destinations, malformed_destinations, destination_self, list_arguments,
]
