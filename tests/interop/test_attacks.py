#!/usr/bin/env python3
"""Hostile cases against simsd over the wire, from protocol.md and the S and P rows of the attack list.

Refused means: exactly one error, then the connection ends, and nobody else notices. Where the page leaves the
code open any is taken and printed. After every case a bystander makes a round trip.
"""

import json
import os
import re
import socket
import sys
import threading
import time

import simspy as s
import test_interop as interop
from checks import Failed, Server, Skipped, check, login, run
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from test_interop import Pooled

CODES = set("""bad-frame bad-message bad-sequence unsupported-version unsupported-suite handshake-failed name-invalid
name-taken id-taken not-registered banned busy rate-limited too-large unknown-peer not-connected going-away
internal""".split())
FORM = {"bad-frame", "bad-message"}
server = bystander = None
counter = 0


def fresh(prefix="mallory"):
    global counter
    counter += 1
    return "%s%d" % (prefix, counter)


# --- helpers ----------------------------------------------------------------------------------------------


def one(want):
    return {want} if isinstance(want, str) else set(want)


def clear_end(wire, want=CODES, timeout=30):
    """Exactly one error in clear, then the end; the error."""
    errors, end = [], time.monotonic() + timeout
    try:
        while True:
            errors.append(s.parse(wire.read_line(end - time.monotonic())))
    except s.Closed:
        pass
    except s.Late:
        raise Failed("not closed; came %s" % errors) from None
    finally:
        wire.close()
    check([e.get("type") for e in errors] == ["error"], "came %s" % errors)
    check(errors[0]["code"] in one(want), "code %s" % errors[0]["code"])
    check(wire.buffer == b"", "half a frame at the end")
    return errors[0]


def first(raw, want=FORM):
    """raw as the first bytes of a connection is refused; the code."""
    wire = s.Wire(server.address)
    try:
        wire.write(raw)
    except s.Closed:
        pass
    return clear_end(wire, want)["code"]


def phase1(**changes):
    name = fresh()
    obj = s.parse(s.Handshake("client-server", True, s.Identity(), name).start())
    obj["data"].update(changes.pop("data", {}))
    obj.update(changes)
    return obj


def line(obj, **changes):
    return s.dump({**obj, **changes}) + b"\n"


def text1(old, new, **changes):
    """Phase 1 with a piece of its text replaced."""
    raw = s.dump(phase1(**changes))
    check(old in raw, "nothing to replace")
    return raw.replace(old, new, 1) + b"\n"


def refused(want=CODES, hook=None, suites=(s.ECDHE,), me=None, name=None, handshake=s.Handshake, at=None, draws=None):
    """A login that must fail with one error, at the phase `at` (after which frame of ours) if given."""
    end = time.monotonic() + 30
    while True:
        sent = []

        def spy(phase, obj, hs):
            sent.append(phase)
            return hook(phase, obj, hs) if hook else obj

        c = s.Client(server.address, name or fresh(), me, suites, hook=spy, server=server.id, handshake=handshake,
                     login=False, draws=draws)
        try:
            c.login(8)
        except s.RemoteError as e:
            if e.code == "busy" and time.monotonic() < end:
                c.close()
                time.sleep(0.3)
                continue
            check(e.code in one(want), "code %s after phase %d" % (e.code, sent[-1]))
            check(at is None or sent[-1] == at, "refused after phase %s" % sent)
            try:
                more = c.wire.read_line(3)
                raise Failed("after the error came %r" % more[:100])
            except s.Closed:
                return e.obj
            except s.Late:
                raise Failed("not closed after the error") from None
        finally:
            c.close()
        raise Failed("logged in")


def at(phase, change):
    """A hook that changes the object of one phase."""

    def hook(n, obj, hs):
        if n == phase:
            out = change(obj) if change.__code__.co_argcount == 1 else change(obj, hs)
            return obj if out is None else out
        return obj

    return hook


class Member:
    """A logged-in client for one case."""

    def __init__(self, prefix="mallory", **more):
        self.c = login(server, fresh(prefix), **more)

    def __enter__(self):
        return self.c

    def __exit__(self, *_):
        self.c.close()


def secure_end(c, want=CODES, timeout=30):
    """Exactly one error inside SECURE, then the end; the error."""
    end = time.monotonic() + timeout
    c.auto_ack = False
    try:
        while True:
            c.pump(end - time.monotonic())
    except s.Closed:
        pass
    except s.Late:
        raise Failed("not closed; came %s" % [{k: x.get(k) for k in ("type", "code")} for x in c.inbox]) from None
    errors = [x for x in c.inbox if x["type"] == "error"]
    check(len(errors) == 1, "errors: %s" % errors)
    check(errors[0]["code"] in one(want), "code %s" % errors[0]["code"])
    return errors[0]


def ended(act, want=CODES):
    """A member does something that ends its connection; the code."""
    with Member() as c:
        c.ping()
        try:
            act(c)
        except s.Closed:
            pass
        return secure_end(c, want)["code"]


def answered(c, sub, want=CODES, goes_on=True):
    """An error comes for a sub-message, and the connection goes on; the error."""
    seq = c.send(sub)
    try:
        e = c.wait(5, type="error")
    except s.Closed:
        if goes_on:
            raise
        return next(x for x in c.inbox if x["type"] == "error")
    check(e["code"] in one(want), "code %s" % e["code"])
    check(e.get("id", seq) == seq, "error for message %s, not %d" % (e.get("id"), seq))
    try:
        c.ping()
    except s.Closed:
        check(not goes_on, "closed after %s" % e["code"])
    return e


def each(cases, test):
    """Runs test over (label, value) pairs; a summary of the codes, or all that failed."""
    notes, bad = {}, []
    for label, value in cases:
        try:
            notes.setdefault(test(value), []).append(label)
        except Exception as e:
            bad.append("%s: %s %s" % (label, type(e).__name__, e))
    check(not bad, "; ".join(bad))
    return ", ".join("%s x%d" % (k, len(v)) for k, v in notes.items())


