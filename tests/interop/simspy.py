"""An independent implementation of protocol.md (SIMS/1), written from that page alone, as a test tool.

Blocking sockets with deadlines, and a way to deviate everywhere: a hook sees every handshake frame before it
is sent (and may return other fields or raw bytes), seal() takes any header, IV or time, and raw bytes can be
written at any moment. Section numbers are those of protocol.md. Needs Debian's python3-cryptography.
"""

import base64
import copy
import hashlib
import hmac as hmac_module
import json
import os
import re
import socket
import struct
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ECDHE = "ECDHE_WITH_AES_128_CBC_SHA256"
RSA = "RSA_WITH_AES_128_CBC_SHA256"
MAX_FRAME = 65536
MAX_HANDSHAKE_FRAME = 4096
MAX_SKIP = 1000
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}\Z")
P384_SPKI = bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")


class Fault(Exception):
    """The other side broke the protocol."""


class RemoteError(Exception):
    """The other side sent an error."""

    def __init__(self, obj):
        super().__init__("%s: %s" % (obj.get("code"), obj.get("message")))
        self.code, self.obj = obj.get("code"), obj


class Closed(Exception):
    """The connection ended."""


class Late(Exception):
    """A deadline passed."""


# --- bytes ------------------------------------------------------------------------------------------------


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode()


def unb64(text, size=None, url=False):
    """Strict: only what encodes back to the same text."""
    try:
        raw = base64.b64decode(text, altchars=b"-_" if url else None, validate=True)
    except (ValueError, TypeError) as e:
        raise Fault("base64") from e
    if (b64url(raw) if url else b64(raw)) != text or (size is not None and len(raw) != size):
        raise Fault("base64 not canonical or of the wrong length")
    return raw


def sha(raw):
    return hashlib.sha256(raw).digest()


def hmac(key, raw):
    return hmac_module.new(key, raw, hashlib.sha256).digest()


def equal(a, b):
    return hmac_module.compare_digest(a, b)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def expand(prk, info, size):
    """HKDF-Expand, RFC 5869."""
    out, block, i = b"", b"", 1
    while len(out) < size:
        block = hmac(prk, block + info.encode() + bytes([i]))
        out, i = out + block, i + 1
    return out[:size]


def hkdf(salt, ikm, info, size):
    return expand(hmac(salt, ikm), info, size)


# --- frames (1) -------------------------------------------------------------------------------------------


def dump(obj):
    return json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode()


def _pairs(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Fault("a key twice")
    return out


def _int(text):
    if text.startswith("-") or int(text) >= 2**53:
        raise Fault("number out of range")
    return int(text)


def _not_int(text):
    raise Fault("not an integer: " + text[:20])


def _depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def parse(raw, limit=MAX_FRAME):
    if len(raw) > limit:
        raise Fault("frame too long")
    try:
        obj = json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs, parse_int=_int,
                         parse_float=_not_int, parse_constant=_not_int)
        json.dumps(obj, ensure_ascii=False).encode("utf-8")  # lone surrogates
    except (ValueError, RecursionError) as e:
        raise Fault("not JSON") from e
    if not isinstance(obj, dict) or _depth(obj) > 8:
        raise Fault("not one object of at most 8 levels")
    return obj


def field(obj, key, kind):
    value = obj.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Fault("field " + key)
    return value


# --- identities (2) ---------------------------------------------------------------------------------------

_P = 2**255 - 19
_D = -121665 * pow(121666, _P - 2, _P) % _P


def _ed_add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % _P
    f = (y1 + x1) * (y2 + x2) % _P
    g, h = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    p, q, r, s = f - e, h - g, h + g, f + e
    return p * q % _P, r * s % _P, q * r % _P, p * s % _P


def ed25519_point(raw):
    """The point of a canonical encoding, else None."""
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    if y >= _P:
        return None
    xx = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(xx, (_P + 3) // 8, _P)
    if (x * x - xx) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - xx) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def key_of(ident):
    """The 32 bytes of an id; Fault unless it is the canonical encoding of a key of large order."""
    if not isinstance(ident, str) or len(ident) != 43:
        raise Fault("id length")
    raw = unb64(ident + "=", 32, url=True)
    point = ed25519_point(raw)
    if point is None:
        raise Fault("id is no canonical point")
    for _ in range(3):
        point = _ed_add(point, point)
    if point[0] % _P == 0 and (point[1] - point[2]) % _P == 0:
        raise Fault("id of small order")
    return raw


def id_of(raw):
    return b64url(raw).rstrip("=")


class Identity:
    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = id_of(self.public)

    def sign(self, raw):
        return self.private.sign(raw)


