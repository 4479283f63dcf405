"""An independent implementation of sims-protocol(7), written from that page alone, as a test tool.

Sockets block, with deadlines. Tests can deviate from the protocol everywhere: a hook sees every handshake frame before it
is sent and may return other fields or raw bytes. seal() takes any header, IV or time. Raw bytes can be written at any time.
Section numbers are those of sims-protocol(7). Needs Debian's python3-cryptography.
"""

from .client import Client, Wire
from .crypto import (
    OAEP, Draws, cbc, ecdh, hmac, p384_compressed, p384_from, p384_of_spki, p384_point, pad16, rsa_of_spki,
    rsa_spki, sha, u32, u64,
)
from .handshake import ECDHE, RSA, Handshake, check_refusal, refusal
from .identity import Identity, ed25519_point, id_of, safety_number
from .mail import MailSession, Owner, Prekey, check_prekey, check_unopened, unopened
from .secure import Direction
from .session import Session, inner_pad, uid
from .wire import Closed, Fault, Late, RemoteError, b64, b64url, dump, parse, unb64
