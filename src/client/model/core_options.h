// What a client::ClientCore is told at its making.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "client/model/model.h"
#include "crypto/sign.h"
#include "crypto/suite.h"

namespace sims::client {

// What contacts are told beside the texts. Nobody else is told anything.
struct ReceiptSettings {
  bool receipts = false;  // up to where their texts were looked at
  bool typing = false;    // that the user is typing
};

struct CoreOptions {
  const crypto::SigningKey* identity = nullptr;  // not owned
  std::string name;
  crypto::SuiteList suites = crypto::default_suites();
  bool accept_new = false;        // pin a first-seen server without asking
  bool accept_strangers = false;  // for contacts, without asking: no quarantine
  bool reconnect = true;          // after a loss, with jittered back-off (1 to 15 s)
  std::size_t max_lines = 5'000;  // kept per window
  ReceiptSettings receipt_settings;
  bool keep_history = true;  // else all of a conversation leaves the Memory with each text delivered or seen
  std::deque<Line> status;   // what the status window begins with
  bool restored = false;     // the Memory came from a backup: said in the status window
};

}  // namespace sims::client