def signed_by(ident, signature, raw):
    try:
        Ed25519PublicKey.from_public_bytes(key_of(ident)).verify(signature, raw)
        return True
    except InvalidSignature:
        return False


def safety_number(a, b):
    groups = []
    for key in sorted((key_of(a), key_of(b))):
        digest = b"SIMS/1 safety" + key
        for _ in range(5200):
            digest = hashlib.sha512(digest + key).digest()
        groups += ["%05d" % (int.from_bytes(digest[5 * i : 5 * i + 5], "big") % 100000) for i in range(6)]
    return " ".join(groups)


# --- ephemeral keys ---------------------------------------------------------------------------------------


def p384_from(scalar):
    return ec.derive_private_key(scalar, ec.SECP384R1())


def p384_point(public):
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def p384_compressed(public):
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def p384_spki(public):
    return P384_SPKI + p384_point(public)


def p384_of_point(raw):
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), raw)
    except ValueError as e:
        raise Fault("not on P-384") from e


def p384_of_spki(der):
    if len(der) != 120 or not der.startswith(P384_SPKI + b"\x04"):
        raise Fault("not an uncompressed P-384 key")
    return p384_of_point(der[len(P384_SPKI) :])


def ecdh(private, public):
    return private.exchange(ec.ECDH(), public)


def rsa_spki(public):
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def rsa_of_spki(der):
    try:
        public = serialization.load_der_public_key(der)
    except ValueError as e:
        raise Fault("RSA key") from e
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size != 4096 or public.public_numbers().e != 65537:
        raise Fault("not RSA-4096 with e = 65537")
    if rsa_spki(public) != der:
        raise Fault("RSA key not DER")
    return public


OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class Draws:
    """Where all randomness and time come from; tests put known answers here."""

    def bytes(self, n):
        return os.urandom(n)

    def nonce(self):
        return self.bytes(32)

    def p384(self):
        return ec.generate_private_key(ec.SECP384R1())

    def ratchet(self):
        return self.p384()

    def rsa(self):
        return rsa.generate_private_key(65537, 4096)

    def oaep(self, public, z):
        return public.encrypt(z, OAEP)

    def z(self):
        return self.bytes(32)

    def now(self):
        return int(time.time())


# --- handshake (3) ----------------------------------------------------------------------------------------


REFUSE_CODES = ("unsupported-suite", "unsupported-version", "busy", "handshake-failed")


def refusal(me, caller, call, code):
    signature = me.sign(b"SIMS/1 refuse" + call + code.encode())
    return dump({"type": "client-refuse", "src": me.id, "dst": caller, "to": b64(call), "code": code, "signature": b64(signature)})


def check_refusal(obj, callee, call):
    """The code, if the callee signed it about this call."""
    code = field(obj, "code", str)
    if field(obj, "src", str) != callee or unb64(obj.get("to"), 32) != call or code not in REFUSE_CODES:
        raise Fault("a refusal of something else")
    if not signed_by(callee, unb64(obj.get("signature"), 64), b"SIMS/1 refuse" + call + code.encode()):
        raise Fault("signature of a refusal")
    return code


