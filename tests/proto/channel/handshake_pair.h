// Two sides of a handshake for tests, with fixed identities and secrets, and a wire that a test may tamper
// with.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/channel/handshake.h"
#include "support/fixed_rng.h"

namespace sims::test {

inline const crypto::Suite& ecdhe() {
  return *crypto::find_suite_by_label("ecdhe");
}
inline const crypto::Suite& rsa() {
  return *crypto::find_suite_by_label("rsa");
}

struct Side {
  explicit Side(std::uint64_t seed, std::string side_name)
      : ephemerals(seed), key(crypto::SigningKey::generate(ephemerals.random)), name(std::move(side_name)) {}
  proto::Id id() const { return proto::Id::of(key.public_key()); }

  FixedEphemerals ephemerals;
  crypto::SigningKey key;
  std::string name;
};

inline proto::HandshakeOptions handshake_options(proto::HandshakeKind kind, proto::Role role,
                                                 const Side& self, crypto::SuiteList suites,
                                                 std::optional<proto::Id> peer) {
  proto::HandshakeOptions out;
  out.kind = kind;
  out.role = role;
  out.identity = &self.key;
  out.name = self.name;
  out.suites = std::move(suites);
  out.peer = peer;
  return out;
}

// Two pairs with the same seeds send the same bytes.
struct Pair {
  explicit Pair(proto::HandshakeKind k, crypto::SuiteList offered = crypto::default_suites(),
                crypto::SuiteList accepted = crypto::default_suites(), std::uint64_t seed = 1)
      : kind(k), i_side(seed, "alice"), r_side(seed + 1'000, "bob") {
    initiator.emplace(options(proto::Role::initiator, std::move(offered)), i_side.ephemerals);
    responder.emplace(options(proto::Role::responder, std::move(accepted)), r_side.ephemerals);
  }

  proto::HandshakeOptions options(proto::Role role, crypto::SuiteList suites) {
    const bool first = role == proto::Role::initiator;
    const bool pinned = first || kind == proto::HandshakeKind::client_client;
    return handshake_options(kind, role, first ? i_side : r_side, std::move(suites),
                             pinned ? std::optional((first ? r_side : i_side).id()) : std::nullopt);
  }

  // Runs to the end or to the first failure. tamper(phase, frame) returns the frame that arrives instead.
  using Tamper = std::function<std::string(int phase, std::string frame)>;
  void run(const Tamper& tamper = {}) {
    std::string frame = initiator->start();
    for (int phase = 1; phase <= 6 && !frame.empty(); ++phase) {
      frames.push_back(frame);
      if (tamper) frame = tamper(phase, std::move(frame));
      auto answer = (phase % 2 == 1 ? *responder : *initiator).receive(frame);
      if (!answer) {
        failure = std::move(answer).error();
        failed_at = phase;
        return;
      }
      frame = std::move(*answer);
    }
  }
  bool both_done() const { return initiator->done() && responder->done(); }

  proto::HandshakeKind kind;
  Side i_side, r_side;
  std::optional<proto::Handshake> initiator, responder;
  std::vector<std::string> frames;  // as sent
  std::optional<proto::HandshakeFailure> failure;
  int failed_at = 0;  // the phase whose frame was refused
};

// Replaces the first occurrence; there must be one.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == text.npos) throw std::logic_error("not there: " + std::string(from));
  return text.replace(at, from.size(), to);
}

// The raw value of a JSON string field.
inline std::string field_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\"" + name + "\":\"");
  if (at == text.npos) throw std::logic_error("no such field: " + name);
  const auto begin = at + name.size() + 4;
  return text.substr(begin, text.find('"', begin) - begin);
}

}  // namespace sims::test
