"""Mail (section 8), without I/O: prekeys, letters of a sender, the owner who opens them, receipts."""

import os

from .crypto import (
    OAEP, Draws, ecdh, equal, expand, fernet, hmac, p384_of_spki, p384_spki, rsa_of_spki, rsa_spki, sha, u32, u64, unfernet,
)
from .handshake import ECDHE, RSA
from .identity import key_of, signed_by
from .ratchet import MessageKeys, kdf_ck
from .session import inner_pad, uid
from .wire import Fault, b64, dump, field, parse, unb64

USES = {"once": 1, "many": 2}
DAY = 86400
MAX_LETTERS = 100


def number_of(text):
    if not isinstance(text, str) or len(text) != 22:
        raise Fault("number length")
    return unb64(text + "==", 16, url=True)


def prekey_signed(public, key):
    """What the owner of a prekey signs."""
    use = field(public, "use", str)
    if use not in USES:
        raise Fault("use")
    return (b"SIMS/1 prekey" + number_of(public.get("number")) + bytes([USES[use]]) + u64(field(public, "expires", int))
            + sha(field(public, "suite", str).encode()) + sha(key))


def public_key(suite, der):
    return p384_of_spki(der) if suite == ECDHE else rsa_of_spki(der)


def check_prekey(public, owner, suites=(ECDHE, RSA), now=None):
    """Raises Fault unless an asker takes this prekey of the owner."""
    key = unb64(public.get("key"))
    if not signed_by(owner, unb64(public.get("signature"), 64), prekey_signed(public, key)):
        raise Fault("signature of a prekey")
    if public["suite"] not in suites:
        raise Fault("suite of a prekey")
    if (Draws().now() if now is None else now) > public["expires"] + DAY:
        raise Fault("a prekey that expired over a day ago")
    public_key(public["suite"], key)


class Prekey:
    """A prekey of ours with its private half. `public` is the object that goes out."""

    def __init__(self, me, suite=ECDHE, use="once", expires=None, number=None, draws=None):
        draws = draws or Draws()
        self.suite = suite
        self.private = draws.p384() if suite == ECDHE else draws.rsa()
        self.key = (p384_spki if suite == ECDHE else rsa_spki)(self.private.public_key())
        expires = draws.now() + 60 * DAY if expires is None else expires
        self.public = {"number": number or uid(), "suite": suite, "use": use, "expires": expires, "key": b64(self.key)}
        self.signed = prekey_signed(self.public, self.key)
        self.public["signature"] = b64(me.sign(self.signed))

    @property
    def number(self):
        return self.public["number"]

    def agree(self, key):
        if self.suite == ECDHE:
            return ecdh(self.private, p384_of_spki(key))
        try:
            z = self.private.decrypt(key, OAEP)
        except ValueError:
            return os.urandom(32)
        return z if len(z) == 32 else os.urandom(32)


class Opening:
    """What both sides derive for one mail session."""

    def __init__(self, sender, owner, public, nonce):
        use, suite = USES[public["use"]], public["suite"].encode()
        self.suite, self.nonce, self.number = suite, nonce, number_of(public["number"])
        self.tm = sha(sha(b"SIMS/1 mail") + key_of(sender) + key_of(owner) + self.number + bytes([use])
                      + u64(public["expires"]) + sha(suite) + sha(unb64(public["key"])) + nonce)

    def signed(self, key):
        """What the sender signs."""
        return b"SIMS/1 sender" + self.tm + sha(key)

    def derive(self, z, key):
        self.z, self.otherinfo = z, self.suite + sha(self.tm + sha(key))
        self.k = sha(u32(1) + z + self.otherinfo)
        self.chain = expand(self.k, "SIMS/1 chain mail", 32)

    def bound(self, obj, key, signature, m):
        """What `verification` covers."""
        texts = obj["src"] + obj["dst"] + obj["data"]
        return texts.encode() + self.number + self.nonce + sha(key) + signature + u64(m)


def receipt_mac(k_ack, src, dst, m, digest):
    return hmac(k_ack, (src + dst).encode() + u64(m) + digest)


class MailSession:
    """A sender's session of up to 100 letters to the owner of one prekey."""

    def __init__(self, me, owner, prekey, draws=None):
        self.me, self.owner, self.prekey, self.draws = me, owner, prekey, draws or Draws()
        self.opening = Opening(me.id, owner, prekey, self.draws.nonce())
        peer = public_key(prekey["suite"], unb64(prekey["key"]))
        if prekey["suite"] == ECDHE:
            private = self.draws.p384()
            self.key, z = p384_spki(private.public_key()), ecdh(private, peer)
        else:
            z = self.draws.z()
            self.key = self.draws.oaep(peer, z)
        self.opening.derive(z, self.key)
        self.signature = me.sign(self.opening.signed(self.key))
        self.chain, self.sent = self.opening.chain, 0
        self.waiting = {}  # SHA of the token's text -> (M, k_ack) of letters without a receipt
        self.delivered, self.unopened = set(), set()

    def text(self, body, **more):
        return self.letter({"kind": "text", "uid": uid(), "body": body, "sent": self.draws.now() * 1000, **more})

    def letter(self, content):
        return self.letter_raw(inner_pad(dump(content)))

    def letter_raw(self, plain, m=None):
        """The next letter. m, if not the count, and more letters than a session may have are for deviations."""
        mk, self.chain = kdf_ck(self.chain)
        keys, m = MessageKeys(mk), self.sent if m is None else m
        token = fernet(keys.signing, keys.encryption, keys.iv, plain, self.draws.now())
        self.sent += 1
        self.waiting[sha(token.encode())] = m, keys.k_ack
        obj = {"type": "client-mail", "src": self.me.id, "dst": self.owner, "id": m,
               "ratchet": {"prekey": self.prekey["number"], "nonce": b64(self.opening.nonce), "key": b64(self.key),
                           "signature": b64(self.signature)}}
        proof = hmac(keys.k_verify, self.opening.bound({**obj, "data": token}, self.key, self.signature, m))
        return dump({**obj, "verification": b64(proof), "data": token})

    def feed(self, obj):
        """Takes a client-receipt; raises Fault unless it proves the fate of one of our letters."""
        digest = unb64(obj.get("data"), 32)
        if field(obj, "src", str) != self.owner or field(obj, "dst", str) != self.me.id or digest not in self.waiting:
            raise Fault("a receipt of nothing")
        m, k_ack = self.waiting[digest]
        if "unopened" in obj:
            if obj["unopened"] is not True:
                raise Fault("unopened")
            check_unopened(obj)
            self.unopened.add(m)
            return
        mac = receipt_mac(k_ack, self.owner, self.me.id, m, digest)
        if field(obj, "id", int) != m or not equal(mac, unb64(obj.get("verification"), 32)):
            raise Fault("receipt forged")
        del self.waiting[digest]
        self.delivered.add(m)