class Handshake:
    """Both roles, both kinds, without I/O. hook(phase, object, self) may change the object in place and
    returns it, or raw bytes that are sent instead; the transcript takes what was really sent."""

    def __init__(self, kind, initiator, me, name, suites=(ECDHE, RSA), peer=None, draws=None, hook=None):
        self.kind, self.initiator, self.me, self.name = kind, initiator, me, name
        self.suites, self.peer, self.peer_name = list(suites), peer, None
        self.draws, self.hook = draws or Draws(), hook
        self.t = sha(b"SIMS/1 " + kind.encode())
        self.history = [self.t]
        self.suite = self.private = self.key4 = self.key5 = self.peer_public = None
        self.done, self.epoch = False, 0
        self.expect = 2 if initiator else 1
        self.nonce = self.draws.nonce()
        self.call = None  # the hash of phase 1

    # frames

    def _absorb(self, raw):
        self.t = sha(self.t + sha(raw))
        self.history.append(self.t)

    def _send(self, phase, data, ciphers=None):
        if self.kind == "client-server":
            obj = {"type": "connect", "phase": phase, "name": self.name, "id": self.me.id}
        else:
            obj = {"type": "client-connect", "src": self.me.id, "dst": self.peer, "phase": phase}
            if phase <= 2:
                data = {"name": self.name, **data}
        obj["ciphers"], obj["data"] = ciphers or [self.suite], data
        out = self.hook(phase, obj, self) if self.hook else obj
        raw = out if isinstance(out, bytes) else dump(out)
        self._absorb(raw)
        return raw

    def start(self):
        raw = self._send(1, {"version": [1], "nonce": b64(self.nonce)}, self.suites)
        self.call = sha(raw)
        return raw

    def feed(self, raw):
        """One frame in, the answer out (None when there is none)."""
        obj = parse(raw, MAX_HANDSHAKE_FRAME)
        if obj.get("type") == "error":
            raise RemoteError(obj)
        if self.done and self.initiator and obj.get("phase") == 4:  # R began its re-key again
            self.t, self.expect = self.t5, 4
        if field(obj, "phase", int) != self.expect:
            raise Fault("phase %r instead of %d" % (obj["phase"], self.expect))
        self._who(obj)
        data, ciphers = field(obj, "data", dict), field(obj, "ciphers", list)
        if obj["phase"] > 2 and ciphers != [self.suite]:
            raise Fault("suite changed")
        return getattr(self, "_phase%d" % obj["phase"])(raw, data, ciphers)

    def _who(self, obj):
        if self.kind == "client-server":
            ident, name = field(obj, "id", str), field(obj, "name", str)
            if field(obj, "type", str) != "connect":
                raise Fault("type")
        else:
            ident = field(obj, "src", str)
            name = field(field(obj, "data", dict), "name", str) if obj["phase"] <= 2 else self.peer_name
            if field(obj, "type", str) != "client-connect" or field(obj, "dst", str) != self.me.id:
                raise Fault("type or dst")
        if (self.peer or ident) != ident or (self.peer_name or name) != name or ident == self.me.id:
            raise Fault("id or name changed")
        key_of(ident)
        if not NAME.match(name):
            raise Fault("name")
        self.peer, self.peer_name = ident, name

    # what each phase does

    def _phase1(self, raw, data, ciphers):
        if 1 not in field(data, "version", list):
            raise Fault("version")
        if unb64(data.get("nonce"), 32) == self.nonce:
            raise Fault("nonce mirrored")
        chosen = [s for s in ciphers if s in self.suites]
        if not chosen:
            raise Fault("unsupported-suite")
        self.suite, self.call = chosen[0], sha(raw)
        self._absorb(raw)
        self.expect = 3
        return self._send(2, {"version": 1, "nonce": b64(self.nonce), "to": b64(self.call)})

    def late(self, obj):
        """A phase 2 that answers another call than ours: dropped between clients."""
        to = obj["data"].get("to") if obj.get("phase") == 2 and isinstance(obj.get("data"), dict) else None
        return to is not None and to != b64(self.call)

    def _phase2(self, raw, data, ciphers):
        if field(data, "version", int) != 1 or unb64(data.get("nonce"), 32) == self.nonce:
            raise Fault("version or nonce")
        if "to" not in data:
            raise Fault("unsupported-version: first edition")
        if unb64(data["to"], 32) != self.call:
            raise Fault("answers another call")
        if len(ciphers) != 1 or ciphers[0] not in self.suites:
            raise Fault("suite not offered")
        self.suite = ciphers[0]
        self._absorb(raw)
        self.expect = 4
        return self._send(3, {"status": "ok"})

    def _phase3(self, raw, data, _):
        if data.get("status") != "ok":
            raise Fault("status")
        self._absorb(raw)
        return self.phase4()

    def phase4(self):
        """Also the beginning of a re-key (6)."""
        if self.done:
            self.t = self.t5
        self.expect = 5
        if self.suite == ECDHE:
            self.private = self.draws.p384()
            self.key4 = p384_spki(self.private.public_key())
        else:
            self.private = self.draws.rsa()
            self.key4 = rsa_spki(self.private.public_key())
        signature = self.me.sign(b"SIMS/1 responder" + self.t + sha(self.key4))
        return self._send(4, {"key": b64(self.key4), "signature": b64(signature)})

    def exchange(self):
        """The initiator's key field and Z; attacks override it."""
        if self.suite == ECDHE:
            self.peer_public = p384_of_spki(self.key4)
            self.private = self.draws.p384()
            key = p384_spki(self.private.public_key())
            if key == self.key4:
                raise Fault("key mirrored")
            return key, ecdh(self.private, self.peer_public)
        z = self.draws.z()
        return self.draws.oaep(rsa_of_spki(self.key4), z), z

    def _phase4(self, raw, data, _):
        self.key4 = unb64(data.get("key"))
        signature = unb64(data.get("signature"), 64)
        if not signed_by(self.peer, signature, b"SIMS/1 responder" + self.t + sha(self.key4)):
            raise Fault("signature of phase 4")
        self._absorb(raw)
        self.key5, z = self.exchange()
        signature = self.me.sign(b"SIMS/1 initiator" + self.t + sha(self.key5))
        self._master(z)
        confirm = hmac(self.k_init, self.t + sha(self.key5) + signature)
        self.expect = 6
        return self._send(5, {"key": b64(self.key5), "signature": b64(signature), "confirm": b64(confirm)})

    def _master(self, z):
        """At t4."""
        self.z = z
        self.otherinfo = self.suite.encode() + sha(self.t + sha(self.key5))
        self.k = sha(u32(1) + z + self.otherinfo)
        self.k_init = expand(self.k, "SIMS/1 confirm initiator", 32)
        self.k_resp = expand(self.k, "SIMS/1 confirm responder", 32)

    def _phase5(self, raw, data, _):
        self.key5 = unb64(data.get("key"))
        signature, confirm = unb64(data.get("signature"), 64), unb64(data.get("confirm"), 32)
        if not signed_by(self.peer, signature, b"SIMS/1 initiator" + self.t + sha(self.key5)):
            raise Fault("signature of phase 5")
        if self.suite == ECDHE:
            if self.key5 == self.key4:
                raise Fault("key mirrored")
            self.peer_public = p384_of_spki(self.key5)
            z = ecdh(self.private, self.peer_public)
        else:
            try:
                z = self.private.decrypt(self.key5, OAEP)
            except ValueError:
                z = os.urandom(32)
        self._master(z)
        if not equal(confirm, hmac(self.k_init, self.t + sha(self.key5) + signature)):
            raise Fault("confirm of phase 5")
        self._absorb(raw)
        self.t5 = self.t
        out = self._send(6, {"confirm": b64(hmac(self.k_resp, self.t))})
        self._finish()
        return out

    def _phase6(self, raw, data, _):
        if not equal(unb64(data.get("confirm"), 32), hmac(self.k_resp, self.t)):
            raise Fault("confirm of phase 6")
        self.t5 = self.t
        self._absorb(raw)
        self._finish()

    def complete(self):
        """What phase 6 would do, after a message that proves the same."""
        self.t5 = self.t
        self._finish()

    def _finish(self):
        self.done = True
        # Only the RSA suite between clients goes on, with phase 4 of a re-key.
        self.expect = 4 if self.initiator else None


