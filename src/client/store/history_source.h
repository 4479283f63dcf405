// The source of a search: the store's file and keys. Made by the store, for HistorySearch alone.
#pragma once

#include <optional>
#include <string>

#include "base/secret.h"
#include "client/store/history_search.h"

namespace sims::client {

struct HistorySearch::Source {
  std::string path;
  std::optional<Secret<32>> master;  // none: the store is locked
};

}  // namespace sims::client
