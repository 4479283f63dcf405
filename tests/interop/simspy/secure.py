"""SECURE (section 4): sealing and opening of frames between client and server."""

import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .crypto import expand, fernet, u64, unfernet
from .wire import Fault, RemoteError, dump, field, parse


class Direction:
    """The keys and counts of one direction."""

    def __init__(self, k, label):
        self.chain, self.epoch, self.seq = expand(k, label, 32), 0, 0
        self._keys()

    def _keys(self):
        keys = expand(self.chain, "SIMS/1 token", 48)
        self.signing, self.encryption, self.iv_key = keys[:16], keys[16:32], keys[32:]

    def turn(self):
        """Changes to the epoch of the next message."""
        if self.seq // 100 != self.epoch:
            self.chain, self.epoch = expand(self.chain, "SIMS/1 next", 32), self.epoch + 1
            self._keys()

    def iv(self, n):
        cipher = Cipher(algorithms.AES(self.iv_key), modes.ECB()).encryptor()
        return cipher.update(u64(0) + u64(n)) + cipher.finalize()

    def seal(self, plaintext, when=None, seq=None, epoch=None, iv=None, padded=None, alter=None):
        """The next frame. All other arguments are for deviations; alter(token) returns the token to send."""
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