# --- frames (1) -------------------------------------------------------------------------------------------


def frame_4096_accepted_4097_refused():
    def padded(size):
        def change(obj):
            raw = s.dump({**obj, "pad": ""})
            return raw[:-2] + b"x" * (size - len(raw)) + raw[-2:]

        return change

    with Member(hook=at(1, padded(4096))) as c:
        c.ping()
    return refused({"too-large", "bad-frame"}, at(1, padded(4097)))["code"]


def no_newline():
    before = server.memory()
    code = first(b"{" + b" " * (1 << 20), {"too-large", "bad-frame"})
    check(server.memory() - before < 8 << 20, "memory grew")
    return code


def secure_65536_accepted_65537_refused():
    def ping(c, size):
        raw = c.out.seal(b'{"type":"ping","pad":"' + b"x" * 40000 + b'"}')
        return raw[:-1] + b" " * (size - len(raw)) + b"}\n"

    with Member() as c:
        c.wire.write(ping(c, 65536))
        c.until(lambda: c.acked == 0)
    return ended(lambda c: c.wire.write(ping(c, 65537)), {"too-large", "bad-frame"})


def secure_no_newline():
    before = server.memory()
    code = ended(lambda c: c.wire.write(b'{"type":"' + b"x" * (2 << 20)), {"too-large", "bad-frame"})
    check(server.memory() - before < 8 << 20, "memory grew")
    return code


def not_json():
    deep = b'"d":' + b"[" * 3000 + b"]" * 700
    return each([
        ("binary", bytes(range(256)) + b"\n"),
        ("a TLS hello", bytes.fromhex("16030100a5010000a10303") + b"\xff" * 100 + b"\n"),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("word", b"hello\n"),
        ("array", b"[" + s.dump(phase1()) + b"]\n"),
        ("string", b'"x"\n'),
        ("number", b"1\n"),
        ("null", b"null\n"),
        ("spaces", b"   \n"),
        ("two objects", s.dump(phase1()) + s.dump(phase1()) + b"\n"),
        ("something after", s.dump(phase1()) + b"x\n"),
        ("NUL after", s.dump(phase1()) + b"\0\n"),
        ("NUL before", b"\0" + s.dump(phase1()) + b"\n"),
        ("NUL inside", text1(b'"connect"', b'"connect\0"')),
        ("comma at the end", s.dump(phase1())[:-1] + b",}\n"),
        ("comment", b"/* */" + s.dump(phase1()) + b"\n"),
        ("single quotes", s.dump(phase1()).replace(b'"', b"'") + b"\n"),
        ("BOM", b"\xef\xbb\xbf" + s.dump(phase1()) + b"\n"),
        ("cut", s.dump(phase1())[:-3] + b"\n"),
        ("deep", text1(b'"phase"', deep + b',"phase"')),
        ("raw tab in a string", text1(b'"type"', b'"x":"\t","type"')),
        ("bad escape", text1(b'"type"', b'"x":"\\q","type"')),
    ], first)


def invalid_utf8():
    bad = {"lone continuation": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80", "cut": b"\xe2\x82",
           "over 10FFFF": b"\xf4\x90\x80\x80", "FF": b"\xff", "in a key": b'","\xfe":"'}
    return each([(k, text1(b'"type"', b'"x":"' + v + b'","type"')) for k, v in bad.items()], first)


def duplicate_keys():
    return each([
        ("name", text1(b'"name"', b'"name":"other","name"')),
        ("nested", text1(b'"nonce"', b'"nonce":"","nonce"')),
        ("the same value", text1(b'"phase":1', b'"phase":1,"phase":1')),
        ("written otherwise", text1(b'"name"', b'"n\\u0061me":"other","name"')),
        ("in an extra field", text1(b'"type"', b'"x":{"a":[{"b":1,"b":1}]},"type"')),
        ("far apart", text1(b'"type"', b'"x0":1,' + b"".join(b'"y%d":1,' % i for i in range(100)) + b'"x0":1,"type"')),
    ], first)


def depth():
    def nested(levels):
        return at(1, lambda obj: obj.update(x=json.loads("[" * (levels - 1) + "]" * (levels - 1))))

    with Member(hook=nested(8)) as c:
        c.ping()
    return refused(FORM, nested(9))["code"]


def numbers():
    cases = ["1.0", "1e0", "-1", "-0", "9007199254740992", "18446744073709551616", "1e400", "-1e400", "1.5",
             "1" + "0" * 400, "01", "+1", "0x1", "NaN", "Infinity", ".5", "1.", "1e", "0.0000000001"]
    with Member(hook=at(1, lambda obj: obj.update(x=9007199254740991, y=0))) as c:
        c.ping()
    return each([("phase " + n, text1(b'"phase":1', b'"phase":' + n.encode())) for n in cases]
                + [("extra " + n, text1(b'"type"', b'"x":' + n.encode() + b',"type"')) for n in cases if n != "-0"]
                + [("version " + n, text1(b"[1]", b"[" + n.encode() + b"]")) for n in cases if n != "-0"], first)


