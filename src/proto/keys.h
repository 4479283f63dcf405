// A type for the key of each derivation stage, so that a function cannot take another stage's key
// (sims-protocol(7) sections 3, 4 and 6).
#pragma once

#include <string_view>

#include "base/secret.h"
#include "crypto/kdf.h"

namespace sims::proto {

// A Secret<32> of one stage: wiped on destruction, move-only, never printed, compared only with
// crypto::equal.
template <class Stage>
class Key : private Secret<32> {
 public:
  Key() = default;  // all zeros
  explicit Key(ByteView from) : Secret<32>(from) {}

  Key clone() const { return Key(view()); }
  using Secret<32>::size;
  using Secret<32>::view;
  using Secret<32>::writable;
};

using MasterSecret = Key<struct MasterStage>;    // K of a handshake, K' of a re-key
using ConfirmKey = Key<struct ConfirmStage>;     // from K: one side's `confirm` (section 3)
using SecureChainKey = Key<struct SecureStage>;  // from K, then from the previous epoch: SECURE (section 4)
using CloseKey = Key<struct CloseStage>;         // from K: one side's `client-disconnect` (section 6)
using RootKey = Key<struct RootStage>;           // RK, from K, then from RK and Z or K' (section 6)
using ChainKey = Key<struct ChainStage>;         // CK, from RK, then from CK
using MessageKey = Key<struct MessageStage>;     // MK, from CK: one message
using AckKey = Key<struct AckStage>;             // k_ack, from MK: that message's ack

// HKDF-Expand, written in place: HKDF(key, label).
template <class To, class From>
To derive(const Key<From>& key, std::string_view label) {
  To out;
  crypto::hkdf_expand(key.view(), bytes_of(label), out.writable());
  return out;
}

}  // namespace sims::proto
