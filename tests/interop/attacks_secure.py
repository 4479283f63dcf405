"""Attacks: SECURE and the messages inside (section 4 of sims-protocol(7))."""

import os

import simspy as s
from attacks import FORM, PING, Member, answered, each, ended, phase1
from checks import check


def token_bytes_flipped():
    """One flipped bit in any byte of a token fails the HMAC."""

    def flip(i):
        def alter(token):
            raw = bytearray(s.unb64(token, url=True))
            raw[i] ^= 1 << (i % 8)
            return s.b64url(bytes(raw))

        return ended(lambda c: c.send(PING, alter=alter), FORM | {"bad-sequence"})

    return each([(str(i), i) for i in range(0, 73)], flip)


def token_forms():
    std = {"-": "+", "_": "/"}
    cases = [
        ("unpadded", lambda t: t.rstrip("=")),
        ("padded more", lambda t: t + "="),
        ("loose bits", lambda t: t[:-2] + chr(ord(t[-2]) + 1) + "=" if t.endswith("=") and not t.endswith("==") else t[:-3] + chr(ord(t[-3]) + 1) + "=="),
        ("other alphabet", lambda t: "".join(std.get(x, x) for x in t) if set(t) & set(std) else "+" + t[1:]),
        ("space", lambda t: t[:10] + " " + t[10:]),
        ("LF", lambda t: t + "\n"),
        ("empty", lambda t: ""),
        ("short", lambda t: t[:40]),
        ("without the MAC", lambda t: s.b64url(s.unb64(t, url=True)[:-32])),
        ("a block more", lambda t: s.b64url(s.unb64(t, url=True) + bytes(16))),
    ]

    def seal(alter):
        def act(c):
            # A payload of 17 bytes needs padding in base64 and has loose bits.
            c.send(b'{"type":"ping"  }', alter=alter)

        return ended(act, FORM | {"bad-sequence"})

    return each(cases, seal)


def token_right_mac_wrong_inside():
    def version(c):
        raw = b"\x81" + s.u64(0) + c.out.iv(c.out.seq) + s.cbc(c.out.encryption, c.out.iv(c.out.seq), s.pad16(PING))
        token = s.b64url(raw + s.hmac(c.out.signing, raw))
        c.send(PING, alter=lambda _: token)

    def no_block(c):
        raw = b"\x80" + s.u64(0) + c.out.iv(c.out.seq)
        token = s.b64url(raw + s.hmac(c.out.signing, raw))
        c.send(PING, alter=lambda _: token)

    cases = [
        ("version 0x81", version), ("no block", no_block),
        ("padding 0", lambda c: c.send(PING, padded=PING + b"\0")),
        ("padding 17", lambda c: c.send(PING, padded=PING + b"\x11")),
        ("padding 2,1... wrong", lambda c: c.send(PING, padded=b'{"type":"ping"\x01\x02')),
        ("all padding", lambda c: c.send(PING, padded=b"\x10" * 16)),
    ]
    return each(cases, lambda act: ended(act, FORM | {"bad-sequence"}))


def foreign_iv():
    return ended(lambda c: c.send(PING, iv=os.urandom(16)), "bad-sequence")


def wrong_places():
    def replay(c):
        raw = c.out.seal(PING)
        c.wire.write_line(raw)
        c.wire.write_line(raw)

    def reflect(c):
        c.auto_ack = False
        c.send({"type": "list"})
        c.wire.write_line(c.wire.read_line())
        c.in_.seq += 0

    def swap(c):
        one_, two = c.out.seal(PING), c.out.seal(PING)
        c.wire.write_line(two)
        c.wire.write_line(one_)

    def gap(c):
        c.out.seal(PING)
        c.send(PING)

    cases = [
        ("replay", replay), ("swap", swap), ("gap", gap),
        ("seq + 1", lambda c: c.send(PING, seq=c.out.seq + 1)),
        ("seq - 1", lambda c: c.send(PING, seq=c.out.seq - 1)),
        ("seq 2^53-1", lambda c: c.send(PING, seq=2**53 - 1)),
        ("epoch + 1", lambda c: c.send(PING, epoch=1)),
        ("epoch 2^53-1", lambda c: c.send(PING, epoch=2**53 - 1)),
        ("seq 100, epoch 1 at once", lambda c: c.send(PING, epoch=1, seq=100)),
    ]
    got = each(cases, lambda act: ended(act, "bad-sequence"))
    with Member() as c:  # the server's own frame sent back to it: the directions have different keys
        c.auto_ack = False
        c.send({"type": "list"})
        c.wire.write_line(c.wire.read_line())
        errors = []
        try:
            while True:
                errors.append(c.wire.read_line(5))
        except s.Closed:
            pass
        check(len(errors) >= 1, "reflection: no error")
    return got


