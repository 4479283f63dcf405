// The hashes and signed bytes of prekeys and letters.
#include "proto/mail/mail_schedule.h"

#include "proto/channel/key_schedule.h"
#include "proto/labels.h"

namespace sims::proto {

namespace {

Bytes joined(crypto::Parts parts) {
  Bytes out;
  for (const ByteView part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

ByteArray<1> use_byte(PrekeyUse use) {
  return {static_cast<std::uint8_t>(use)};
}

}  // namespace

Bytes prekey_signed_input(const Prekey& p) {
  return joined({bytes_of(labels::prekey), p.number, use_byte(p.use), u64be(p.expires),
                 crypto::sha256({bytes_of(p.suite)}), crypto::sha256({p.key})});
}

crypto::Digest mail_transcript(const Id& sender, const Id& owner, const Prekey& p,
                               const ByteArray<32>& nonce) {
  return crypto::sha256({crypto::sha256({bytes_of(labels::mail)}), sender.key(), owner.key(), p.number,
                         use_byte(p.use), u64be(p.expires), crypto::sha256({bytes_of(p.suite)}),
                         crypto::sha256({p.key}), nonce});
}

Chain mail_chain(const crypto::Suite& suite, ByteView z, const crypto::Digest& transcript, ByteView key) {
  return {derive<ChainKey>(master_secret(suite, z, transcript, key), labels::chain_mail), 0};
}

Bytes header_bytes(const MailHeader& header) {
  return joined({header.number, header.nonce, crypto::sha256({header.key}), header.signature});
}

}  // namespace sims::proto
