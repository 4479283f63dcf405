"""The end-to-end session between two clients (sections 5 and 6): messages, acks, re-keys."""

import copy
import os
import time

from .crypto import equal, expand, fernet, hmac, sha, u64, unfernet
from .handshake import ECDHE, RSA, Handshake
from .ratchet import DoubleRatchet, MessageKeys, RsaChains
from .wire import Fault, b64, b64url, dump, field, parse, unb64


def inner_pad(plain):
    size = next((s for s in (128, 256, 512) if len(plain) <= s), -(-len(plain) // 1024) * 1024)
    return plain.ljust(size)


def uid():
    return b64url(os.urandom(16)).rstrip("=")


class Session:
    """One end-to-end session, without I/O. feed() takes a raw sub-message and returns those to send."""

    def __init__(self, initiator, me, name, peer, suites=(ECDHE, RSA), draws=None, hook=None, peer_name=None):
        self.me, self.peer = me, peer
        self.hs = Handshake("client-client", initiator, me, name, suites, peer, draws, hook)
        self.hs.peer_name = peer_name
        self.ratchet, self.sent, self.opened = None, 0, {}
        self.waiting = {}  # M -> (k_ack, digest) of sent messages that were not acked
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
        # R completes on phase 5, I on phase 6, also in a re-key.
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
            return [self.ack(m)]  # a duplicate
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
        """R's next phase 4 when it is due. Call it after sending, too."""
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