# --- tokens and SECURE (4) --------------------------------------------------------------------------------


def cbc(key, iv, raw, decrypt=False):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    way = cipher.decryptor() if decrypt else cipher.encryptor()
    return way.update(raw) + way.finalize()


def pad16(raw):
    n = 16 - len(raw) % 16
    return raw + bytes([n]) * n


def unpad16(raw):
    n = raw[-1] if raw else 0
    if not 1 <= n <= 16 or raw[-n:] != bytes([n]) * n:
        raise Fault("padding")
    return raw[:-n]


def fernet(signing, encryption, iv, plaintext, when, padded=None):
    raw = b"\x80" + u64(when) + iv + cbc(encryption, iv, pad16(plaintext) if padded is None else padded)
    return b64url(raw + hmac(signing, raw))


def unfernet(signing, encryption, iv, token):
    raw = unb64(token, url=True)
    if len(raw) < 1 + 8 + 16 + 16 + 32 or (len(raw) - 57) % 16 or raw[0] != 0x80:
        raise Fault("token form")
    if not equal(hmac(signing, raw[:-32]), raw[-32:]):
        raise Fault("token HMAC")
    if raw[9:25] != iv:
        raise Fault("token IV")
    return unpad16(cbc(encryption, iv, raw[25:-32], decrypt=True))


class Direction:
    """One direction of SECURE."""

    def __init__(self, k, label):
        self.chain, self.epoch, self.seq = expand(k, label, 32), 0, 0
        self._keys()

    def _keys(self):
        keys = expand(self.chain, "SIMS/1 token", 48)
        self.signing, self.encryption, self.iv_key = keys[:16], keys[16:32], keys[32:]

    def turn(self):
        """To the epoch of the next message."""
        if self.seq // 100 != self.epoch:
            self.chain, self.epoch = expand(self.chain, "SIMS/1 next", 32), self.epoch + 1
            self._keys()

    def iv(self, n):
        cipher = Cipher(algorithms.AES(self.iv_key), modes.ECB()).encryptor()
        return cipher.update(u64(0) + u64(n)) + cipher.finalize()

    def seal(self, plaintext, when=None, seq=None, epoch=None, iv=None, padded=None, alter=None):
        """The next frame; everything but plaintext is for deviation, alter(token) -> token."""
        self.turn()
        when = int(time.time()) if when is None else when
        token = fernet(self.signing, self.encryption, iv or self.iv(self.seq), plaintext, when, padded)
        token = alter(token) if alter else token
        header = {"epoch": self.epoch if epoch is None else epoch, "seq": self.seq if seq is None else seq}
        self.seq += 1
        return dump({"type": "secure", "sa-data": header, "payload": token})

    def open(self, frame):
        obj = parse(frame)
        if obj.get("type") == "error":
            raise RemoteError(obj)
        header = field(obj, "sa-data", dict)
        self.turn()
        if obj.get("type") != "secure" or (field(header, "epoch", int), field(header, "seq", int)) != (self.epoch, self.seq):
            raise Fault("bad-sequence")
        plain = unfernet(self.signing, self.encryption, self.iv(self.seq), field(obj, "payload", str))
        self.seq += 1
        return plain


