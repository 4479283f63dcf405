// Looks for a text in the history: a job with a connection and keys of its own, wiped when it dies, for
// another thread. Holds no more than one row and the hits.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/model/effects.h"
#include "client/model/memory.h"

namespace sims::client {

class HistorySearch final : public Work {
 public:
  struct Source;  // the store's file and keys
  // Letters match in either case (base/caseless.h). `most` hits are enough.
  HistorySearch(std::unique_ptr<Source> source, std::optional<PeerKey> peer, std::string text,
                std::size_t most);
  ~HistorySearch() override;
  void run() override;
  void cancel() { cancelled = true; }  // from any thread; run() ends soon

  // After run():
  std::vector<SearchHit> hits;  // newest first
  std::string problem;          // why there may be more: a damaged row or file; else empty
  std::atomic<bool> cancelled = false;

 private:
  Result<void> look();

  std::unique_ptr<Source> source_;
  std::optional<PeerKey> peer_;
  std::string text_;
  std::size_t most_;
};

}  // namespace sims::client
