"""Identities (section 2): ids, signatures, safety numbers."""

import hashlib
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .wire import Fault, b64url, unb64

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
    """The point of a canonical encoding; None for any other bytes."""
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
