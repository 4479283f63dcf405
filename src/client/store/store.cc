// 1. opening  2. one program at a time  3. transactions  4. values
#include "client/store/store.h"

#include <fmt/format.h>

#include <charconv>

#include "client/store/store_state.h"

namespace sims::client {

namespace {
constexpr std::string_view in_use =
    "; one program at a time may use an identity: end the other one, or give this one its own --home DIR";
constexpr std::string_view replaced =
    "it was moved or replaced while this program used it: end the program and start it again";
constexpr std::size_t max_note = 64;
constexpr int raise_every = 100;  // commits: what a copy may be younger than without being noticed
constexpr std::int64_t max_generations = std::int64_t{1} << 48;  // nobody starts a program more often
}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() {
  State& s = *state_;
  if (s.transaction) s.undo("not committed");
  s.raise_if_written();
  // Damage that was told of is told of again.
  if (s.held && !s.unclean) s.note_end();
}

// --- 1. opening ----------------------------------------------------------------------------------

Result<std::unique_ptr<Store>> Store::open(const std::string& folder, const std::string& state_folder) {
  auto state = open_store_file(folder);
  if (!state) return fail(state.error());
  State& s = **state;
  if (!state_folder.empty()) s.note = state_folder + "/" + s.head.id.str();
  s.compare_with_note();
  if (s.head.lock == Lock::none) {
    if (s.head.master.size() != 32) return fail(s.damaged("no key"));
    if (auto opened = s.open_with(Secret<32>(s.head.master.view())); !opened) return fail(opened.error());
  }
  return std::unique_ptr<Store>(new Store(std::move(*state)));
}

Result<void> Store::State::read_head() {
  sqlite::Statement row(db, "SELECT id, generation, lock, salt, n, r, p, master, identity FROM store");
  auto there = row.step();
  if (!there) return fail(in_file(there.error()));
  const auto id = *there ? Id::shaped(row.text(0)) : std::nullopt;
  const auto generation = row.number(1), kind = row.number(2);
  const crypto::ScryptCost cost{static_cast<std::uint64_t>(row.number(4)),
                                static_cast<std::uint32_t>(row.number(5)),
                                static_cast<std::uint32_t>(row.number(6))};
  if (!id || generation < 0 || generation > max_generations || kind < 0 || kind > 2 ||
      row.blob(3).size() != head.salt.size() || !crypto::acceptable(cost))
    return fail(damaged("no heading that is one"));
  head.id = *id;
  head.generation = generation;
  head.lock = static_cast<Lock>(kind);
  std::memcpy(head.salt.data(), row.blob(3).data(), head.salt.size());
  head.cost = cost;
  head.master = SecretBytes(row.blob(7));
  head.identity = row.text(8);
  return {};
}

Store::Lock Store::lock_kind() const {
  return state_->head.lock;
}
bool Store::unlocked() const {
  return state_->sealer.has_value();
}
const Id& Store::id() const {
  return state_->head.id;
}
const std::string& Store::folder() const {
  return state_->folder;
}
bool Store::made_identity() const {
  return state_->made;
}
bool Store::restored() const {
  return state_->restored;
}

// --- 2. one program at a time --------------------------------------------------------------------

// No note, or none that can be read: nothing is known, so nothing is said.
void Store::State::compare_with_note() {
  if (note.empty() || !file_exists(note)) return;
  const auto text = read_private_file(note, max_note);
  if (!text) return;
  std::int64_t newest = 0;
  std::from_chars(text->data(), text->data() + text->size(), newest);
  if (newest <= head.generation || newest > max_generations) return;
  restored = true;
  head.generation = newest;
}

Result<void> Store::hold() {
  return state_->hold();
}

Result<bool> Store::try_hold() {
  return state_->try_hold();
}

Result<void> Store::State::hold() {
  auto taken = try_hold();
  if (!taken) return fail(taken.error());
  if (!*taken) return fail(fmt::format("{}/lock: in use by another program{}", folder, in_use));
  return {};
}

Result<bool> Store::State::try_hold() {
  if (held) return true;
  if (!read_only.empty()) return fail(read_only);
  auto taken = FileLock::try_take(folder + "/lock");
  if (!taken) return fail(taken.error());
  if (!*taken) return false;
  if (db.moved()) return fail(in_file(replaced));
  if (auto read = read_head(); !read) return fail(read.error());
  compare_with_note();
  if (sealer) {
    if (auto read = load_pins(); !read) return fail(read.error());
    if (auto done = raise(); !done) return fail(done.error());
  }
  held = std::move(*taken);
  note_beginning();
  return true;
}

Result<void> Store::State::count_up() {
  ++head.generation;
  auto done = sqlite::Statement(db, "UPDATE store SET generation = ?", head.generation).run();
  return done ? put_sum() : done;
}

Result<void> Store::State::raise() {
  auto all = sqlite::Transaction::begin(db);
  if (!all) return fail(in_file(all.error()));
  auto done = count_up();
  if (done) done = all->commit();
  if (!done) {
    --head.generation;
    return fail(in_file(done.error()));
  }
  raised = true;
  commits = 0;
  note_down();
  return {};
}

// A copy that was made since the last time is older from now on.
void Store::State::raise_if_written() {
  if (held && sealer && !transaction && commits > 0) static_cast<void>(raise());
}

// Without a note (no room, no right) a backup would not be noticed: no reason not to talk.
void Store::State::note_down() {
  if (const auto slash = note.rfind('/'); slash != note.npos && make_private_folder(note.substr(0, slash)))
    static_cast<void>(write_private_file(note, fmt::format("{}\n", head.generation)));
}

// --- 3. transactions -----------------------------------------------------------------------------

Result<void> Store::State::ready() {
  if (!sealer) return fail("the store is locked");
  undo_if_misread();
  if (!failed.empty()) return fail(failed);
  return hold();
}

Result<void> Store::State::begin() {
  if (auto may = ready(); !may) return may;
  if (transaction) return {};
  auto begun = sqlite::Transaction::begin(db);
  if (!begun) return fail(in_file(begun.error()));
  transaction.emplace(std::move(*begun));
  if (adopted) return {};
  adopted = true;
  auto done = adopt_outbox();
  if (!done) undo(in_file(done.error()));
  return done;
}

void Store::State::undo(std::string why) {
  transaction.reset();
  if (committed) pins = std::move(*committed);
  committed.reset();
  server_ids.clear();
  scrub = false;
  adopted = false;
  failed = std::move(why);
}

Result<void> Store::commit() {
  State& s = *state_;
  auto done = s.commit();
  s.owed = false;
  s.failed.clear();
  return done;
}

Result<void> Store::save() {
  return state_->save();
}

Result<void> Store::State::save() {
  auto done = commit();
  if (!owed) failed.clear();
  return done;
}

void Store::State::undo_if_misread() {
  if (misread.empty()) return;
  if (failed.empty()) undo(in_file(misread));
  misread.clear();
  owed = true;
}

Result<void> Store::State::commit() {
  undo_if_misread();
  if (!failed.empty()) return fail(failed);
  if (!transaction) return {};
  const bool counts = sealer && commits + 1 >= raise_every;
  Result<void> done;
  if (counts)
    done = count_up();
  else if (committed && sealer)  // locked: lock() did
    done = put_sum();
  if (done && db.moved()) done = fail(std::string(replaced));
  if (done) done = transaction->commit();
  if (!done) {
    if (counts) --head.generation;
    undo(in_file(done.error()));
    return fail(failed);
  }
  commits = counts ? 0 : commits + 1;
  if (counts) note_down();
  transaction.reset();
  committed.reset();
  owed = false;
  // What was overwritten is still in the write-ahead log until that is empty. A reader may be in the way:
  // then the next commit does it, or closing.
  if (scrub) {
    static_cast<void>(db.execute("PRAGMA busy_timeout = 0"));
    scrub = db.number("PRAGMA wal_checkpoint(TRUNCATE)") != 0;
    static_cast<void>(db.execute("PRAGMA busy_timeout = 5000"));
  }
  return {};
}

// --- 4. values -----------------------------------------------------------------------------------

std::string row_place(std::string_view table, ByteView tag) {
  return std::string(table).append(text_of(tag));
}

std::string row_place(std::string_view table, std::uint64_t number, std::uint64_t other) {
  return std::string(table).append(text_of(u64be(number))).append(text_of(u64be(other)));
}

std::optional<std::string> Store::get(const std::string& key) {
  State& s = *state_;
  if (!s.sealer) return std::nullopt;
  const Tag tag = s.sealer->tag("value", key);
  sqlite::Statement row(s.db, "SELECT token FROM value WHERE tag = ?", tag);
  if (auto there = row.step(); !there || !*there) return std::nullopt;
  const auto value = s.sealer->open(row_place("value", tag), row.text(0));
  if (!value) return std::nullopt;
  return std::string(*value);
}

Result<void> Store::put(const std::string& key, std::string_view value) {
  State& s = *state_;
  return s.write([&] {
    const Tag tag = s.sealer->tag("value", key);
    return s.put_row(put_value, "value", tag, value);
  });
}

Result<void> Store::erase(const std::string& key) {
  State& s = *state_;
  return s.write([&] {
    const Tag tag = s.sealer->tag("value", key);
    return sqlite::Statement(s.db, "DELETE FROM value WHERE tag = ?", tag).run();
  });
}

}  // namespace sims::client
