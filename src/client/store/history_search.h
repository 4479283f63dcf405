// A search of the history: a job for another thread, with a connection and keys of its own, which
// it wipes when it dies. It holds no more than one row and the hits in memory.
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
  // Upper and lower case match (base/caseless.h). run() stops after `max_hits` hits.
  HistorySearch(std::unique_ptr<Source> source, std::optional<PeerKey> peer, std::string text,
                std::size_t max_hits);
  ~HistorySearch() override;
  void run() override;
  void cancel() { cancelled = true; }  // from any thread; run() ends soon

  // After run():
  std::vector<SearchHit> hits;  // newest first
  std::string problem;          // why hits may be missing: a damaged row or file; else empty
  std::atomic<bool> cancelled = false;

 private:
  Result<void> look();

  std::unique_ptr<Source> source_;
  std::optional<PeerKey> peer_;
  std::string text_;
  std::size_t max_hits_;
};

}  // namespace sims::client
