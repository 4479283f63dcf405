// RAII wrappers of SQLite; only this file pair uses the library. A Database and its Statements
// belong to one thread at a time; a Statement dies before its Database. Errors are words; those of
// a damaged file begin with "damaged: ".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sims::sqlite {

class Database {
 public:
  // Opens an existing file: the caller makes it and chooses its permissions, which SQLite gives to
  // its journal files too. Waits for other programs' locks for up to 5 s.
  static Result<Database> open(const std::string& path);
  static Result<Database> open_read_only(const std::string& path);
  // Opens a database on a read-only medium, where SQLite cannot make the files that it needs for a
  // write-ahead log. Reads it in place, or, if the log is not empty, from a copy in memory. No
  // program may write to it meanwhile.
  static Result<Database> open_snapshot(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Empty: whole; else what the first damage is that was found. An error: it could not be looked
  // at. Reads all of it.
  Result<std::string> check();
  bool writable() const;
  // Whether the last error came from the medium, not the file: it cannot be written to, or is full.
  bool medium_failed() const;
  Result<void> execute(const char* sql);  // one or more statements; drops their rows
  Result<std::int64_t> number(const char* sql);
  // Copies a snapshot to a file that is missing or empty, without fsync. Others may write
  // meanwhile.
  Result<void> copy_into(const std::string& path);
  // From now on statements fail soon after `stop`, which outlives this, is true.
  void stop_when(const std::atomic<bool>& stop);
  bool in_transaction() const;  // false also after a failure rolled it back
  bool moved() const;           // whether its path now leads to another file, or to none
  // The last error, with advice when the file is damaged.
  std::string problem() const;

 private:
  friend class Statement;
  friend class Transaction;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The error for a file that SQLite, or the reader of a row, finds damaged.
std::string damaged(std::string_view why);

// One run of a statement. The database caches prepared statements by the address of `sql`, which
// must be a literal. Values are copied.
class Statement {
 public:
  template <class... Values>
  Statement(Database& db, const char* sql, const Values&... values) : Statement(*db.state_, sql) {
    (bind(values), ...);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Result<bool> step();  // false: no more rows
  Result<void> run();   // steps to its end
  // Calls take(), a Result<void>, for each row, until it fails.
  template <class F>
  Result<void> each(F take) {
    for (;;) {
      auto row = step();
      TRY(row);
      if (!*row) return {};
      if (Result<void> taken = take(); !taken) return taken;
    }
  }
  // Columns of the current row; valid until the next step().
  std::int64_t number(int column) const;
  std::string_view text(int column) const;
  ByteView blob(int column) const;

 private:
  Statement(Database::State& db, const char* sql);
  void bind(std::int64_t number);
  void bind(std::uint64_t number) { bind(static_cast<std::int64_t>(number)); }
  void bind(int number) { bind(static_cast<std::int64_t>(number)); }
  void bind(std::string_view text);
  void bind(ByteView blob);

  Database::State& db_;
  const char* sql_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
  int status_;
};

// A transaction; the destructor rolls it back unless commit() succeeded. SQLite rolls it back by itself when a
// statement, also one that only reads, meets a full disk or an I/O error. Then every statement fails until the
// Transaction has ended: it would be a transaction of its own.
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);  // for writing: no other connection writes until its end
  static Result<Transaction> read(Database& db);   // for reading: all reads see one snapshot
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();  // at most once; a failure rolls back

 private:
  explicit Transaction(Database& db);
  void end();
  Database* db_;  // nullptr: it is over
};

}  // namespace sims::sqlite