def unopened(me, sender, digest):
    """The owner's signed statement that the letter with this token could not be opened."""
    signature = me.sign(b"SIMS/1 unopened" + key_of(sender) + digest)
    return dump({"type": "client-receipt", "src": me.id, "dst": sender, "data": b64(digest), "unopened": True,
                 "signature": b64(signature)})


def check_unopened(obj):
    """Raises Fault unless src signed it for dst."""
    said = b"SIMS/1 unopened" + key_of(obj["dst"]) + unb64(obj.get("data"), 32)
    if not signed_by(obj["src"], unb64(obj.get("signature"), 64), said):
        raise Fault("signature of unopened")


class Opened:
    """What an owner keeps of one mail session: the chain and the keys that it skipped."""

    def __init__(self, opening):
        self.opening, self.chain, self.n, self.skipped = opening, opening.chain, 0, {}

    def message_key(self, m):
        """The key of letter m, and the state after it; changes nothing."""
        if m in self.skipped:
            return self.skipped[m], self.chain, self.n, {k: v for k, v in self.skipped.items() if k != m}
        if m < self.n:
            raise Fault("a letter of this session that was opened")
        chain, n, skipped = self.chain, self.n, dict(self.skipped)
        while n < m:
            skipped[n], chain = kdf_ck(chain)
            n += 1
        mk, chain = kdf_ck(chain)
        return mk, chain, n + 1, skipped


class Owner:
    """Opens letters with its prekeys. A letter that fails any check changes nothing."""

    def __init__(self, me, draws=None):
        self.me, self.draws = me, draws or Draws()
        self.prekeys, self.used = {}, {}  # by number: the prekey; a `once` number's (sender, nonce)
        self.sessions, self.receipts = {}, {}
        self.letters = []  # (src, content, plaintext) in the order in which they were opened

    def make(self, suite=ECDHE, use="once", **more):
        """Makes a prekey; returns the object to publish."""
        p = Prekey(self.me, suite, use, draws=self.draws, **more)
        self.prekeys[p.number] = p
        return p.public

    def open(self, raw):
        """Opens a letter; returns its receipt. The second copy of a letter gets the same receipt, and is not opened."""
        obj = parse(raw)
        src, m, token, header = field(obj, "src", str), field(obj, "id", int), field(obj, "data", str), field(obj, "ratchet", dict)
        number, nonce = field(header, "prekey", str), unb64(header.get("nonce"), 32)
        number_of(number)
        if obj.get("type") != "client-mail" or field(obj, "dst", str) != self.me.id or src == self.me.id:
            raise Fault("not a letter to us")
        digest = sha(token.encode())
        have = src, number, nonce, m, digest
        if have in self.receipts:
            return self.receipts[have]
        session = self.sessions.get((number, src, nonce))
        if not session and number not in self.prekeys:
            raise Fault("used prekey" if number in self.used else "unknown prekey")
        if m >= MAX_LETTERS:
            raise Fault("letter of a full session")
        key, signature = unb64(header.get("key")), unb64(header.get("signature"), 64)
        opening = session.opening if session else Opening(src, self.me.id, self.prekeys[number].public, nonce)
        if not signed_by(src, signature, opening.signed(key)):
            raise Fault("signature of a letter")
        if not session:
            opening.derive(self.prekeys[number].agree(key), key)
            session = Opened(opening)
        mk, *after = session.message_key(m)
        keys = MessageKeys(mk)
        if not equal(hmac(keys.k_verify, opening.bound(obj, key, signature, m)), unb64(obj.get("verification"), 32)):
            raise Fault("verification of a letter")
        plain = unfernet(keys.signing, keys.encryption, keys.iv, token)
        content = parse(plain)
        session.chain, session.n, session.skipped = after
        self.sessions[number, src, nonce] = session
        if number in self.prekeys and self.prekeys[number].public["use"] == "once":
            del self.prekeys[number]
            self.used[number] = src, nonce
        self.letters.append((src, content, plain))
        self.receipts[have] = dump({
            "type": "client-receipt", "src": self.me.id, "dst": src, "id": m, "data": b64(digest),
            "verification": b64(receipt_mac(keys.k_ack, self.me.id, src, m, digest))})
        return self.receipts[have]

    def bodies(self):
        return [content.get("body") for _, content, _ in self.letters]
