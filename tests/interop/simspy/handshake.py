"""The handshake (section 3): both roles of both kinds, and signed refusals."""

import os
import re

from .crypto import OAEP, Draws, ecdh, equal, expand, hmac, p384_of_spki, p384_spki, rsa_of_spki, rsa_spki, sha, u32
from .identity import key_of, signed_by
from .wire import MAX_HANDSHAKE_FRAME, Fault, RemoteError, b64, dump, field, parse, unb64

ECDHE = "ECDHE_WITH_AES_128_CBC_SHA256"
RSA = "RSA_WITH_AES_128_CBC_SHA256"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}\Z")

REFUSE_CODES = ("unsupported-suite", "unsupported-version", "busy", "handshake-failed")


def refusal(me, caller, call, code):
    signature = me.sign(b"SIMS/1 refuse" + call + code.encode())
    return dump({"type": "client-refuse", "src": me.id, "dst": caller, "to": b64(call), "code": code, "signature": b64(signature)})


def check_refusal(obj, callee, call):
    """Returns the code if the callee signed it for this call; raises Fault otherwise."""
    code = field(obj, "code", str)
    if field(obj, "src", str) != callee or unb64(obj.get("to"), 32) != call or code not in REFUSE_CODES:
        raise Fault("a refusal of something else")
    if not signed_by(callee, unb64(obj.get("signature"), 64), b"SIMS/1 refuse" + call + code.encode()):
        raise Fault("signature of a refusal")
    return code


class Handshake:
    """Both roles and both kinds, without I/O. hook(phase, object, self) returns the object, which it may change, or
    raw bytes to send instead. The transcript takes the bytes that were sent."""

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
        """Takes one frame; returns the answer, or None."""
        obj = parse(raw, MAX_HANDSHAKE_FRAME)
        if obj.get("type") == "error":
            raise RemoteError(obj)
        if self.done and self.initiator and obj.get("phase") == 4:  # R starts its re-key again
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

    # one function a phase

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
        """Whether this is a phase 2 that answers another call than ours. Clients drop it."""
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
        """Also starts a re-key (6)."""
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
        """Derives the keys at t4."""
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
        """Completes without phase 6, after a message that proves the same."""
        self.t5 = self.t
        self._finish()

    def _finish(self):
        self.done = True
        # Only the RSA suite between clients continues, with phase 4 of a re-key.
        self.expect = 4 if self.initiator else None
