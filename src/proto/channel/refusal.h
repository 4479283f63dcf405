// `client-refuse`: the callee's signed message that ends a call at once (sims-protocol(7) section 3). Pure.
#pragma once

#include "crypto/sign.h"
#include "proto/wire/message.h"

namespace sims::proto {

// `call` is call_hash() of the caller's phase 1; `code` one that refusal_code() gives.
ClientRefuse sign_refusal(const crypto::SigningKey& identity, const Id& caller, const crypto::Digest& call,
                          ErrorCode code);
// Whether `callee` signed this about `call`. Verifies the signature last, only when all other fields match.
bool verify_refusal(const ClientRefuse& refusal, const Id& callee, const crypto::Digest& call);

}  // namespace sims::proto
