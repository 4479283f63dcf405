"""Frames (section 1): base64, JSON within the limits, and the errors that the other modules raise."""

import base64
import json

MAX_FRAME = 65536
MAX_HANDSHAKE_FRAME = 4096


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


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode()


def unb64(text, size=None, url=False):
    """Decodes strictly: raises Fault unless the bytes encode back to the same text."""
    try:
        raw = base64.b64decode(text, altchars=b"-_" if url else None, validate=True)
    except (ValueError, TypeError) as e:
        raise Fault("base64") from e
    if (b64url(raw) if url else b64(raw)) != text or (size is not None and len(raw) != size):
        raise Fault("base64 not canonical or of the wrong length")
    return raw


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
