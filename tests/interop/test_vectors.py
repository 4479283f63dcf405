#!/usr/bin/env python3
"""simspy against the known answers in tests/vectors/sims, in both directions."""

import json
import os
import sys

import simspy as s
from checks import TOP, check, run
from cryptography.hazmat.primitives import serialization

FOLDER = os.path.join(os.environ.get("SIMS_VECTORS") or os.path.join(TOP, "tests", "vectors"), "sims")


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return json.load(f)


def oaep(key, message, seed):
    """RFC 8017 section 7.1.1 with SHA-256, an empty label and this seed."""

    def mgf1(data, size):
        return b"".join(s.sha(data + s.u32(i)) for i in range(-(-size // 32)))[:size]

    def xor(a, b):
        return bytes(x ^ y for x, y in zip(a, b))

    size = (key.n.bit_length() + 7) // 8
    block = s.sha(b"") + bytes(size - len(message) - 66) + b"\x01" + message
    block = xor(block, mgf1(seed, len(block)))
    padded = bytes(1) + xor(seed, mgf1(block, 32)) + block
    return pow(int.from_bytes(padded, "big"), key.e, key.n).to_bytes(size, "big")


class Known(s.Draws):
    """One party's fixed secrets."""

    def __init__(self, vector, role):
        self.v, self.mine = vector, vector[role]
        self.ratchets = iter(vector.get("ratchet_privates", {}).get(role, []))
        self.seeds, self.zs, self.pems = [vector["initiator"].get("oaep_seed")], [vector["Z"]], [vector["responder"].get("rsa_private_pem")]
        for step in vector.get("steps", []):
            if step["do"] == "rekey":
                self.seeds.append(step["oaep_seed"])
                self.zs.append(step["Z"])
                self.pems.append(step["rsa_private_pem"])

    def nonce(self):
        return bytes.fromhex(self.mine["nonce"])

    def p384(self):
        return s.p384_from(int(self.mine["p384_private"], 16))

    def ratchet(self):
        return s.p384_from(int(next(self.ratchets), 16))

    def rsa(self):
        return serialization.load_pem_private_key(self.pems.pop(0).encode(), None)

    def z(self):
        return bytes.fromhex(self.zs.pop(0))

    def oaep(self, public, z):
        return oaep(public.public_numbers(), z, bytes.fromhex(self.seeds.pop(0)))

    def now(self):
        return self.v["token_time"]


def party(vector, role):
    me = s.Identity(bytes.fromhex(vector[role]["ed25519_seed"]))
    check(me.id == vector[role]["id"], "id")
    return me


def offer(vector):
    return json.loads(vector["frames"][0])["ciphers"]


def same_frames(vector, i, r):
    out, side = i.start(), [r, i]
    for n, frame in enumerate(vector["frames"]):
        check(out == frame.encode(), "phase %d:\n%s\n%s" % (n + 1, out, frame))
        out = side[n % 2].feed(out)
        if isinstance(out, list):
            out = out[0] if out else None
    check(out is None)


def same_secrets(vector, hs):
    check([t.hex() for t in hs.history] == vector["transcript"], "transcript")
    for name, value in (("Z", hs.z), ("otherinfo", hs.otherinfo), ("K", hs.k), ("k_init", hs.k_init), ("k_resp", hs.k_resp)):
        check(value.hex() == vector[name], name)


def connect(name):
    v = load(name)
    suites = offer(v)
    i = s.Handshake("client-server", True, party(v, "initiator"), v["initiator"]["name"], suites, draws=Known(v, "initiator"))
    r = s.Handshake("client-server", False, party(v, "responder"), v["responder"]["name"], draws=Known(v, "responder"))
    same_frames(v, i, r)
    for hs in (i, r):
        same_secrets(v, hs)
    for key, label in (("client_to_server", "SIMS/1 client to server"), ("server_to_client", "SIMS/1 server to client")):
        out, back = s.Direction(i.k, label), s.Direction(r.k, label)
        for want in v[key]:
            while out.seq < want["seq"]:
                back.open(out.seal(b"{}"))
            frame = out.seal(want["plaintext"].encode(), v["token_time"])
            check(frame == want["frame"].encode(), "%s %d" % (key, want["seq"]))
            check(back.open(want["frame"].encode()) == want["plaintext"].encode())
            if "chain" in want:
                check((out.chain.hex(), out.signing.hex(), out.encryption.hex(), out.iv(want["seq"]).hex())
                      == (want["chain"], want["signing"], want["encryption"], want["iv"]), "epoch keys")


def conversation(name):
    v = load(name)
    me = {role: party(v, role) for role in ("initiator", "responder")}
    both = {
        role: s.Session(role == "initiator", me[role], v[role]["name"], me[other].id, offer(v), Known(v, role))
        for role, other in (("initiator", "responder"), ("responder", "initiator"))
    }
    i, r = both["initiator"], both["responder"]
    same_frames(v, i, r)
    check(i.up and r.up)
    for end in (i, r):
        same_secrets(v, end.hs)
        check(end.root.hex() == v.get("root_key", end.root.hex()), "root")
    messages, rekeys = {}, 0
    for step in v["steps"]:
        if step["do"] == "send":
            raw = both[step["from"]].send({"kind": "text", "uid": step["uid"], "body": step["body"], "sent": step["sent"]})
            check(raw == step["message"].encode(), "message %s:\n%s\n%s" % (step["name"], raw.decode(), step["message"]))
            messages[step["name"]] = step["from"], raw
        elif step["do"] == "receive":
            to, (by, raw) = both[step["by"]], messages[step["name"]]
            out = to.feed(raw)
            check(to.inbox and to.inbox[-1][2] == step["plaintext"].encode(), "plaintext of %s; %s" % (step["name"], to.faults))
            check(out == [step["ack"].encode()], "ack of %s" % step["name"])
            check(to.feed(raw) == out, "ack of a second copy")
            both[by].feed(out[0])
            check(to.inbox[-1][0] in both[by].delivered, "delivered; %s" % both[by].faults)
        else:
            frames = [r.hs.phase4()]
            frames += i.feed(frames[0])
            frames += r.feed(frames[1])
            check(i.feed(frames[2]) == [])
            check(frames == [f.encode() for f in step["frames"]], "frames of the re-key")
            for end in (i, r):
                check(end.hs.k.hex() == step["K"] and end.ratchet.rk.hex() == step["root_key"], "keys of the re-key")
                check([t.hex() for t in end.hs.history[-3:]] == step["transcript"], "transcript of the re-key")
            rekeys += 1
    check(rekeys == (1 if "rsa" in name else 0))


def safety():
    cases = load("safety-number.json")["cases"]
    for case in cases:
        check(s.safety_number(case["a"], case["b"]) == case["number"], "number")


def refuse():
    v = load("client-refuse.json")
    me, call = party(v, "responder"), s.sha(v["call"].encode())
    obj = json.loads(v["refuse"])
    check(s.refusal(me, obj["dst"], call, obj["code"]) == v["refuse"].encode(), "refusal")
    check(s.check_refusal(obj, me.id, call) == obj["code"])


def tampered():
    """Every flipped bit of a message is refused, and changes nothing."""
    v = load("client-connect-ecdhe.json")
    a, b = s.Identity(), s.Identity()
    i = s.Session(True, a, "alice", b.id)
    r = s.Session(False, b, "bob", a.id)
    side, out = [r, i], i.start()
    for n in range(6):
        (out,) = side[n % 2].feed(out) or [None]
    good = i.text("hello")
    obj = json.loads(good)
    for key in ("src", "dst", "verification", "data", "id", "ratchet"):
        bad = dict(obj)
        if key == "id":
            bad[key] += 1
        elif key == "ratchet":
            bad[key] = {**bad[key], "pn": 1}
        else:
            text = bad[key]
            bad[key] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
        check(not r.feed(s.dump(bad)) and r.faults and not r.inbox, key)
        r.faults.clear()
    check(len(r.feed(good)) == 1 and not r.feed(v["steps"][0]["message"].encode()))


class OnePrekey(s.Draws):
    """The fixed private half of one prekey."""

    def __init__(self, vector):
        self.v = vector

    def p384(self):
        return s.p384_from(int(self.v["p384_private"], 16))

    def rsa(self):
        return serialization.load_pem_private_key(self.v["rsa_private_pem"].encode(), None)


class OneLetter(s.Draws):
    """The fixed secrets of one mail session's sender."""

    def __init__(self, vector, session):
        self.v, self.session = vector, session

    def nonce(self):
        return bytes.fromhex(self.session["nonce"])

    def p384(self):
        return s.p384_from(int(self.session["p384_private"], 16))

    def z(self):
        return bytes.fromhex(self.session["Z"])

    def oaep(self, public, z):
        return oaep(public.public_numbers(), z, bytes.fromhex(self.session["oaep_seed"]))

    def now(self):
        return self.v["token_time"]


def mail_owner(v):
    """The owner of the prekeys of a vector, each made again from its private half."""
    owner = s.Owner(party(v, "owner"))
    for one in v["prekeys"]:
        want = one["prekey"]
        made = s.Prekey(owner.me, v["suite"], want["use"], want["expires"], want["number"], OnePrekey(one))
        check(made.signed.hex() == one["signed"] and s.dump(made.public) == s.dump(want), "prekey " + want["number"])
        s.check_prekey(want, owner.me.id, [v["suite"]], v["now"])
        owner.prekeys[made.number] = made
    return owner


def mail_senders(v):
    """Each session of a vector with its letters, written again in the order of their ids."""
    keys = {one["prekey"]["number"]: one["prekey"] for one in v["prekeys"]}
    for want in v["sessions"]:
        out = s.MailSession(party(v, "sender"), v["owner"]["id"], keys[want["prekey"]], OneLetter(v, want))
        o = out.opening
        for name, value in (("tm", o.tm), ("Z", o.z), ("otherinfo", o.otherinfo), ("K", o.k), ("chain", o.chain)):
            check(value.hex() == want[name], name)
        for letter in sorted(want["letters"], key=lambda x: x["order"]):
            raw = out.letter_raw(letter["plaintext"].encode())
            check(raw == letter["letter"].encode(), "letter:\n%s\n%s" % (raw.decode(), letter["letter"]))
        yield out, want


def raises(act):
    try:
        act()
    except s.Fault as e:
        return str(e)
    return None


def mail(name):
    """Prekeys, letters and receipts byte for byte, in both directions."""
    v = load(name)
    owner, count = mail_owner(v), 0
    for out, want in mail_senders(v):
        for letter in want["letters"]:
            raw = letter["letter"].encode()
            receipt = owner.open(raw)
            count += 1
            check(owner.letters[-1][2] == letter["plaintext"].encode(), "plaintext")
            check(receipt == letter["receipt"].encode() and owner.open(raw) == receipt, "receipt")
            check(len(owner.letters) == count, "opened twice")
            out.feed(json.loads(receipt))
            check(letter["order"] in out.delivered and raises(lambda: out.feed(json.loads(receipt))), "delivered")
    check(count == 3 * len(v["sessions"]))
    once = {one["prekey"]["number"] for one in v["prekeys"] if one["prekey"]["use"] == "once"}
    check(set(owner.used) == once and not once & set(owner.prekeys), "private halves")


def mail_refused(name):
    """What is to be refused changes nothing: the genuine letters still open."""
    v = load(name)
    owner, why = mail_owner(v), {}
    for bad in v["prekeys_refused"]:
        why["prekey: " + bad["why"]] = raises(lambda: s.check_prekey(bad["prekey"], v["owner"]["id"], [v["suite"]], v["now"]))
    for bad in v["refused"]:
        why[bad["why"]] = raises(lambda: owner.open(bad["letter"].encode()))
    check(not owner.letters and not owner.sessions and len(owner.prekeys) == len(v["prekeys"]), "changed")
    for _, want in mail_senders(v):
        for letter in want["letters"]:
            owner.open(letter["letter"].encode())
    check(all(why.values()), [k for k, x in why.items() if not x])
    # With the sessions there, a copy of an opened letter gets its receipt again, whatever else was altered.
    known = dict(owner.receipts)
    for bad in v["refused"]:
        obj = json.loads(bad["letter"])
        have = obj["src"], obj["ratchet"]["prekey"], s.unb64(obj["ratchet"]["nonce"]), obj["id"], s.sha(obj["data"].encode())
        if have in known:
            check(owner.open(bad["letter"].encode()) == known[have], bad["why"])
        else:
            check(raises(lambda: owner.open(bad["letter"].encode())), bad["why"])
    second = v["second_opener"]
    check(raises(lambda: owner.open(second["letter"].encode())) == "used prekey", second["why"])
    check(len(owner.letters) == 3 * len(v["sessions"]))
    return str(why)


def mail_unopened(name):
    v = load(name)
    want, letter = v["unopened"]["receipt"], json.loads(v["unopened"]["letter"])
    digest = s.sha(letter["data"].encode())
    check(s.unopened(party(v, "owner"), v["sender"]["id"], digest) == want.encode(), "unopened")
    out = next(o for o, w in mail_senders(v) if w["prekey"] == letter["ratchet"]["prekey"])
    out.feed(json.loads(want))
    check(out.unopened == {letter["id"]})
    for wrong in ({"dst": s.Identity().id}, {"signature": s.b64(bytes(64))}, {"data": s.b64(bytes(32))}, {"unopened": False}):
        check(raises(lambda: out.feed({**json.loads(want), **wrong})), wrong)


def mail_tampered():
    """attack 46: each altered field of a letter or receipt is refused, and the genuine ones are still taken."""
    a, b = s.Identity(), s.Identity()
    owner = s.Owner(b)
    out = s.MailSession(a, b.id, owner.make())
    other = s.MailSession(s.Identity(), b.id, owner.make())
    good = out.text("hello")
    obj, foreign = json.loads(good), json.loads(other.text("other"))
    changes = [{k: foreign[k]} for k in ("src", "verification", "data", "ratchet")] + [{"id": 1}, {"dst": a.id}]
    changes += [{"ratchet": {**obj["ratchet"], k: foreign["ratchet"][k]}} for k in obj["ratchet"]]
    for change in changes:
        check(raises(lambda: owner.open(s.dump({**obj, **change}))) and not owner.letters, change)
    receipt = json.loads(owner.open(good))
    second = json.loads(owner.open(out.text("second")))
    for change in ({"id": 1}, {"data": second["data"]}, {"verification": second["verification"]}, {"src": a.id}):
        check(raises(lambda: out.feed({**receipt, **change})) and not out.delivered, change)
    out.feed(receipt)
    out.feed(second)
    check(out.delivered == {0, 1})


TESTS = [
    ("vectors_mail_ecdhe", lambda: mail("mail-ecdhe.json")),
    ("vectors_mail_rsa", lambda: mail("mail-rsa.json")),
    ("vectors_mail_refused_ecdhe", lambda: mail_refused("mail-ecdhe.json")),
    ("vectors_mail_refused_rsa", lambda: mail_refused("mail-rsa.json")),
    ("vectors_mail_unopened_ecdhe", lambda: mail_unopened("mail-ecdhe.json")),
    ("vectors_mail_unopened_rsa", lambda: mail_unopened("mail-rsa.json")),
    ("vectors_mail_tampered", mail_tampered),
    ("vectors_connect_ecdhe", lambda: connect("connect-ecdhe.json")),
    ("vectors_connect_rsa", lambda: connect("connect-rsa.json")),
    ("vectors_client_connect_ecdhe", lambda: conversation("client-connect-ecdhe.json")),
    ("vectors_client_connect_rsa", lambda: conversation("client-connect-rsa.json")),
    ("vectors_client_refuse", refuse),
    ("vectors_safety_number", safety),
    ("vectors_tampered", tampered),
]

if __name__ == "__main__":
    sys.exit(run(TESTS))