# --- client to client (5, 6) ------------------------------------------------------------------------------


def kdf_rk(rk, z):
    out = hkdf(rk, z, "SIMS/1 ratchet", 64)
    return out[:32], out[32:]


def kdf_ck(ck):
    return hmac(ck, b"\x01"), hmac(ck, b"\x02")


class MessageKeys:
    def __init__(self, mk):
        k = expand(mk, "SIMS/1 message", 112)
        self.signing, self.encryption, self.iv = k[:16], k[16:32], k[32:48]
        self.k_verify, self.k_ack = k[48:80], k[80:]


def keep_skipped(state, chain, n, until, where):
    """Message keys n..until-1 of a chain go to state.skipped; the chain at until."""
    if until - n > MAX_SKIP:
        raise Fault("skips too many")
    while n < until:
        mk, chain = kdf_ck(chain)
        state.skipped[where, n] = mk
        n += 1
    while len(state.skipped) > MAX_SKIP:
        del state.skipped[next(iter(state.skipped))]
    return chain


class DoubleRatchet:
    def __init__(self, hs, rk):
        self.draws, self.skipped = hs.draws, {}
        self.ns = self.nr = self.pn = 0
        self.rk, self.ckr = rk, None
        if hs.initiator:
            self.dhs, self.dhr = hs.private, hs.peer_public
            self.rk, self.cks = kdf_rk(self.rk, ecdh(self.dhs, self.dhr))
        else:
            self.dhs = hs.private
            self._step(hs.peer_public)

    def __deepcopy__(self, _):
        other = copy.copy(self)
        other.skipped = dict(self.skipped)
        return other

    def _step(self, public):
        self.pn, self.ns, self.nr, self.dhr = self.ns, 0, 0, public
        self.rk, self.ckr = kdf_rk(self.rk, ecdh(self.dhs, self.dhr))
        self.dhs = self.draws.ratchet()
        self.rk, self.cks = kdf_rk(self.rk, ecdh(self.dhs, self.dhr))

    def send(self):
        mk, self.cks = kdf_ck(self.cks)
        header = {"key": b64(p384_compressed(self.dhs.public_key())), "pn": self.pn, "n": self.ns}
        self.ns += 1
        return header, mk

    @staticmethod
    def bind(header):
        return unb64(header.get("key"), 49) + DoubleRatchet.counts(header)

    @staticmethod
    def counts(header):
        pn, n = field(header, "pn", int), field(header, "n", int)
        if pn >= 2**32 or n >= 2**32:
            raise Fault("count")
        return u32(pn) + u32(n)

    def receive(self, header):
        key, n = unb64(header.get("key"), 49), header["n"]
        if (key, n) in self.skipped:
            return self.skipped.pop((key, n))
        if key != p384_compressed(self.dhr):
            public = p384_of_point(key)
            if self.ckr is not None:
                keep_skipped(self, self.ckr, self.nr, header["pn"], p384_compressed(self.dhr))
            self._step(public)
        if self.ckr is None or n < self.nr:
            raise Fault("old message")
        self.ckr = keep_skipped(self, self.ckr, self.nr, n, key)
        mk, self.ckr = kdf_ck(self.ckr)
        self.nr = n + 1
        return mk