def old_epoch_keys():
    """Message 100 under the keys of epoch 0 is refused."""

    def act(c):
        for _ in range(100 - c.out.seq):
            c.send(PING)
        c.until(lambda: c.acked == 99)
        c.out.turn = lambda: None
        c.send(PING, epoch=1)

    return ended(act, FORM | {"bad-sequence"})


def times_accepted():
    with Member() as c:
        for when in (0, 1, 2**63, 2**64 - 1):
            c.send(PING, when=when)
        c.ping()


def clear_after_handshake():
    cases = [PING, b'{"type":"error","code":"internal","message":"x"}', s.dump(phase1()), b"{}", b"[]", b"x", b'{"type":"list"}',
             b'{"type":"secure"}', b'{"type":"secure","sa-data":{"epoch":0,"seq":1},"payload":7}',
             b'{"type":"secure","sa-data":{"epoch":0,"seq":"1"},"payload":""}', b'{"type":"secure","sa-data":[0,1],"payload":""}',
             b'{"type":"disconnect","name":"x","id":0}']
    return each([(x.decode(), x) for x in cases], lambda x: ended(lambda c: c.wire.write_line(x)))


def handshake_again_inside():
    """connect or secure inside SECURE is an unknown type or ends the connection; it never logs in."""
    notes = []
    for sub in (phase1(), {"type": "secure", "sa-data": {"epoch": 0, "seq": 0}, "payload": ""}):
        with Member() as c:
            notes.append("%s: %s" % (sub["type"], answered(c, sub, goes_on=False)["code"]))
    return ", ".join(notes)


def unknown_types():
    with Member() as c:
        return each([(t, t) for t in ("dance", "", "LIST", "client-com2", "ping\0", "x" * 5000)],
                    lambda t: answered(c, {"type": t})["code"])


def error_is_not_answered():
    with Member() as c:
        c.send({"type": "error", "code": "internal", "message": "x"})
        c.send({"type": "error", "code": "no-such-code", "message": "\x1b[2J", "id": 9})
        c.ping()
        check(not [x for x in c.inbox if x["type"] == "error"], c.inbox)


def bad_inside():
    """The JSON rules hold inside SECURE, too: the connection ends or the message is refused."""
    def many(n):
        return b'{"type":"ping",' + b",".join(b'"%d":1' % i for i in range(n)) + b"}"

    cases = [("dup", b'{"type":"ping","type":"ping"}'), ("array", b"[]"), ("not JSON", b"hello"), ("empty", b""), ("no type", b"{}"),
             ("type number", b'{"type":1}'), ("float", b'{"type":"ping","x":1.5}'), ("negative", b'{"type":"ping","x":-1}'),
             ("1e400", b'{"type":"ping","x":1e400}'), ("deep", b'{"type":"ping","x":' + b"[" * 8 + b"]" * 8 + b"}"),
             ("10,000 deep", b'{"type":"ping","x":' + b"[" * 10000 + b"]" * 10000 + b"}"), ("UTF-8", b'{"type":"ping","x":"\xff"}'),
             ("NUL", b'{"type":"ping"}\0'), ("surrogate", b'{"type":"ping","x":"\\ud800"}'), ("LF between", b'{"type":"ping"}\n{"type":"ping"}')]

    def refuse(raw):
        with Member() as c:
            return answered(c, raw, goes_on=False)["code"]

    got = each(cases, refuse)
    with Member() as c:
        c.send(many(60))
        c.ping()
        # Many members within a frame may be accepted or refused.
        c.send(many(4000))
        try:
            c.ping()
            note = "taken"
        except s.Closed:
            note = next(x["code"] for x in c.inbox if x["type"] == "error")
    return "%s; 4,000 members: %s" % (got, note)


def message_fields():
    """Missing or wrongly typed fields of known types are refused."""
    with Member() as b:
        cases = [{"type": "list", "limit": "3"}, {"type": "list", "after": 3}, {"type": "list", "match": []}, {"type": "list", "limit": None},
                 {"type": "ack"}, {"type": "ack", "id": "1", "name": "x"}, {"type": "disconnect"}, {"type": "error"},
                 {"type": "client-com"}, {"type": "client-com", "dst": b.id}, {"type": "client-connect", "src": b.id},
                 {"type": "client-disconnect", "dst": 7}]

        def refuse(sub):
            with Member() as c:
                c.send(sub)
                try:
                    c.ping()
                except s.Closed:
                    pass
                errors = [x["code"] for x in c.inbox if x["type"] == "error"]
                check(len(errors) <= 1, errors)
                return errors[0] if errors else "ignored " + sub["type"]

        got = each([(str(x), x) for x in cases], refuse)
        b.ping()
        check(not [x for x in b.inbox if x["type"].startswith("client-")], b.inbox)
        return got


TESTS = [
    token_bytes_flipped, token_forms, token_right_mac_wrong_inside, foreign_iv, wrong_places, old_epoch_keys,
    times_accepted, clear_after_handshake, handshake_again_inside, unknown_types, error_is_not_answered, bad_inside,
    message_fields,
]
