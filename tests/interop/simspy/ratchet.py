"""Message keys (section 6): the double ratchet of ECDHE, the chains of RSA."""

import copy

from .crypto import ecdh, expand, hkdf, hmac, p384_compressed, p384_of_point, u32
from .wire import Fault, b64, field, unb64

MAX_SKIP = 1000


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
    """Stores message keys n to until - 1 of a chain in state.skipped; returns the chain at until."""
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
        self.receiving = {}  # epoch -> [chain, n]: late messages of older epochs open, too
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
