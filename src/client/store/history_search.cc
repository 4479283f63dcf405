// HistorySearch: opens each row from the newest to the oldest, and collects those that contain the text.
#include "client/store/history_search.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/caseless.h"
#include "client/store/history_row.h"
#include "client/store/history_source.h"
#include "crypto/rng.h"
#include "os/sqlite.h"

namespace sims::client {

namespace {

using Conversations = std::unordered_map<std::uint64_t, PeerKey>;

// The conversations to search.
Result<Conversations> conversations(sqlite::Database& db, Sealer& sealer,
                                    const std::optional<PeerKey>& peer) {
  Conversations out;
  sqlite::Statement rows(db, "SELECT number, tag, token FROM conversation");
  auto done = rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(0));
    auto key = read_conversation(sealer, number, rows.blob(1), rows.text(2));
    if (!key) return fail(sqlite::damaged("a conversation does not open"));
    if (!peer || *key == *peer) out.emplace(number, std::move(*key));
    return {};
  });
  TRY(done);
  return out;
}

constexpr const char* of_all =
    "SELECT row, conversation, kind, token FROM history WHERE kind != 3 ORDER BY row DESC";
constexpr const char* of_one =
    "SELECT row, conversation, kind, token FROM history WHERE conversation = ? AND kind != 3"
    " ORDER BY row DESC";

}  // namespace

HistorySearch::HistorySearch(std::unique_ptr<Source> source, std::optional<PeerKey> peer, std::string text,
                             std::size_t max_hits)
    : source_(std::move(source)), peer_(std::move(peer)), text_(std::move(text)), max_hits_(max_hits) {}
HistorySearch::~HistorySearch() {
  wipe(text_);
}

void HistorySearch::run() {
  if (!source_->master) {
    problem = "the store is locked";
    return;
  }
  auto done = look();
  source_->master.reset();
  if (!done) problem = fmt::format("{}: {}", source_->path, done.error());
}

Result<void> HistorySearch::look() {
  TRY_LET(db, sqlite::Database::open_read_only(source_->path));
  Sealer sealer(source_->master->view(), crypto::system_rng());
  TRY_LET(where, conversations(db, sealer, peer_));
  if (where.empty()) return {};
  Caseless wanted(text_);
  sqlite::Statement rows =
      peer_ ? sqlite::Statement(db, of_one, where.begin()->first) : sqlite::Statement(db, of_all);
  while (!cancelled && hits.size() < max_hits_) {
    TRY_LET(there, rows.step());
    if (!there) break;
    const auto number = static_cast<std::uint64_t>(rows.number(1));
    const auto conversation = where.find(number);
    if (conversation == where.end()) continue;  // created since
    auto entry =
        read_entry(sealer, static_cast<std::uint64_t>(rows.number(0)), number, rows.number(2), rows.text(3));
    if (!entry) return fail(sqlite::damaged("a message does not open"));
    if (wanted.in(entry->body)) hits.push_back({conversation->second, std::move(*entry)});
  }
  return {};
}

}  // namespace sims::client
