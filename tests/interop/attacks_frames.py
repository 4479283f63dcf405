"""Attacks: frames (section 1 of sims-protocol(7))."""

import json

import simspy as s
from attacks import FORM, Member, at, each, ended, first, fresh, line, phase1, refused, text1, world
from checks import check


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
    before = world.server.memory()
    code = first(b"{" + b" " * (1 << 20), {"too-large", "bad-frame"})
    check(world.server.memory() - before < 8 << 20, "memory grew")
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
    before = world.server.memory()
    code = ended(lambda c: c.wire.write(b'{"type":"' + b"x" * (2 << 20)), {"too-large", "bad-frame"})
    check(world.server.memory() - before < 8 << 20, "memory grew")
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
    c = s.Client(world.server.address, fresh(), login=False)
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

    c = s.Client(world.server.address, fresh(), login=False)
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


TESTS = [
    frame_4096_accepted_4097_refused, no_newline, secure_65536_accepted_65537_refused, secure_no_newline, not_json,
    invalid_utf8, duplicate_keys, depth, numbers, lone_surrogates, missing_or_mistyped_fields, empty_lines_accepted,
    one_byte_at_a_time, several_frames_in_one_write,
]
