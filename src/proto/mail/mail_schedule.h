// What a letter's two ends derive and sign (sims-protocol(7) section 8), for the files of this folder. The
// key schedule itself is that of a handshake (channel/key_schedule.h).
#pragma once

#include "crypto/suite.h"
#include "proto/identity.h"
#include "proto/keys.h"
#include "proto/session/skipped_keys.h"
#include "proto/wire/mail_message.h"

namespace sims::proto {

// The bytes that a prekey's owner signs.
Bytes prekey_signed_input(const Prekey& prekey);

// tm, which stands for the transcript of a handshake: both ids, the whole prekey and the nonce.
crypto::Digest mail_transcript(const Id& sender, const Id& owner, const Prekey& prekey,
                               const ByteArray<32>& nonce);

// The session's chain, from Z; `key` is the one of phase 5.
Chain mail_chain(const crypto::Suite& suite, ByteView z, const crypto::Digest& transcript, ByteView key);

// The bytes that stand in a letter's `verification` where a message has its ratchet header.
Bytes header_bytes(const MailHeader& header);

}  // namespace sims::proto