class RsaChains:
    def __init__(self, hs, rk):
        self.initiator, self.rk, self.skipped = hs.initiator, rk, {}
        self.epoch = self.ns = self.pn = 0
        self.receiving = {}  # epoch -> [chain, n]: late messages of older epochs still open
        self._chains()

    def __deepcopy__(self, _):
        other = copy.copy(self)
        other.skipped = dict(self.skipped)
        other.receiving = {e: list(c) for e, c in self.receiving.items()}
        return other

    def _chains(self):
        ends = ["initiator", "responder"]
        mine, theirs = ends if self.initiator else reversed(ends)
        self.cks = expand(self.rk, "SIMS/1 chain " + mine, 32)
        self.receiving[self.epoch] = [expand(self.rk, "SIMS/1 chain " + theirs, 32), 0]
        self.count = 0

    def rekey(self, k):
        self.rk = hkdf(self.rk, k, "SIMS/1 ratchet", 32)
        self.epoch, self.pn, self.ns = self.epoch + 1, self.ns, 0
        self._chains()

    def send(self):
        mk, self.cks = kdf_ck(self.cks)
        header = {"epoch": self.epoch, "pn": self.pn, "n": self.ns}
        self.ns += 1
        self.count += 1
        return header, mk

    @staticmethod
    def bind(header):
        epoch = field(header, "epoch", int)
        if epoch >= 2**32:
            raise Fault("count")
        return u32(epoch) + DoubleRatchet.counts(header)

    def receive(self, header):
        epoch, n = header["epoch"], header["n"]
        if (epoch, n) in self.skipped:
            return self.skipped.pop((epoch, n))
        if epoch not in self.receiving or n < self.receiving[epoch][1]:
            raise Fault("old message or unknown epoch")
        before = self.receiving.pop(epoch - 1, None)
        if before:
            keep_skipped(self, before[0], before[1], header["pn"], epoch - 1)
        chain = self.receiving[epoch]
        mk, chain[0] = kdf_ck(keep_skipped(self, chain[0], chain[1], n, epoch))
        chain[1] = n + 1
        self.count += epoch == self.epoch
        return mk


