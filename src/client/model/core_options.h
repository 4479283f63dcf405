// The options of a client::ClientCore, given to its constructor.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "client/model/model.h"
#include "crypto/sign.h"
#include "crypto/suite.h"

namespace sims::client {

// The notices that contacts get beside the texts. Nobody else gets any.
struct ReceiptSettings {
  bool receipts = false;  // the texts up to which the user has read
  bool typing = false;    // that the user is typing
};

struct CoreOptions {
  const crypto::SigningKey* identity = nullptr;  // not owned
  std::string name;
  crypto::SuiteList suites = crypto::default_suites();
  bool accept_new = false;        // pin a first-seen server without asking
  bool accept_strangers = false;  // accept strangers as contacts without asking: no quarantine
  bool reconnect = true;          // after a loss, with jittered back-off (1 to 15 s)
  std::size_t max_lines = 5'000;  // kept per window
  ReceiptSettings receipt_settings;
  bool keep_history = true;  // else delivered or seen texts leave the Memory
  std::deque<Line> status;   // first lines of the status window
  bool restored = false;     // the Memory came from a backup: shown in the status window
};

}  // namespace sims::client
