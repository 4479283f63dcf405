// Opens databases, runs statements, and turns SQLite's errors into words.
#include "os/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/secret.h"
#include "os/files.h"
#include "os/sqlite_log.h"

namespace sims::sqlite {

namespace {
constexpr int busy_ms = 5'000;
constexpr std::string_view undone_before = "an earlier failure of the disk has undone the transaction";
constexpr std::size_t max_in_memory = std::size_t{4} << 30;
}  // namespace

struct Database::State {
  ~State() {
    for (auto& [sql, statement] : idle)
      sqlite3_finalize(statement);
    sqlite3_close(db);
    wipe(image);
  }
  sqlite3* db = nullptr;
  std::string image;            // of a snapshot in memory
  bool in_transaction = false;  // a Transaction is open
  std::unordered_multimap<const char*, sqlite3_stmt*> idle;

  // A Transaction is open, and SQLite has rolled it back.
  bool undone() const { return in_transaction && sqlite3_get_autocommit(db) != 0; }
  // SQLite's error of its last call.
  std::string words() const {
    if (db == nullptr) return "out of memory";
    const int code = sqlite3_errcode(db);
    const char* why = sqlite3_errmsg(db);
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return damaged(why);
    // "disk I/O error" alone does not help: add the system's error.
    const int cause = sqlite3_system_errno(db);
    if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && cause != 0)
      return fmt::format("{}: {}", why, std::strerror(cause));
    return why;
  }
};

std::string damaged(std::string_view why) {
  return fmt::format("damaged: {}; restore it from a backup", why);
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

namespace {

// Rows may hold keys, so SQLite's memory is wiped when it is freed.
sqlite3_mem_methods memory;  // the library's own

void wiped_free(void* block) {
  if (block != nullptr) wipe(block, static_cast<std::size_t>(memory.xSize(block)));
  memory.xFree(block);
}

void* wiped_realloc(void* block, int size) {
  void* larger = memory.xMalloc(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, static_cast<std::size_t>(std::min(memory.xSize(block), size)));
  wiped_free(block);
  return larger;
}

// Configures the library before its first use; false: it is in use already.
bool configured() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
  sqlite3_mem_methods wiping = memory;
  wiping.xFree = wiped_free;
  wiping.xRealloc = wiped_realloc;
  // No lookaside pool, whose small blocks would be reused without being freed.
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &wiping) == SQLITE_OK &&
         sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
}

Result<void> opened(const std::string& path, int flags, sqlite3** db) {
  [[maybe_unused]] static const bool once = configured();
  if (sqlite3_open_v2(path.c_str(), db, flags | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK)
    return fail(*db == nullptr ? "out of memory" : sqlite3_errmsg(*db));
  sqlite3_busy_timeout(*db, busy_ms);
  // Others may have written the file: do not trust functions in its schema, nor its pages.
  sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_exec(*db, "PRAGMA cell_size_check = ON", nullptr, nullptr, nullptr);
  return {};
}
}  // namespace

Result<Database> Database::open(const std::string& path) {
  auto state = std::make_unique<State>();
  if (!opened(path, SQLITE_OPEN_READWRITE, &state->db)) return fail(state->words());
  return Database(std::move(state));
}

Result<Database> Database::open_read_only(const std::string& path) {
  auto state = std::make_unique<State>();
  if (!opened(path, SQLITE_OPEN_READONLY, &state->db)) return fail(state->words());
  return Database(std::move(state));
}

namespace {

// An SQLite URI of the path.
std::string uri_of(const std::string& path) {
  std::string out = "file:";
  for (const char c : path)
    c == '%' || c == '?' || c == '#' ? out += fmt::format("%{:02x}", static_cast<unsigned char>(c))
                                     : out += c;
  return out + "?immutable=1";
}

}  // namespace

