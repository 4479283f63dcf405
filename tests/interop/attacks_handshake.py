"""Attacks: the handshake (section 3 of sims-protocol(7))."""

import json
import os

import simspy as s
from attacks import FORM, Member, at, each, first, forged, fresh, line, phase1, refused, tlv, world
from checks import Failed, check
from cryptography.hazmat.primitives.asymmetric import ec


def phases_out_of_order():
    def start_with(phase):
        return first(line(phase1(), phase=phase), FORM | {"handshake-failed"})

    def then(frames):
        """Sends phase 1, takes its answer, then sends a wrong frame."""
        hs = s.Handshake("client-server", True, s.Identity(), fresh(), [s.ECDHE])
        wire = s.Wire(world.server.address)
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
             ("wide letter", good[:-1] + "Ａ"), ("the server's", world.server.id)]
    cases += [("key %s" % k.hex()[:8], s.id_of(k)) for k in keys]
    return each(cases, lambda x: refused(FORM | {"handshake-failed"}, at(1, lambda obj: obj.update(id=x)), at=1)["code"])


def bad_nonces():
    good = s.b64(os.urandom(32))
    cases = [("31", s.b64(os.urandom(31))), ("33", s.b64(os.urandom(33))), ("none", ""), ("unpadded", good[:-1]),
             ("padded twice", good + "="), ("url alphabet", "-_" + good[2:]), ("space", good[:9] + " " + good[9:]),
             ("LF", good + "\n"), ("loose bits", good[:-2] + {"A": "B"}.get(good[-2], chr(ord(good[-2]) + 1)) + "="), ("stars", "*" * 44)]
    return each(cases, lambda x: refused(FORM | {"handshake-failed"}, at(1, lambda obj: obj["data"].update(nonce=x)), at=1)["code"])


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
    """Each of these keys is genuinely signed, and the confirm would be right if the server took the key."""

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
        c.ping()  # a good key works
    return each(cases, lambda make: refused("handshake-failed", handshake=forged(make), at=5)["code"])


L = 2**252 + 27742317777372353535851937790883648493


def reconfirm(obj, hs, signature):
    obj["data"]["signature"] = s.b64(signature)
    obj["data"]["confirm"] = s.b64(s.hmac(hs.k_init, hs.t + s.sha(hs.key5) + signature))


def signatures_and_confirms():
    """Wrong signatures under a right confirm and wrong confirms under a right signature give the same error."""
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
    """Every wrong ciphertext gives the same error as a wrong confirm, word for word."""

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
    """The frames of an earlier login are refused under new nonces, also its phase 5 alone."""
    kept, me, name = {}, s.Identity(), fresh("victim")

    def keep(phase, obj, _hs):
        kept[phase] = s.dump(obj)
        return obj

    c = s.Client(world.server.address, name, me, (s.ECDHE,), hook=keep)
    c.close()
    for phases in ((1, 3, 5), (5,)):
        refused("handshake-failed", lambda phase, obj, hs, p=phases: kept[phase] if phase in p else obj, me=me, name=name, at=5)


def transcript_is_bound():
    """A signature over another value of a field that the server ignores is refused: the transcript differs."""

    def hook(phase, obj, hs):
        if phase != 1:
            return obj
        raw = s.dump({**obj, "x": 1})
        hs.t = s.sha(hs.t)  # any hash that is not of the bytes that the server got
        return raw

    class Deaf(s.Handshake):
        """Accepts a phase 4 that is signed over another transcript."""

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


TESTS = [
    phases_out_of_order, fields_changed_between_phases, suites_not_supported, suites_unknown_before_known, versions,
    bad_ids, bad_nonces, ecdhe_keys, signatures_and_confirms, rsa_ciphertexts, replayed_phase5, transcript_is_bound,
]
