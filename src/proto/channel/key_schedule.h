// The key derivations and proofs that a handshake (sims-protocol(7) section 3), an RSA re-key (section 6) and
// a letter (section 8) share. Pure.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "crypto/suite.h"
#include "proto/identity.h"
#include "proto/keys.h"
#include "proto/wire/message_type.h"

namespace sims::proto {

// The identifier of a call: the hash of its phase-1 frame.
crypto::Digest call_hash(std::string_view phase_1);

crypto::Digest transcript_start(HandshakeKind kind);
crypto::Digest transcript_next(const crypto::Digest& before, std::string_view frame);
crypto::Signature sign_key(Role role, const crypto::SigningKey& identity, const crypto::Digest& transcript,
                           ByteView key);
bool verify_key(Role role, const Id& id, const crypto::Digest& transcript, ByteView key,
                const crypto::Signature& sig);
// The same under another label, for the sender of a letter (section 8).
crypto::Signature sign_key(std::string_view label, const crypto::SigningKey& identity,
                           const crypto::Digest& transcript, ByteView key);
bool verify_key(std::string_view label, const Id& id, const crypto::Digest& transcript, ByteView key,
                const crypto::Signature& sig);
// K = concat KDF of section 3; `transcript` is t4 (tm in a letter) and `key` phase 5's bytes.
MasterSecret master_secret(const crypto::Suite& suite, ByteView z, const crypto::Digest& transcript,
                           ByteView key);
// `confirm` of phase 5 (transcript t4, phase 5's key bytes and signature) and of phase 6 (t5).
crypto::Digest confirm_initiator(const MasterSecret& master, const crypto::Digest& transcript, ByteView key,
                                 const crypto::Signature& signature);
crypto::Digest confirm_responder(const MasterSecret& master, const crypto::Digest& transcript);

}  // namespace sims::proto
