// The marks beside the store that say when to check its file: `unclean`, which exists while a
// program holds the store, and `checked`, the time when it was last found whole (Unix time in ms;
// empty: never). If the store's file is missing, both also show that there was one (schema.cc).
// SQLite's log beside an unused store is a sign of an unclean end, too.
#include <fmt/format.h>

#include <charconv>

#include "client/store/store_parts.h"

namespace sims::client {

namespace {
constexpr std::int64_t week_ms = std::int64_t{7} * 24 * 3'600'000;
constexpr std::size_t max_digits = 32;
}  // namespace

void StoreUse::note_beginning() {
  unclean = unclean || file_exists(mark());
  static_cast<void>(make_empty_file(mark()));
}

void StoreUse::note_end() const {
  static_cast<void>(remove_file(mark()));
}

const std::string& Store::read_only() const {
  return parts_->file.read_only;
}

bool Store::check_due(std::int64_t unix_ms) const {
  const Parts& p = *parts_;
  if (!p.file.read_only.empty()) return false;
  const bool alone = p.use.held || FileLock::take(p.use.lock_file()).has_value();
  if (!alone) return false;
  if (p.use.unclean || (!p.use.held && file_exists(p.use.mark()))) return true;
  std::int64_t last = 0;
  const auto text = read_private_file(p.use.note_of_check(), max_digits);
  if (text) std::from_chars(text->data(), text->data() + text->size(), last);
  return last > unix_ms || unix_ms - last >= week_ms;
}

std::unique_ptr<StoreCheck> Store::check() const {
  return std::make_unique<StoreCheck>(parts_->file.path());
}

// After damage the check stays due, so that each program reports it.
void Store::checked(const StoreCheck& done, std::int64_t unix_ms) {
  Parts& p = *parts_;
  if (done.damaged()) {
    p.use.unclean = true;
    return static_cast<void>(make_empty_file(p.use.mark()));
  }
  if (!done.whole()) return;
  auto alone = p.use.held ? Result<FileLock>(fail("held")) : FileLock::take(p.use.lock_file());
  if (!p.use.held && !alone) return;
  p.use.unclean = false;
  if (alone) p.use.note_end();
  static_cast<void>(write_private_file(p.use.note_of_check(), fmt::format("{}\n", unix_ms)));
}

}  // namespace sims::client