def inner_pad(plain):
    size = next((s for s in (128, 256, 512) if len(plain) <= s), -(-len(plain) // 1024) * 1024)
    return plain.ljust(size)


def uid():
    return b64url(os.urandom(16)).rstrip("=")


class Session:
    """One end-to-end session, without I/O: feed() takes a raw sub-message, returns raw ones to send."""

    def __init__(self, initiator, me, name, peer, suites=(ECDHE, RSA), draws=None, hook=None, peer_name=None):
        self.me, self.peer = me, peer
        self.hs = Handshake("client-client", initiator, me, name, suites, peer, draws, hook)
        self.hs.peer_name = peer_name
        self.ratchet, self.sent, self.opened = None, 0, {}
        self.waiting = {}  # M -> (k_ack, digest): sent, not yet acked
        self.inbox, self.delivered, self.faults = [], set(), []
        self.closed, self.auto_ack, self.rekey_after, self.rekeying = None, True, 100, False

    @property
    def up(self):
        return self.ratchet is not None and self.closed is None

    def start(self):
        return self.hs.start()

    def feed(self, raw):
        obj = parse(raw)
        if obj["type"] == "client-connect":
            return self._connect(raw)
        try:
            if obj["type"] == "client-com":
                return self._com(obj)
            if obj["type"] == "ack":
                self._ack(obj)
            elif obj["type"] == "client-disconnect":
                self._bye(obj)
        except Fault as e:
            self.faults.append(str(e))
        return []

    def _connect(self, raw):
        again = self.hs.done
        if again and self.hs.suite != RSA:
            raise Fault("handshake again")
        if self.hs.expect == 2 and self.hs.late(parse(raw)):
            return []
        out = self.hs.feed(raw)
        # At R the handshake ends with phase 5 in, at I with phase 6 in: the same moment for a re-key.
        if parse(raw)["phase"] == (6 if self.hs.initiator else 5):
            if again:
                self.ratchet.rekey(self.hs.k)
                self.rekeying = False
            else:
                self._keys()
        return [out] if out else []

    def _keys(self):
        k, ends = self.hs.k, ["initiator", "responder"]
        mine, theirs = ends if self.hs.initiator else reversed(ends)
        self.close_send = expand(k, "SIMS/1 close " + mine, 32)
        self.close_receive = expand(k, "SIMS/1 close " + theirs, 32)
        self.root = expand(k, "SIMS/1 root", 32)
        self.ratchet = (DoubleRatchet if self.hs.suite == ECDHE else RsaChains)(self.hs, self.root)

    def send(self, content, when=None):
        return self.send_raw(inner_pad(dump(content)), when)

    def text(self, body, when=None, **more):
        return self.send({"kind": "text", "uid": uid(), "body": body, "sent": int(time.time() * 1000), **more}, when)

    def send_raw(self, plain, when=None):
        header, mk = self.ratchet.send()
        keys, m = MessageKeys(mk), self.sent
        token = fernet(keys.signing, keys.encryption, keys.iv, plain, self.hs.draws.now() if when is None else when)
        bound = (self.me.id + self.peer + token).encode() + self.ratchet.bind(header) + u64(m)
        self.sent += 1
        self.waiting[m] = keys.k_ack, sha(token.encode())
        return dump({"type": "client-com", "src": self.me.id, "dst": self.peer, "id": m, "ratchet": header,
                     "verification": b64(hmac(keys.k_verify, bound)), "data": token})

    def _com(self, obj):
        if not self.ratchet or obj["src"] != self.peer or obj["dst"] != self.me.id:
            raise Fault("no session")
        m, token, header = field(obj, "id", int), field(obj, "data", str), field(obj, "ratchet", dict)
        if m in self.opened and self.opened[m][1] == sha(token.encode()):
            return [self.ack(m)]  # came twice
        staged = copy.deepcopy(self.ratchet)
        ahead = isinstance(staged, RsaChains) and self.hs.expect == 6 and header.get("epoch") == staged.epoch + 1
        if ahead:  # phase 6 was lost
            staged.rekey(self.hs.k)
        bound = (self.peer + self.me.id + token).encode() + staged.bind(header) + u64(m)
        keys = MessageKeys(staged.receive(header))
        if not equal(hmac(keys.k_verify, bound), unb64(obj.get("verification"), 32)):
            raise Fault("verification")
        plain = unfernet(keys.signing, keys.encryption, keys.iv, token)
        content = parse(plain)
        self.ratchet = staged
        if ahead:
            self.hs.complete()
        self.opened[m] = keys.k_ack, sha(token.encode())
        self.inbox.append((m, content, plain))
        out = [self.ack(m)] if self.auto_ack and content.get("kind") != "typing" else []
        return out + self.maybe_rekey()

    def maybe_rekey(self):
        """R's next phase 4, when it is due; also to be asked after sending."""
        r = self.ratchet
        if self.hs.suite == RSA and not self.hs.initiator and not self.rekeying and r.count >= self.rekey_after:
            self.rekeying = True
            return [self.hs.phase4()]
        return []

    def ack(self, m):
        k_ack, digest = self.opened[m]
        mac = hmac(k_ack, (self.me.id + self.peer).encode() + u64(m) + digest)
        return dump({"type": "ack", "src": self.me.id, "dst": self.peer, "id": m, "data": b64(digest), "verification": b64(mac)})

    def _ack(self, obj):
        m, digest = field(obj, "id", int), unb64(obj.get("data"), 32)
        if m in self.delivered:
            return
        if m not in self.waiting or self.waiting[m][1] != digest:
            raise Fault("ack of nothing")
        mac = hmac(self.waiting[m][0], (obj["src"] + obj["dst"]).encode() + u64(m) + digest)
        if not equal(mac, unb64(obj.get("verification"), 32)):
            raise Fault("ack forged")
        del self.waiting[m]
        self.delivered.add(m)

    def bye(self, reason):
        mac = hmac(self.close_send, (self.me.id + self.peer + reason).encode())
        self.closed = "by us"
        return dump({"type": "client-disconnect", "src": self.me.id, "dst": self.peer,
                     "data": {"reason": reason}, "verification": b64(mac)})

    def _bye(self, obj):
        reason = field(field(obj, "data", dict), "reason", str)
        mac = hmac(self.close_receive, (obj["src"] + obj["dst"] + reason).encode())
        if not equal(mac, unb64(obj.get("verification"), 32)):
            raise Fault("client-disconnect forged")
        self.closed = reason


# --- sockets ----------------------------------------------------------------------------------------------


class Wire:
    """A socket that reads lines; every wait has a deadline (seconds)."""

    def __init__(self, address, timeout=30):
        self.sock = socket.create_connection(address, timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.ended = b"", False

    def write(self, raw):
        try:
            self.sock.sendall(raw)
        except TimeoutError as e:
            raise Late("write") from e
        except OSError as e:
            raise Closed(str(e)) from e

    def write_line(self, raw):
        self.write(raw + b"\n")

    def fill(self, timeout):
        """One read."""
        self.sock.settimeout(max(timeout, 0.001))
        try:
            raw = self.sock.recv(1 << 18)
        except TimeoutError as e:
            raise Late("read") from e
        except OSError:
            raw = b""
        finally:
            self.sock.settimeout(5)
        if not raw:
            self.ended = True
            raise Closed("end of stream")
        self.buffer += raw

    def lines(self):
        *whole, self.buffer = self.buffer.split(b"\n")
        return [line for line in whole if line]

    def read_line(self, timeout=30):
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            self.fill(end - time.monotonic())
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line or self.read_line(end - time.monotonic())

    def close(self):
        self.sock.close()


class Client:
    """A client of a relay. Subs that are not for a session gather in inbox (objects with "_raw" added)."""

    def __init__(self, address, name, me=None, suites=(ECDHE, RSA), draws=None, hook=None, server=None,
                 handshake=Handshake, login=True, timeout=30):
        self.me, self.name, self.suites = me or Identity(), name, list(suites)
        self.draws = draws or Draws()
        self.wire = Wire(address)
        self.hs = handshake("client-server", True, self.me, name, suites, server, draws, hook)
        self.inbox, self.sessions, self.acked, self.acks = [], {}, -1, []
        self.auto_ack, self.answer, self.accept_suites = True, True, (ECDHE, RSA)
        self.session_hook = None
        if login:
            try:
                self.login(timeout)
            except BaseException:
                self.close()
                raise

    @property
    def id(self):
        return self.me.id

    def login(self, timeout=30):
        end = time.monotonic() + timeout
        self.wire.write_line(self.hs.start())
        while not self.hs.done:
            out = self.hs.feed(self.wire.read_line(end - time.monotonic()))
            if out:
                self.wire.write_line(out)
        self.out = Direction(self.hs.k, "SIMS/1 client to server")
        self.in_ = Direction(self.hs.k, "SIMS/1 server to client")

    # sending

    def send(self, sub, **deviation):
        """An object or raw bytes; the seq it went under."""
        self.wire.write_line(self.out.seal(sub if isinstance(sub, bytes) else dump(sub), **deviation))
        return self.out.seq - 1

    # receiving

    def pump(self, timeout):
        """One read of the socket and what follows from it."""
        self.wire.fill(timeout)
        last = None
        for line in self.wire.lines():
            plain = self.in_.open(line)
            sub = parse(plain)
            if sub.get("type") != "ack" or "dst" in sub:
                last = self.in_.seq - 1
            self._take(sub, plain)
        if last is not None and self.auto_ack:
            self.send({"type": "ack", "name": self.name, "id": last})

    def _take(self, sub, plain):
        if sub["type"] == "ack" and "dst" not in sub:
            self.acked = field(sub, "id", int)
            self.acks.append(self.acked)
            return
        peer = sub.get("src")
        if peer and self.answer and sub["type"] != "client-refuse" and self._session(sub, plain):
            for raw in self.sessions[peer].feed(plain):
                self.send(raw)
            return
        self.inbox.append({**sub, "_raw": plain})

    def _session(self, sub, plain):
        """Whether the sub-message belongs to a session; phase 1 makes one, by the rule for crossing calls."""
        peer, session = sub["src"], self.sessions.get(sub["src"])
        if sub["type"] == "client-connect" and sub.get("phase") == 1:
            calling = session and session.hs.initiator and not session.up and session.closed is None
            if calling and self.id < peer:
                return False
            self.sessions[peer] = Session(False, self.me, self.name, peer, self.accept_suites, self.draws, self.session_hook)
        return peer in self.sessions

    def until(self, condition, timeout=30, what="condition"):
        """Pumps until condition() is true; its value."""
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            try:
                self.pump(end - time.monotonic())
            except Late as e:
                raise Late(what) from e

    def wait(self, timeout=30, **fields):
        """The first sub-message in the inbox with these fields, taken out."""

        def find():
            for i, sub in enumerate(self.inbox):
                if all(sub.get(k) == v for k, v in fields.items()):
                    return self.inbox.pop(i)
            return None

        return self.until(find, timeout, "no %r; have %r" % (fields, [s.get("type") for s in self.inbox]))

    def ping(self, timeout=30):
        """Round trip; also the proof that the connection is well."""
        seq = self.send({"type": "ping"})
        self.until(lambda: self.acked >= seq, timeout, "ack of ping")

    def list(self, timeout=30, **fields):
        self.send({"type": "list", **fields})
        return self.wait(timeout, type="list", event="snapshot")

    # end to end

    def call(self, peer, suites=None, draws=None, hook=None, wait=True, timeout=30):
        s = Session(True, self.me, self.name, peer, suites or self.suites, draws or self.draws, hook)
        self.sessions[peer] = s
        self.send(s.start())
        if wait:
            self.until(lambda: s.up, timeout, "session")
        return s

    def text(self, peer, body, **more):
        session = self.sessions[peer]
        self.send(session.text(body, **more))
        for raw in session.maybe_rekey():
            self.send(raw)
        return session.sent - 1

    def close(self):
        self.wire.close()
