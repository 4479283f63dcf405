// Whether the store's file should be looked at, and the marks beside it that say so: `unclean`, there while a
// program holds the store, and `checked`, when it was last found whole (Unix time in ms; empty: not yet).
// Both also say that there was a store, when its file is missing (store_file.cc). A log of SQLite's beside a
// store that nobody uses was left by an unclean end, too.
#include <fmt/format.h>

#include <charconv>

#include "client/store/store_state.h"

namespace sims::client {

namespace {
constexpr std::int64_t week_ms = std::int64_t{7} * 24 * 3'600'000;
constexpr std::size_t max_digits = 32;
}  // namespace

void Store::State::note_beginning() {
  unclean = unclean || file_exists(mark());
  static_cast<void>(make_empty_file(mark()));
}

void Store::State::note_end() const {
  static_cast<void>(remove_file(mark()));
}

const std::string& Store::read_only() const {
  return state_->read_only;
}

bool Store::check_due(std::int64_t unix_ms) const {
  const State& s = *state_;
  if (!s.read_only.empty()) return false;
  const bool alone = s.held || FileLock::take(s.folder + "/lock").has_value();
  if (!alone) return false;
  if (s.unclean || (!s.held && file_exists(s.mark()))) return true;
  std::int64_t last = 0;
  const auto text = read_private_file(s.note_of_check(), max_digits);
  if (text) std::from_chars(text->data(), text->data() + text->size(), last);
  return last > unix_ms || unix_ms - last >= week_ms;
}

std::unique_ptr<StoreCheck> Store::check() const {
  return std::make_unique<StoreCheck>(state_->path());
}

// After damage the check stays due, so that it is told each time.
void Store::checked(const StoreCheck& done, std::int64_t unix_ms) {
  State& s = *state_;
  if (done.damaged()) {
    s.unclean = true;
    return static_cast<void>(make_empty_file(s.mark()));
  }
  if (!done.whole()) return;
  auto alone = s.held ? Result<FileLock>(fail("held")) : FileLock::take(s.folder + "/lock");
  if (!s.held && !alone) return;
  s.unclean = false;
  if (alone) s.note_end();
  static_cast<void>(write_private_file(s.note_of_check(), fmt::format("{}\n", unix_ms)));
}

}  // namespace sims::client
