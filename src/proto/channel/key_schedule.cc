// The key schedule of both handshakes: from the agreed secret and the transcript to the keys of each direction.
#include "proto/channel/key_schedule.h"

#include "proto/labels.h"

namespace sims::proto {

namespace {

// label || transcript || SHA(key): the bytes that an identity key signs. They never hold text of a user.
Bytes signed_input(std::string_view label, const crypto::Digest& transcript, ByteView key) {
  const crypto::Digest hash = crypto::sha256({key});
  Bytes out(label.begin(), label.end());
  out.insert(out.end(), transcript.begin(), transcript.end());
  out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

std::string_view label_of(Role role) {
  return role == Role::initiator ? labels::initiator : labels::responder;
}

}  // namespace

crypto::Digest call_hash(std::string_view phase_1) {
  return crypto::sha256({bytes_of(phase_1)});
}

crypto::Digest transcript_start(HandshakeKind kind) {
  return crypto::sha256(
      {bytes_of(kind == HandshakeKind::client_server ? labels::client_server : labels::client_client)});
}

crypto::Digest transcript_next(const crypto::Digest& before, std::string_view frame) {
  const crypto::Digest hash = crypto::sha256({bytes_of(frame)});
  return crypto::sha256({before, hash});
}

crypto::Signature sign_key(Role role, const crypto::SigningKey& identity, const crypto::Digest& transcript,
                           ByteView key) {
  return sign_key(label_of(role), identity, transcript, key);
}

bool verify_key(Role role, const Id& id, const crypto::Digest& transcript, ByteView key,
                const crypto::Signature& sig) {
  return verify_key(label_of(role), id, transcript, key, sig);
}

crypto::Signature sign_key(std::string_view label, const crypto::SigningKey& identity,
                           const crypto::Digest& transcript, ByteView key) {
  return identity.sign(signed_input(label, transcript, key));
}

bool verify_key(std::string_view label, const Id& id, const crypto::Digest& transcript, ByteView key,
                const crypto::Signature& sig) {
  return crypto::verify(id.key(), signed_input(label, transcript, key), sig);
}

MasterSecret master_secret(const crypto::Suite& suite, ByteView z, const crypto::Digest& transcript,
                           ByteView key) {
  const crypto::Digest key_hash = crypto::sha256({key});
  const crypto::Digest context = crypto::sha256({transcript, key_hash});
  Bytes other_info(suite.name.begin(), suite.name.end());
  other_info.insert(other_info.end(), context.begin(), context.end());
  MasterSecret out;
  crypto::concat_kdf(z, other_info, out.writable());
  return out;
}

crypto::Digest confirm_initiator(const MasterSecret& master, const crypto::Digest& transcript, ByteView key,
                                 const crypto::Signature& signature) {
  const auto k_init = derive<ConfirmKey>(master, labels::confirm_initiator);
  return crypto::hmac(k_init.view(), {transcript, crypto::sha256({key}), signature});
}

crypto::Digest confirm_responder(const MasterSecret& master, const crypto::Digest& transcript) {
  const auto k_resp = derive<ConfirmKey>(master, labels::confirm_responder);
  return crypto::hmac(k_resp.view(), {transcript});
}

}  // namespace sims::proto
