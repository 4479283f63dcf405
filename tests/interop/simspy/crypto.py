"""Hashes, key derivation, ephemeral keys and tokens; Draws is the source of randomness and time."""

import hashlib
import hmac as hmac_module
import os
import struct
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .wire import Fault, b64url, unb64

P384_SPKI = bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")


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
    """The source of all randomness and time. Tests replace it to get known answers."""

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
