// Live: the store.
// 1. opening and locking  2. the passphrase  3. saved windows  4. the history  5. options and /doctor
#include <fmt/format.h>
#include <sys/stat.h>
#include <wchar.h>

#include <clocale>
#include <cstdlib>
#include <tuple>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "client/model/sent_time.h"
#include "client/state/history.h"
#include "os/files.h"
#include "tui/app/connect_fields.h"
#include "tui/app/doctor.h"
#include "tui/app/live_session.h"
#include "tui/state/saved_values.h"

namespace sims::tui {
namespace {

constexpr std::int64_t lock_limit_ms = 500;  // for goodbye to the server, before the keys are wiped
constexpr std::size_t max_hits = 500;

// The number of characters compared, and of those with another width in the C library, which ncurses uses.
std::pair<std::size_t, std::size_t> compare_widths() {
  std::size_t compared = 0, odd = 0;
  for (char32_t c = 0xa1; c < 0x20000; ++c) {
    const int theirs = ::wcwidth(static_cast<wchar_t>(c));
    if (theirs < 0) continue;
    ++compared;
    if (theirs != char_width(c)) ++odd;
  }
  return {compared, odd};
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Where a text of ours is that is not delivered.
std::string delivery_words(const client::HistoryEntry& entry) {
  if (!entry.mine) return "";
  switch (entry.delivery) {
    case client::Delivery::queued:
      return entry.why.empty() ? " (queued)" : " (queued: " + safe_text(entry.why, Lines::fold) + ")";
    case client::Delivery::mailed:
      return " (waits at the relay)";
    case client::Delivery::failed:
      return " (not sent: " + safe_text(entry.why, Lines::fold) + ")";
    case client::Delivery::sent:
    case client::Delivery::delivered:
      break;
  }
  return "";
}

// A line of the export, safe to show: "2026-11-22T23:07:05Z bob: hello".
std::string exported(const std::string& peer, const std::string& self, const client::HistoryEntry& entry,
                     bool incomplete) {
  const auto note = client::sent_note(entry);
  const std::string sent = note == client::SentNote::none
                               ? ""
                               : fmt::format(" (sent {}{})", utc_time(entry.sent_unix_ms),
                                             note == client::SentNote::unlikely ? ", which is unlikely" : "");
  return fmt::format("{} {}{}{}{}{}{} {}\n", utc_time(entry.at_unix_ms), entry.action ? "* " : "",
                     entry.mine ? self : peer, incomplete ? " (something before this has not come)" : "",
                     sent, delivery_words(entry), entry.action ? "" : ":",
                     safe_text(entry.body, Lines::fold));
}

}  // namespace

// --- 1. opening and locking ----------------------------------------------------------------------

void Live::opened() {
  const ConnectFields fields = first_fields(options_, store_.settings());
  ui_.set_fields(connect_again_ ? linked_ : fields);
  idle_.self_name = fields.name;
  const SavedWindows saved = saved_windows_of([this](const std::string& name) { return store_.get(name); });
  saved_values_ = saved_values(saved);
  ui_.restore(saved);
  if (!options_.query.empty()) ui_.open_when_known(options_.query);
  if (store_.made_identity() && !std::exchange(identity_reported_, true))
    notice("", "A new identity key was made. Its fingerprint is " + store_.id().str());
  if (store_.lock_kind() == client::Store::Lock::none)
    notice("",
           "Your store has no passphrase: anyone who can read your files can read it. /passphrase sets one.");
  notice("", "/help shows the commands and keys.");
  show_remembered(connect_again_ ? linked_ : fields);
  const bool given = !options_.server.empty() && !options_.name.empty();
  if (given || options_.connect || connect_again_)
    ui_.submit_dialog();  // without showing it: the user's keys would go into a dialog that vanishes
  else
    ui_.open_dialog();
  connect_again_ = false;
  arm_lock();
  store_watch_.begin();
}

void Live::store_was_checked(const client::StoreCheck& check) {
  damage_ = check.problem();
  if (!damage_.empty())
    ui_.warn(damage_,
             check.damaged() ? "The store is DAMAGED: /doctor" : "The store could not be checked: /doctor");
  schedule_draw(true);
}

// The user can read, search and answer the messages of the last server before there is a connection.
void Live::show_remembered(const ConnectFields& fields) {
  auto wanted = parse_fields(fields);
  if (!wanted) return;
  new_link(fields, std::move(wanted->suites));
  linked_ = fields;
  link_->core().show_remembered(wanted->host_port, loop_.now());
}

bool Live::has_passphrase() const {
  return store_.lock_kind() == client::Store::Lock::passphrase;
}

// Clears the screen at once, and wipes the keys as soon as no job uses them.
Result<void> Live::lock() {
  if (!has_passphrase()) return fail("There is no passphrase to lock with: /passphrase sets one.");
  if (!store_.unlocked() || locking_) return {};
  save_windows();
  saved_values_.clear();
  cancel_search();
  cancel_passphrase();
  lock_timer_.stop();
  connect_again_ = link_ && model().link != client::LinkState::offline;
  wipe_and_assign(idle_);
  idle_.self = store_.id();
  ui_.locked();
  forget_notifications();
  schedule_draw(true);
  if (!link_) {
    store_.lock();
    service_.changed();
    return {};
  }
  locking_ = true;
  leaving_ = std::move(link_);
  service_.changed();
  leaving_->leave(lock_limit_ms, [this] {
    leaving_.reset();
    store_.lock();
    locking_ = false;
    if (auto retry = std::exchange(unlock_later_, nullptr)) retry();
  });
  return {};
}

void Live::arm_lock() {
  const int minutes = ui_.state().options.lock_after_min;
  if (minutes > 0 && has_passphrase())
    lock_timer_.start(std::int64_t{minutes} * 60'000);
  else
    lock_timer_.stop();
}

// --- 2. the passphrase ---------------------------------------------------------------------------

void Live::derive(std::unique_ptr<client::Derivation> job,
                  std::function<void(const client::Derivation&)> then) {
  const std::uint64_t number = ++passphrase_number_;
  std::shared_ptr<client::Derivation> shared = std::move(job);
  loop_.work([shared] { shared->run(); },
             [this, shared, number, then = std::move(then)] {
               if (number == passphrase_number_) then(*shared);
               model_changed();
               schedule_draw(true);
             });
}

void Live::unlock(SecretBytes passphrase) {
  if (locking_) {
    auto later = std::make_shared<SecretBytes>(std::move(passphrase));
    unlock_later_ = [this, later] { unlock(std::move(*later)); };
    return;
  }
  derive(store_.derivation(std::move(passphrase)), [this](const client::Derivation& done) {
    auto unlocked = store_.unlock(done);
    if (unlocked) opened();
    ui_.passphrase_answer(std::move(unlocked));
  });
}

void Live::set_passphrase(SecretBytes old, SecretBytes fresh) {
  if (!has_passphrase()) return set_new_passphrase(std::move(fresh));
  auto wanted = std::make_shared<SecretBytes>(std::move(fresh));
  derive(store_.derivation(std::move(old)), [this, wanted](const client::Derivation& done) {
    if (auto right = store_.unlock(done); !right) return ui_.passphrase_answer(std::move(right));
    set_new_passphrase(std::move(*wanted));
  });
}

void Live::set_new_passphrase(SecretBytes fresh) {
  if (fresh.size() == 0) return ui_.passphrase_answer(store_.remove_passphrase());
  derive(store_.new_derivation(std::move(fresh)), [this](const client::Derivation& done) {
    ui_.passphrase_answer(store_.set_passphrase(done));
    arm_lock();
  });
}

// --- 3. saved windows ----------------------------------------------------------------------------

void Live::save_windows() {
  save_due_ = false;
  save_timer_.stop();
  if (!store_.unlocked() || locking_) return;
  auto values = saved_values(ui_.kept());
  if (values == saved_values_) return;
  Result<void> done;
  for (const auto& [name, value] : values) {
    const auto at = saved_values_.find(name);
    if (done && (at == saved_values_.end() || at->second != value)) done = store_.put(name, value);
  }
  for (const auto& [name, value] : saved_values_)
    if (done && !values.contains(name)) done = store_.erase(name);
  if (done) done = store_.save();
  if (done) {
    saved_values_ = std::move(values);
    save_failed_ = false;
  } else if (!std::exchange(save_failed_, true)) {
    notice("", "Drafts and input history could not be stored: " + done.error());
  }
}

// --- 4. the history ------------------------------------------------------------------------------

void Live::search(const std::string& peer, const std::string& text) {
  cancel_search();
  if (!link_) return ui_.found({}, "There is no connection yet: connect with /connect.");
  std::optional<client::PeerKey> whose;
  if (!peer.empty()) whose = client::PeerKey{model().server_id, peer};
  search_ = store_.search(whose, text, max_hits);
  loop_.work([search = search_] { search->run(); },
             [this, search = search_] {
               if (search != search_) return;
               search_.reset();
               ui_.found(std::move(search->hits), search->problem);
               schedule_draw(true);
             });
}

void Live::cancel_search() {
  if (search_) search_->cancel();
  search_.reset();
}

Result<void> Live::export_history(const std::string& peer, const std::string& file) {
  TRY_LET(out, NewFile::make(home_expanded(file)));
  Result<void> written;
  const client::PeerKey key{model().server_id, peer};
  auto read = store_.each(key, [&](const client::HistoryEntry& entry) {
    const bool incomplete = client::lacks_predecessor(store_, key, entry, loop_.now().unix_ms);
    written = out.write(exported(peer, model().self_name, entry, incomplete));
    return written.has_value();
  });
  if (!read) return read;
  return written ? out.close() : written;
}

// --- 5. options and /doctor ----------------------------------------------------------------------

void Live::options_changed() {
  const Options& set = ui_.state().options;
  if (link_) {
    link_->core().set_receipt_settings({set.receipts, set.typing});
    link_->core().set_keep_history(set.history);
  }
  arm_lock();
  display_.repaint();
}

Result<void> Live::save_options() {
  return save_config_file(config_path_, {ui_.state().options, ui_.state().keys});
}

std::string Live::doctor() {
  DoctorFacts facts;
  facts.term = variable("TERM");
  const char* locale = std::setlocale(LC_CTYPE, nullptr);
  facts.locale = locale ? locale : "";
  facts.colours = display_.colours();
  facts.no_colour = !variable("NO_COLOR").empty();
  facts.modern = display_.modern();
  facts.multiplexer = !variable("TMUX").empty() || !variable("STY").empty();
  facts.plain = options_.plain;
  std::tie(facts.widths, facts.odd_widths) = compare_widths();
  facts.config = config_path_;
  facts.store = store_path_;
  facts.passphrase = store_.lock_kind() != client::Store::Lock::none;
  facts.restored = store_.restored();
  facts.damage = damage_;
  facts.memory = options_.memory;
  struct stat info {};
  if (::stat(facts.store.c_str(), &info) == 0) facts.store_bytes = info.st_size;
  return doctor_text(facts, model(), ui_.state(), loop_.now());
}

}  // namespace sims::tui