def lone_surrogates():
    return each([(x, text1(b'"type"', b'"x":"' + x.encode() + b'","type"'))
                 for x in ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800x", "\\ud83d\\u0041")], first)


def missing_or_mistyped_fields():
    cases = []
    for key in ("type", "phase", "name", "id", "ciphers", "data"):
        without = phase1()
        del without[key]
        cases.append(("no " + key, line(without)))
        wrongs = [None, True, [], {}, 7] if key != "phase" else [None, True, [], "1", 0, 7]
        wrongs += ["x"] if key in ("ciphers", "data") else []
        cases += [("%s %r" % (key, w), line(phase1(), **{key: w})) for w in wrongs if (key, w) not in (("ciphers", []), ("data", {}))]
    for key in ("version", "nonce"):
        without = phase1()
        del without["data"][key]
        cases.append(("no " + key, line(without)))
        cases += [("%s %r" % (key, w), line(phase1(data={key: w}))) for w in (None, True, {}, 1, "1")]
    cases += [("ciphers %r" % w, line(phase1(), ciphers=w)) for w in ([1], [None], [[s.ECDHE]], [{}])]
    cases += [("version %r" % w, line(phase1(data={"version": w}))) for w in (["1"], [None], [True], [[1]])]
    return each(cases, lambda raw: first(raw, FORM | {"unsupported-suite", "unsupported-version", "handshake-failed", "name-invalid"}))


def empty_lines_accepted():
    with Member() as c:
        c.wire.write(b"\n\n" + c.out.seal(b'{"type":"ping"}') + b"\n\n\n")
        c.until(lambda: c.acked == 0)
    c = s.Client(server.address, fresh(), login=False)
    try:
        c.wire.write(b"\n" * 100)
        c.login()
        c.ping()
    finally:
        c.close()


def one_byte_at_a_time():
    def slow(self, raw):
        for i in range(len(raw)):
            s.Wire.write(self, raw[i : i + 1])
        s.Wire.write(self, b"\n")

    c = s.Client(server.address, fresh(), login=False)
    try:
        c.wire.write_line = lambda raw: slow(c.wire, raw)
        c.login()
        c.ping()
    finally:
        c.close()


def several_frames_in_one_write():
    with Member() as a, Member() as b:
        com = s.dump({"type": "client-com", "src": a.id, "dst": b.id, "id": 0, "ratchet": {"epoch": 0, "pn": 0, "n": 0},
                      "verification": s.b64(bytes(32)), "data": "x"})
        frames = b"\n".join(a.out.seal(x) for x in (b'{"type":"ping"}', com, b'{"type":"list"}', com)) + b"\n"
        a.wire.write(frames[:-50])
        a.wire.write(frames[-50:])
        a.wait(5, type="list", event="snapshot")
        for _ in range(2):
            check(b.wait(5, type="client-com")["_raw"] == com)


# --- handshake (3) ----------------------------------------------------------------------------------------


def phases_out_of_order():
    def start_with(phase):
        return first(line(phase1(), phase=phase), FORM | {"handshake-failed"})

    def then(frames):
        """Phase 1, its answer, then something wrong."""
        hs = s.Handshake("client-server", True, s.Identity(), fresh(), [s.ECDHE])
        wire = s.Wire(server.address)
        one_ = hs.start()
        wire.write_line(one_)
        three = hs.feed(wire.read_line())
        last = {"1": one_, "5": line(json.loads(three), phase=5)[:-1], "6": line(json.loads(three), phase=6)[:-1],
                "ping": b'{"type":"ping"}', "secure": b'{"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":""}',
                "error": b'{"type":"error","code":"internal","message":"x"}', "2": line(json.loads(three), phase=2)[:-1],
                "disconnect": b'{"type":"disconnect","name":"x","id":0}', "3": three}
        if frames[0] == "3":
            wire.write_line(three)
            s.parse(wire.read_line())
            frames = frames[1:]
        wire.write_line(last[frames[0]])
        errors = []
        try:
            while True:
                errors.append(s.parse(wire.read_line(5)))
        except s.Closed:
            pass
        finally:
            wire.close()
        if frames[0] == "error":
            check(len(errors) <= 1)
            return "closed"
        check([e["type"] for e in errors] == ["error"], errors)
        return errors[0]["code"]

    return each([("start with %d" % n, n) for n in (2, 3, 4, 5, 6, 0, 7)], start_with) + "; " + each(
        [(" ".join(x), x) for x in (["1"], ["5"], ["6"], ["2"], ["ping"], ["secure"], ["error"], ["disconnect"],
                                    ["3", "3"], ["3", "1"], ["3", "ping"], ["3", "secure"])], then)


def fields_changed_between_phases():
    other = s.Identity()
    def change(phase, key, value):
        return at(phase, lambda obj: obj.update({key: value}))

    cases = [("%s at %d" % (key, n), change(n, key, value))
             for n in (3, 5)
             for key, value in (("name", "somebody-else"), ("id", other.id), ("ciphers", [s.RSA]), ("ciphers", []),
                                ("ciphers", [s.ECDHE, s.RSA]), ("ciphers", ["NONE"]), ("type", "client-connect"))]
    cases += [("status", at(3, lambda obj: obj["data"].update(status="no"))), ("no status", at(3, lambda obj: obj.update(data={})))]
    return each(cases, lambda hook: refused(FORM | {"handshake-failed", "unsupported-suite"}, hook, (s.ECDHE, s.RSA))["code"])


def suites_not_supported():
    cases = [("NONE", ["NONE"]), ("empty", []), ("unknown", ["TLS_NULL"]), ("lower case", [s.ECDHE.lower()]),
             ("space", [s.ECDHE + " "]), ("NUL", [s.ECDHE + "\0"]), ("empty name", [""])]
    return each(cases, lambda x: refused({"unsupported-suite"} | (FORM if x in ([], [""]) else set()),
                                         at(1, lambda obj: obj.update(ciphers=x)), at=1)["code"])


def suites_unknown_before_known():
    for offer in (["NONE", s.ECDHE], ["X", "Y", "Z", s.ECDHE, s.RSA], ["X%d" % i for i in range(80)] + [s.ECDHE]):
        with Member(suites=offer) as c:
            check(c.hs.suite == s.ECDHE)
            c.ping()


def versions():
    for good in ([1], [1, 2], [2, 1], [9007199254740991, 1]):
        with Member(hook=at(1, lambda obj: obj["data"].update(version=good))) as c:
            c.ping()
    return each([(str(v), v) for v in ([2], [0], [2, 3], [])],
                lambda v: refused({"unsupported-version"} | (set() if v else FORM), at(1, lambda obj: obj["data"].update(version=v)), at=1)["code"])


def bad_ids():
    good = s.Identity().id
    p = 2**255 - 19
    ys = [0, 1, p - 1, p, p + 1, 2, 2**255 - 1,
          int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
          int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little")]
    keys = [bytes.fromhex("%064x" % (y | sign << 255))[::-1] for y in ys for sign in (0, 1)]
    off = next(k for k in (bytes([n]) + bytes(31) for n in range(3, 99)) if s.ed25519_point(k) is None)
    loose = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    cases = [("short", good[:-1]), ("long", good + "A"), ("padded", good + "="), ("empty", ""), ("plus", "+" + good[1:]),
             ("slash", "/" + good[1:]), ("space", good[:20] + " " + good[21:]), ("LF", good + "\n"), ("NUL", good[:-1] + "\0"),
             ("loose bits", good[:-1] + loose[loose.index(good[-1]) | 1]), ("off the curve", s.id_of(off)), ("hex", "ab" * 32),
             ("wide letter", good[:-1] + "Ａ"), ("the server's", server.id)]
    cases += [("key %s" % k.hex()[:8], s.id_of(k)) for k in keys]
    return each(cases, lambda x: refused(FORM | {"handshake-failed"}, at(1, lambda obj: obj.update(id=x)), at=1)["code"])


def bad_nonces():
    good = s.b64(os.urandom(32))
    cases = [("31", s.b64(os.urandom(31))), ("33", s.b64(os.urandom(33))), ("none", ""), ("unpadded", good[:-1]),
             ("padded twice", good + "="), ("url alphabet", "-_" + good[2:]), ("space", good[:9] + " " + good[9:]),
             ("LF", good + "\n"), ("loose bits", good[:-2] + {"A": "B"}.get(good[-2], chr(ord(good[-2]) + 1)) + "="), ("stars", "*" * 44)]
    return each(cases, lambda x: refused(FORM | {"handshake-failed"}, at(1, lambda obj: obj["data"].update(nonce=x)), at=1)["code"])


class Forged(s.Handshake):
    """A phase 5 with a key of our making, truly signed, and confirmed under the Z that we hope for."""

    key = staticmethod(lambda hs: (b"", b""))

    def exchange(self):
        return self.key(self)


def forged(make):
    return type("ForgedHere", (Forged,), {"key": staticmethod(make)})


def tlv(tag, body):
    size = bytes([len(body)]) if len(body) < 128 else (bytes([0x81, len(body)]) if len(body) < 256 else b"\x82" + len(body).to_bytes(2, "big"))
    return bytes([tag]) + size + body


P384 = 2**384 - 2**128 - 2**96 + 2**32 - 1
B384 = int("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef", 16)
N384 = int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
GX = int("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7", 16)
GY = int("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f", 16)
EC_OID, P384_OID = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06052b81040022")


def ec_spki(point, curve=P384_OID):
    return tlv(0x30, tlv(0x30, EC_OID + curve) + tlv(3, b"\0" + point))


def explicit_curve():
    def integer(n):
        raw = n.to_bytes(n.bit_length() // 8 + 1, "big")
        return tlv(2, raw)

    prime = tlv(0x30, bytes.fromhex("06072a8648ce3d0101") + integer(P384))
    curve = tlv(0x30, tlv(4, (P384 - 3).to_bytes(48, "big")) + tlv(4, B384.to_bytes(48, "big")))
    base = tlv(4, b"\4" + GX.to_bytes(48, "big") + GY.to_bytes(48, "big"))
    return tlv(0x30, integer(1) + prime + curve + base + integer(N384) + integer(1))


def ecdhe_keys():
    """Each of these keys is truly signed, and the confirm is right if the server would take the key."""

    def own(change):
        def make(hs):
            private = hs.draws.p384()
            point = s.p384_point(private.public_key())
            return change(point), s.ecdh(private, s.p384_of_spki(hs.key4))

        return make

    def order_two(_hs):
        x = os.urandom(48)
        x = b"\0" + x[1:]
        return ec_spki(b"\4" + x + bytes(48)), x

    def p256(_hs):
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        return s.rsa_spki(public), bytes(32)

    def over_p(point):
        return ec_spki(b"\4" + point[1:49] + (int.from_bytes(point[49:], "big") + P384).to_bytes(49, "big")[-48:])

    cases = [("the order-2 point of another curve %d" % i, order_two) for i in range(4)] + [
        ("infinity", lambda hs: (ec_spki(b"\0"), bytes(48))),
        ("zero point", lambda hs: (ec_spki(b"\4" + bytes(96)), bytes(48))),
        ("compressed", own(lambda p: ec_spki(bytes([2 + (p[-1] & 1)]) + p[1:49]))),
        ("hybrid", own(lambda p: ec_spki(bytes([6 + (p[-1] & 1)]) + p[1:]))),
        ("explicit parameters", own(lambda p: ec_spki(p, explicit_curve()))),
        ("bare point", own(lambda p: p)),
        ("a byte after", own(lambda p: ec_spki(p) + b"\0")),
        ("long lengths", own(lambda p: b"\x30\x81\x76" + ec_spki(p)[2:])),
        ("unused bits", own(lambda p: ec_spki(p).replace(b"\x03\x62\x00", b"\x03\x62\x01"))),
        ("no parameters", own(lambda p: tlv(0x30, tlv(0x30, EC_OID) + tlv(3, b"\0" + p)))),
        ("NULL parameters", own(lambda p: ec_spki(p, b"\5\0"))),
        ("y over p", own(over_p)),
        ("y changed", own(lambda p: ec_spki(p[:-1] + bytes([p[-1] ^ 1])))),
        ("short", own(lambda p: ec_spki(p)[:-1])),
        ("empty", lambda hs: (b"", bytes(48))),
        ("P-256", p256),
        ("an RSA key", lambda hs: (tlv(0x30, b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00" + tlv(3, b"\0" + bytes(64))), bytes(32))),
        ("the server's own", lambda hs: (hs.key4, bytes(48))),
        ("the server's own negated", lambda hs: (ec_spki(b"\4" + hs.key4[-96:-48] + (P384 - int.from_bytes(hs.key4[-48:], "big")).to_bytes(48, "big")), bytes(48))),
    ]
    with Member(handshake=forged(own(ec_spki))) as c:
        c.ping()  # the same way with a good key works
    return each(cases, lambda make: refused("handshake-failed", handshake=forged(make), at=5)["code"])


L = 2**252 + 27742317777372353535851937790883648493


def reconfirm(obj, hs, signature):
    obj["data"]["signature"] = s.b64(signature)
    obj["data"]["confirm"] = s.b64(s.hmac(hs.k_init, hs.t + s.sha(hs.key5) + signature))


def signatures_and_confirms():
    """Wrong signatures under a right confirm, wrong confirms under a right signature: one and the same error."""
    other = s.Identity()

    def signed(change):
        def hook(obj, hs):
            good = s.unb64(obj["data"]["signature"])
            reconfirm(obj, hs, change(good, hs))

        return at(5, hook)

    def label(text, key=None):
        return signed(lambda good, hs: (key or hs.me).sign(text + hs.t + s.sha(hs.key5)))

    def confirm(value):
        def hook(obj, hs):
            obj["data"]["confirm"] = value(obj, hs) if callable(value) else value

        return at(5, hook)

    cases = [
        ("a bit", signed(lambda g, _: bytes([g[0] ^ 1]) + g[1:])),
        ("a bit of S", signed(lambda g, _: g[:40] + bytes([g[40] ^ 1]) + g[41:])),
        ("another key", label(b"SIMS/1 initiator", other)),
        ("the responder's label", label(b"SIMS/1 responder")),
        ("no label", label(b"")),
        ("S + L", signed(lambda g, _: g[:32] + (int.from_bytes(g[32:], "little") + L).to_bytes(32, "little"))),
        ("zeros", signed(lambda g, _: bytes(64))),
        ("R = 1, S = 0", signed(lambda g, _: b"\1" + bytes(63))),
        ("the server's signature", signed(lambda g, hs: os.urandom(64))),
        ("confirm zeros", confirm(s.b64(bytes(32)))),
        ("confirm random", confirm(s.b64(os.urandom(32)))),
        ("confirm of the responder", confirm(lambda o, hs: s.b64(s.hmac(hs.k_resp, hs.t + s.sha(hs.key5) + s.unb64(o["data"]["signature"]))))),
        ("confirm 31 bytes", confirm(s.b64(bytes(31)))),
        ("confirm empty", confirm("")),
        ("confirm missing", at(5, lambda o: o["data"].pop("confirm") and None)),
        ("confirm number", confirm(7)),
        ("signature 63 bytes", at(5, lambda o: o["data"].update(signature=s.b64(bytes(63))))),
        ("signature missing", at(5, lambda o: o["data"].pop("signature") and None)),
        ("key not base64", at(5, lambda o: o["data"].update(key="*"))),
        ("key missing", at(5, lambda o: o["data"].pop("key") and None)),
        ("key huge", at(5, lambda o: o["data"].update(key=s.b64(os.urandom(2400))))),
    ]
    seen, bad = {}, []
    for name, hook in cases:
        try:
            e = refused({"handshake-failed"} | FORM, hook, at=5)
            seen.setdefault((e["code"], e["message"]), []).append(name)
        except Failed as f:
            bad.append("%s: %s" % (name, f))
    check(not bad, "; ".join(bad))
    check({code for code, _ in seen} == {"handshake-failed"}, "section 3: all failures after phase 4 give handshake-failed; got %s" % seen)
    check(len(seen) == 1, "told apart by the message: %s" % seen)
    return next(iter(seen))[1]


def rsa_ciphertexts():
    """Every wrong ciphertext is told like a wrong confirm, word for word."""

    def n_of(hs):
        return s.rsa_of_spki(hs.key4).public_numbers().n

    def flipped(hs):
        c = bytearray(hs.draws.oaep(s.rsa_of_spki(hs.key4), bytes(32)))
        c[100] ^= 1
        return bytes(c), bytes(32)

    cases = [
        ("wrong confirm", None),
        ("flipped bit", flipped),
        ("511 bytes", lambda hs: (os.urandom(511), bytes(32))),
        ("c = n", lambda hs: (n_of(hs).to_bytes(512, "big"), bytes(32))),
        ("empty", lambda hs: (b"", bytes(32))),
        ("31 bytes inside", lambda hs: (s.rsa_of_spki(hs.key4).encrypt(bytes(31), s.OAEP), bytes(31))),
    ]
    seen = {}
    for name, make in cases:
        hook = at(5, lambda o: o["data"].update(confirm=s.b64(bytes(32)))) if make is None else None
        e = refused("handshake-failed", hook, (s.RSA,), handshake=forged(make) if make else s.Handshake, at=5)
        seen.setdefault((e["code"], e["message"]), []).append(name)
    check(len(seen) == 1, seen)
    return "%d cases, one answer" % len(cases)


def replayed_phase5():
    """All that an earlier login sent, against new nonces; the phase 5 alone, too."""
    kept, me, name = {}, s.Identity(), fresh("victim")

    def keep(phase, obj, _hs):
        kept[phase] = s.dump(obj)
        return obj

    c = s.Client(server.address, name, me, (s.ECDHE,), hook=keep)
    c.close()
    for phases in ((1, 3, 5), (5,)):
        refused("handshake-failed", lambda phase, obj, hs, p=phases: kept[phase] if phase in p else obj, me=me, name=name, at=5)


def transcript_is_bound():
    """A field that the server ignores, told differently to the signature: the transcript differs."""

    def hook(phase, obj, hs):
        if phase != 1:
            return obj
        raw = s.dump({**obj, "x": 1})
        hs.t = s.sha(hs.t)  # whatever we hash, it isn't what the server got
        return raw

    class Deaf(s.Handshake):
        """Does not mind that phase 4 is signed over another transcript."""

        def _phase4(self, raw, data, ciphers):
            self.key4 = s.unb64(data["key"])
            self._absorb(raw)
            self.key5, z = self.exchange()
            signature = self.me.sign(b"SIMS/1 initiator" + self.t + s.sha(self.key5))
            self._master(z)
            confirm = s.hmac(self.k_init, self.t + s.sha(self.key5) + signature)
            self.expect = 6
            return self._send(5, {"key": s.b64(self.key5), "signature": s.b64(signature), "confirm": s.b64(confirm)})

    return refused("handshake-failed", hook, handshake=Deaf, at=5)["code"]


# --- names ------------------------------------------------------------------------------------------------


def invalid_names():
    bad = ["Bob", "", "a" * 33, ".bob", "-bob", "_bob", "bob ", " bob", "b b", "bоb", "bo\u200db", "bob\n", "bob\0", "\u202ebob",
           "bob/", "b@b", "ＢOB", "bób", "b\\b", "b\"b", "бob", "a" * 1000, "\x1b[31mbob", "bob\r", "١"]
    got = each([(repr(n), n) for n in bad], lambda n: refused("name-invalid", at(1, lambda o: o.update(name=n)))["code"])
    for good in ("0", "a" * 32, "x.y_z-", "9..", "bob."):
        login(server, good).close()
    return got


def name_taken_and_id_taken():
    me, name = s.Identity(), fresh("owner")
    login(server, name, me).close()
    first_ = refused("name-taken", name=name)
    second = refused("id-taken", me=me, name=fresh("alias"))
    with Member() as c:
        c.ping()
    login(server, name, me).close()
    return "%s; %s" % (first_["message"], second["message"])


def name_race():
    """Two ids claim one name at once: one wins, and the name is its."""
    for _ in range(5):
        name, results, gate = fresh("race"), [], threading.Barrier(4)

        def claim(me, name=name, results=results, gate=gate):
            c = s.Client(server.address, name, me, (s.ECDHE,), login=False)
            c.hs.hook = lambda phase, obj, hs: (phase == 5 and gate.wait(10), obj)[1]
            try:
                c.login()
                results.append(me)
                c.ping()
            except s.RemoteError as e:
                results.append(e.code)
            except Exception as e:
                results.append(repr(e))
            finally:
                c.close()

        threads = [threading.Thread(target=claim, args=(s.Identity(),)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(15)
        winners = [r for r in results if isinstance(r, s.Identity)]
        check(len(winners) == 1 and sorted(r for r in results if r not in winners) == ["name-taken"] * 3, results)
        refused("name-taken", name=name)
        login(server, name, winners[0]).close()


def second_login_replaces():
    me, name = s.Identity(), fresh("twice")
    a = login(server, name, me)
    b = login(server, name, me)
    try:
        told = secure_end(a)
        b.ping()
        check([e["id"] for e in b.list(match=name)["data"]] == [me.id])
        return "first told: %s, %s" % (told["code"], told["message"])
    finally:
        a.close()
        b.close()


# --- SECURE (4) -------------------------------------------------------------------------------------------

PING = b'{"type":"ping"}'


def token_bytes_flipped():
    """Every byte of a token, one bit of it: the HMAC refuses."""

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
    with Member() as c:  # the server's own frame back to it; the keys of the directions differ
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
    """Message 100 under the keys of epoch 0."""

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
    """connect or secure inside SECURE: an unknown type there, or the end; never a new login."""
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
    """What is inside SECURE is as strict; the connection ends or the message is refused."""
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
        # The page sets no limit to the members of an object but the frame's size: either is safe.
        c.send(many(4000))
        try:
            c.ping()
            note = "taken"
        except s.Closed:
            note = next(x["code"] for x in c.inbox if x["type"] == "error")
    return "%s; 4,000 members: %s" % (got, note)


def message_fields():
    """Missing or wrongly typed fields of the known types."""
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


# --- relaying ---------------------------------------------------------------------------------------------


def forwardable(kind, src, dst):
    sub = {"type": kind, "src": src, "dst": dst}
    if kind == "client-connect":
        return {**sub, "phase": 1, "ciphers": [s.ECDHE], "data": {"name": "mallory", "version": [1], "nonce": s.b64(bytes(32))}}
    if kind == "client-com":
        return {**sub, "id": 0, "ratchet": {"epoch": 0, "pn": 0, "n": 0}, "verification": s.b64(bytes(32)), "data": "x"}
    if kind == "ack":
        return {**sub, "id": 0, "data": s.b64(bytes(32)), "verification": s.b64(bytes(32))}
    return {**sub, "data": {"reason": "x"}, "verification": s.b64(bytes(32))}


FORWARDED = ("client-connect", "client-com", "ack", "client-disconnect")


def spoofed_src():
    with Member() as victim, Member() as friend:
        victim.answer = False

        def spoof(case):
            kind, src = case
            sub = forwardable(kind, src, victim.id)
            if src is None:
                del sub["src"]
            return ended(lambda c: c.send(sub), "bad-message")

        cases = [("%s as %s" % (k, str(x)[:4]), (k, x)) for k in FORWARDED for x in (friend.id, victim.id, "", server.id, None, 7)]
        got = each(cases, spoof)
        dup = s.dump(forwardable("client-com", friend.id, victim.id))
        ended(lambda c: c.send(dup[:-1] + b',"src":"' + c.id.encode() + b'"}'), FORM)
        victim.ping()
        came = [x for x in victim.inbox if "src" in x]
        check(not came, "reached the victim: %s" % came)
        return got


def unknown_destinations():
    offline = s.Identity()
    login(server, fresh("gone"), offline).close()
    notes = {}
    with Member() as c:
        for kind in FORWARDED:
            for label, dst in (("never seen", s.Identity().id), ("offline", offline.id), ("server", server.id)):
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
                c.until(lambda: c.acked >= seq or c.inbox, 5)
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
            got = c.until(lambda: next((x for x in c.inbox if x["type"] == "error" or x.get("event") == "snapshot"), None), 5)
            what = got.get("code") or "%d entries" % len(got["data"])
            if got["type"] == "list" and "match" in sub:
                check(all(e["name"].startswith(sub["match"]) for e in got["data"]), "match %r: %s" % (sub, got["data"][:2]))
            notes.append("%s: %s" % (list(sub.values())[0][:6].encode("unicode_escape").decode(), what))
    with Member() as c:
        whole = len(c.list(limit=300)["data"])
        check(whole >= 2)
        for limit in (0, 301, 2**53 - 1):
            c.send({"type": "list", "limit": limit})
            got = c.until(lambda: next((x for x in c.inbox if x["type"] == "error" or x.get("event") == "snapshot"), None), 5)
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


# --- the client -------------------------------------------------------------------------------------------


def resigned(make):
    """A phase 4 with another key, truly signed."""

    def hook(obj, hs):
        key = make(hs)
        obj["data"]["key"] = s.b64(key)
        obj["data"]["signature"] = s.b64(hs.me.sign(b"SIMS/1 responder" + hs.t + s.sha(key)))

    return at(4, hook)


def sims_refuses_bad_responders():
    """sims calls peers that cheat: it must not send them the message, nor say that it was delivered."""
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
    interop.server = server
    with Member("knows-nobody") as guide:
        return _cheat(cases, pooled, guide)


def _cheat(cases, pooled, guide):
    running = []
    try:
        for label, suite, make in cases:
            c = login(server, fresh("cheat"), draws=pooled)
            c.first = None
            home = interop.Home(fresh("honest"))
            c.session_hook = _first_seen(c, make(c))
            # All log in with ECDHE (the default prefers it); the peer's accepted suites decide the call's.
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
                    pass  # what an honest responder would say of the answer
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
    """The hook, with what the caller's phase 1 said at hand."""
    take = c._take

    def keep(sub, plain):
        if sub.get("type") == "client-connect" and sub.get("phase") == 1:
            c.first = sub
        take(sub, plain)

    c._take = keep
    return hook


def sims_refuses_bad_initiators():
    """Cheats call sims; none gets a session, and an honest one does afterwards."""

    def mirrored(hs):
        return hs.key4, bytes(48)

    keys = [("key mirrored", mirrored), ("infinity", lambda hs: (ec_spki(b"\0"), bytes(48))),
            ("zero point", lambda hs: (ec_spki(b"\4" + bytes(96)), bytes(48)))]
    hooks = [("confirm", at(5, lambda o: o["data"].update(confirm=s.b64(bytes(32))))),
             ("signature", at(5, lambda o, hs: reconfirm(o, hs, bytes(64)))),
             ("suite changed", at(3, lambda o: o.update(ciphers=[s.RSA]))),
             ("NONE", at(1, lambda o: o.update(ciphers=["NONE"]))),
             ("version 2", at(1, lambda o: o["data"].update(version=[2])))]
    interop.server = server
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
    """A caller who claims another's name in phase 1: refused, or shown under the name that the server has for its id."""
    interop.server = server
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


# --- floods -----------------------------------------------------------------------------------------------


def quick(what="login"):
    """A login beside the attack takes under a second (the best of three: the machine may be busy)."""
    times = []
    for _ in range(3):
        begin = time.monotonic()
        with Member("quick", suites=[s.ECDHE]) as c:
            c.ping()
        times.append(time.monotonic() - begin)
        if times[-1] < 1:
            return "%s in %d ms" % (what, times[-1] * 1000)
    raise Failed("%s took %s s" % (what, times))


def slow_loris():
    wires = [s.Wire(server.address) for _ in range(200)]
    try:
        half = s.dump(phase1())[:60]
        for w in wires:
            w.write(half)
        return quick()
    finally:
        for w in wires:
            w.close()


def aborted_connections():
    """Reset in the middle of everything."""
    for n in range(60):
        wire = s.Wire(server.address)
        if n % 3:
            wire.write_line(s.dump(phase1()))
        if n % 3 == 2:
            wire.read_line()
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.close()
    return quick()


def half_closed():
    """A client that shuts down its sending side: its last ping may be answered; then the end."""
    with Member() as c:
        c.send(PING)
        c.wire.sock.shutdown(socket.SHUT_WR)
        try:
            while True:
                c.pump(5)
        except s.Closed:
            pass


def ack_flood():
    with Member() as c:
        ack = {"type": "ack", "name": c.name, "id": 0}
        lines = [c.out.seal(s.dump(ack)) for _ in range(3000)]
        try:
            c.wire.write(b"\n".join(lines) + b"\n")
            before = len(c.acks)
            c.ping()
            check(len(c.acks) - before == 1, "acks of acks")
            note = "taken"
        except s.Closed:
            note = "closed: %s" % [x.get("code") for x in c.inbox]
    return note + ", " + quick()


def ping_flood():
    """As fast as we can; limited or served, the others don't notice."""
    with Member() as c:
        lines = [c.out.seal(PING) for _ in range(6000)]
        flood = threading.Thread(target=lambda: _quietly(c.wire.write, b"\n".join(lines) + b"\n"))
        flood.start()
        note = quick()
        end = time.monotonic() + 8
        try:
            while c.acked < 5999 and time.monotonic() < end:
                c.pump(8)
            state = "all taken with %d acks" % len(c.acks)
        except s.Closed:
            state = "closed"
        except s.Late:
            state = "no answer any more"
        flood.join(10)
        codes = sorted({x["code"] for x in c.inbox if x["type"] == "error"})
        check(state != "no answer any more", "%s %s" % (state, codes))
        return "%s %s, %s" % (state, codes, note)


def _quietly(call, *args):
    try:
        call(*args)
    except (s.Closed, s.Late):
        pass


def slow_reader():
    """A client that never reads while another floods it."""
    before = server.memory()
    with Member("sleeper") as sleeper, Member("flooder") as a, Member("friend") as friend:
        sub = {**forwardable("client-com", a.id, sleeper.id), "data": "x" * 44000}
        told, sent, top, end = None, 0, 0, time.monotonic() + 15
        while not told and sent < 600 and time.monotonic() < end:
            a.send(sub)
            sent += 1
            try:
                a.pump(0.001)
            except s.Late:
                pass
            told = next((x for x in a.inbox if x["type"] == "error"), None)
            top = max(top, server.memory())
            if sent % 50 == 0:
                friend.ping(3)
        check(told, "not told after %d messages" % sent)
        check(told["code"] in ("not-connected", "rate-limited", "busy"), told)
        check(top - before < 32 << 20, "memory grew by %d KiB" % ((top - before) >> 10))
        friend.ping(3)
        return "%s after %d messages, memory +%d KiB, %s" % (told["code"], sent, (top - before) >> 10, quick())


def rsa_flood():
    """Handshakes left after phase 4: RSA gets busy, the other suite goes on."""
    codes, wires = [], []
    for _ in range(60):  # the pool has 32 keys, and makes a few a second
        hs = s.Handshake("client-server", True, s.Identity(), fresh(), [s.RSA])
        wire = s.Wire(server.address)
        wires.append(wire)
        wire.write_line(hs.start())
        wire.write_line(hs.feed(wire.read_line()))
        codes.append(s.parse(wire.read_line()).get("code", "served"))
    note = quick()
    for wire in wires:
        wire.close()
    check(set(codes) <= {"served", "busy", "rate-limited"} and codes[-1] != "served", codes)
    return "%d served, then %s; %s" % (codes.count("served"), sorted(set(codes) - {"served"}), note)


def limits_of_another_server():
    """A short handshake deadline, few connections an address, registration closed."""
    other = Server("--suites", "ecdhe", config="[limits]\nhandshake-seconds = 1\nconnections-per-address = 10\n")
    try:
        wires = [s.Wire(other.address) for _ in range(10)]
        wires[0].write(b"{")
        over = s.Wire(other.address)
        busy = clear_end(over, "busy")["code"]
        begin = time.monotonic()
        ends = [clear_end(w, timeout=6)["code"] for w in wires]
        took = time.monotonic() - begin
        check(took < 5, "deadline after %.1f s" % took)
        c = login(other, "after")
        time.sleep(1.5)
        c.ping()
        c.close()
    finally:
        check(other.stop() == 0)
    closed = Server("--suites", "ecdhe", "--registration", "closed")
    try:
        c = s.Client(closed.address, "new", login=False, suites=[s.ECDHE])
        try:
            c.login()
            raise Failed("registered")
        except s.RemoteError as e:
            check(e.code == "not-registered", e.code)
        finally:
            c.close()
        c = s.Client(closed.address, "new", login=False, suites=[s.RSA])
        try:
            c.login()
            raise Failed("RSA")
        except s.RemoteError as e:
            check(e.code == "unsupported-suite", e.code)
        finally:
            c.close()
    finally:
        check(closed.stop() == 0)
    return "over the limit: %s; deadline: %s" % (busy, sorted(set(ends)))


def log_is_clean():
    """attack 40: what all this left in the log: printable lines of the server's own form, no keys, not one a message."""
    bad = [x for x in server.log if not re.fullmatch(r"simsd: [\x20-\x7e]*", x)]
    check(not bad, bad[:3])
    check(not [x for x in server.log if "gAAAA" in x], "a token in the log")
    return "%d lines" % len(server.log)


def memory_after_all():
    if os.environ.get("VARIANT") in ("asan", "tsan"):
        raise Skipped("a sanitizer keeps freed memory")
    grown = server.memory() - started
    check(grown < 32 << 20, "%d KiB" % (grown >> 10))
    return "+%d KiB" % (grown >> 10)


TESTS = [
    frame_4096_accepted_4097_refused, no_newline, secure_65536_accepted_65537_refused, secure_no_newline, not_json, invalid_utf8,
    duplicate_keys, depth, numbers, lone_surrogates, missing_or_mistyped_fields, empty_lines_accepted, one_byte_at_a_time,
    several_frames_in_one_write, phases_out_of_order, fields_changed_between_phases, suites_not_supported,
    suites_unknown_before_known, versions, bad_ids, bad_nonces, ecdhe_keys, signatures_and_confirms, rsa_ciphertexts,
    replayed_phase5, transcript_is_bound, invalid_names, name_taken_and_id_taken, name_race, second_login_replaces,
    token_bytes_flipped, token_forms, token_right_mac_wrong_inside, foreign_iv, wrong_places, old_epoch_keys, times_accepted,
    clear_after_handshake, handshake_again_inside, unknown_types, error_is_not_answered, bad_inside, message_fields, spoofed_src,
    unknown_destinations, malformed_destinations, destination_self, list_arguments,
    sims_refuses_bad_responders, sims_refuses_bad_initiators, sims_shows_no_false_name, slow_loris, aborted_connections, half_closed,
    ack_flood, ping_flood, slow_reader, rsa_flood, limits_of_another_server, log_is_clean, memory_after_all,
]
started = 0


def guarded(test):
    """The case, then the bystander's round trip."""

    def both():
        try:
            return test()
        finally:
            check(server.process.poll() is None, "simsd died with %s" % server.process.returncode)
            bystander.inbox.clear()
            bystander.ping(5)

    return test.__name__, both


def main():
    global server, bystander, started
    server = Server("--log-level", "debug")
    try:
        bystander = login(server, "bystander")
        started = server.memory()
        status = run([guarded(t) for t in TESTS])
    finally:
        code = server.stop()
    if code != 0:
        print("FAIL stop: simsd ended with %d" % code)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
