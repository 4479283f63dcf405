// Signs and verifies `client-refuse` over the call's hash and the error code.
#include "proto/channel/refusal.h"

#include <algorithm>

#include "proto/labels.h"

namespace sims::proto {

namespace {

Bytes signed_input(const crypto::Digest& call, ErrorCode code) {
  const auto text = to_string(code);
  Bytes out(labels::refuse.size() + call.size() + text.size());
  auto at = std::copy(labels::refuse.begin(), labels::refuse.end(), out.begin());
  at = std::copy(call.begin(), call.end(), at);
  std::copy(text.begin(), text.end(), at);
  return out;
}

}  // namespace

ClientRefuse sign_refusal(const crypto::SigningKey& identity, const Id& caller, const crypto::Digest& call,
                          ErrorCode code) {
  ClientRefuse out;
  out.src = Id::of(identity.public_key());
  out.dst = caller;
  out.to = call;
  out.code = code;
  out.signature = identity.sign(signed_input(call, code));
  return out;
}

bool verify_refusal(const ClientRefuse& refusal, const Id& callee, const crypto::Digest& call) {
  return refusal.src == callee && refusal.to == call &&
         crypto::verify(callee.key(), signed_input(call, refusal.code), refusal.signature);
}

}  // namespace sims::proto