Result<Database> Database::open_snapshot(const std::string& path) {
  auto state = std::make_unique<State>();
  const std::string log = path + "-wal";
  if (file_size(log).value_or(0) == 0) {
    if (!opened(uri_of(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &state->db))
      return fail(state->words());
    return Database(std::move(state));
  }
  auto image = read_private_file(path, max_in_memory), changes = read_private_file(log, max_in_memory);
  if (!image || !changes) return fail(image ? changes.error() : image.error());
  state->image = std::move(*image);
  apply_log(state->image, *changes);
  if (!opened(":memory:", SQLITE_OPEN_READWRITE, &state->db)) return fail(state->words());
  const auto size = static_cast<sqlite3_int64>(state->image.size());
  auto* bytes = reinterpret_cast<unsigned char*>(state->image.data());
  if (sqlite3_deserialize(state->db, "main", bytes, size, size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
    return fail(state->words());
  return Database(std::move(state));
}

namespace {

// The check tells a page that could not be read as if it were damage: the error code at the end of its line.
// 0: no such line.
int unreadable(std::string_view line) {
  constexpr std::string_view words = "unable to get the page. error code=";
  const auto at = line.find(words);
  if (at == line.npos) return 0;
  int code = 0;
  std::from_chars(line.data() + at + words.size(), line.data() + line.size(), code);
  const int kind = code & 0xff;
  return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? 0 : code;
}

}  // namespace

Result<std::string> Database::check() {
  Statement ask(*this, "PRAGMA integrity_check(1)");
  const auto row = ask.step();
  if (row && *row) {
    const std::string found(ask.text(0));
    const int code = unreadable(found);
    if (code == 0) return found == "ok" ? std::string() : found;
    int cause = 0;
    sqlite3_file_control(state_->db, "main", SQLITE_FCNTL_LAST_ERRNO, &cause);
    return fail(cause == 0 ? sqlite3_errstr(code)
                           : fmt::format("{}: {}", sqlite3_errstr(code), std::strerror(cause)));
  }
  const int code = sqlite3_errcode(state_->db);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) return std::string(sqlite3_errmsg(state_->db));
  return fail(row ? "no answer" : row.error());
}

bool Database::writable() const {
  return sqlite3_db_readonly(state_->db, "main") == 0;
}

bool Database::medium_failed() const {
  const int code = sqlite3_errcode(state_->db) & 0xff;
  return code == SQLITE_CANTOPEN || code == SQLITE_IOERR || code == SQLITE_READONLY || code == SQLITE_FULL;
}

Result<void> Database::execute(const char* sql) {
  if (state_->undone()) return fail(std::string(undone_before));
  if (sqlite3_exec(state_->db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(problem());
  return {};
}

Result<std::int64_t> Database::number(const char* sql) {
  Statement ask(*this, sql);
  auto row = ask.step();
  TRY(row);
  return *row ? ask.number(0) : 0;
}

Result<void> Database::copy_into(const std::string& path) {
  return Statement(*this, "VACUUM INTO ?", path).run();
}

void Database::stop_when(const std::atomic<bool>& stop) {
  constexpr int steps = 100;  // of SQLite's machine between two looks
  const auto look = [](void* flag) -> int { return static_cast<const std::atomic<bool>*>(flag)->load(); };
  sqlite3_progress_handler(state_->db, steps, look, const_cast<std::atomic<bool>*>(&stop));
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(state_->db) == 0;
}

bool Database::moved() const {
  int moved = 0;
  sqlite3_file_control(state_->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

std::string Database::problem() const {
  return state_->words();
}

Statement::Statement(Database::State& db, const char* sql) : db_(db), sql_(sql), status_(SQLITE_OK) {
  if (auto kept = db.idle.find(sql); kept != db.idle.end()) {
    statement_ = kept->second;
    db.idle.erase(kept);
  } else {
    status_ = sqlite3_prepare_v3(db.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  db_.idle.emplace(sql_, statement_);
}

void Statement::bind(std::int64_t number) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(statement_, ++bound_, number);
}

void Statement::bind(std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";  // SQLite would bind NULL
  if (status_ == SQLITE_OK)
    status_ = sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind(ByteView blob) {
  const void* data = blob.data() != nullptr ? static_cast<const void*>(blob.data()) : "";
  if (status_ == SQLITE_OK)
    status_ = sqlite3_bind_blob64(statement_, ++bound_, data, blob.size(), SQLITE_TRANSIENT);
}

Result<bool> Statement::step() {
  if (db_.undone()) return fail(std::string(undone_before));
  if (status_ == SQLITE_OK || status_ == SQLITE_ROW) status_ = sqlite3_step(statement_);
  if (status_ == SQLITE_ROW) return true;
  if (status_ == SQLITE_DONE) return false;
  return fail(db_.words());
}

Result<void> Statement::run() {
  return each([]() -> Result<void> { return {}; });
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<Transaction> Transaction::begin(Database& db) {
  auto begun = db.execute("BEGIN IMMEDIATE");
  TRY(begun);
  return Transaction(db);
}

Result<Transaction> Transaction::read(Database& db) {
  auto begun = db.execute("BEGIN");
  TRY(begun);
  return Transaction(db);
}

Transaction::Transaction(Database& db) : db_(&db) {
  db.state_->in_transaction = true;
}

Transaction::Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}

Transaction::~Transaction() {
  if (db_ != nullptr) end();
}

void Transaction::end() {
  if (db_->in_transaction()) static_cast<void>(db_->execute("ROLLBACK"));
  db_->state_->in_transaction = false;
  db_ = nullptr;
}

Result<void> Transaction::commit() {
  auto done = db_->execute("COMMIT");
  end();
  return done;
}

}  // namespace sims::sqlite
