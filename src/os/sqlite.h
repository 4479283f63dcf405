// SQLite as values that clean up after themselves. The only file pair that knows the library. A Database and
// its Statements belong to one thread at a time; a Statement dies before its Database. Errors are words; what
// a damaged file causes begins with "damaged: ".
#pragma once

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
  // The file must be there: its permissions are its maker's to choose, and SQLite gives its journal files the
  // same. Waits for other programs' locks for 5 s.
  static Result<Database> open(const std::string& path);
  static Result<Database> open_read_only(const std::string& path);
  // For a medium on which nothing can be written, not even what SQLite needs to read a database with a
  // write-ahead log. As it is now: where it is, or, when its log holds anything, in memory. Nobody may write
  // to it meanwhile.
  static Result<Database> open_snapshot(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Empty: whole; else what the first damage is that was found. An error: it could not be looked at. Reads
  // all of it.
  Result<std::string> check();
  bool writable() const;
  // What went wrong last is the medium's fault, not the file's: it can't be written to, or is full.
  bool medium_failed() const;
  Result<void> execute(const char* sql);  // one or more statements; what they return is dropped
  Result<std::int64_t> number(const char* sql);
  // All of it as it is at one moment, to a file that is missing or empty; not synced. Others may write
  // meanwhile.
  Result<void> copy_into(const std::string& path);
  bool in_transaction() const;  // false also when a failure undid it
  bool moved() const;           // another file, or none, is under its path by now
  // What went wrong last, and what helps when the file is to blame.
  std::string problem() const;

 private:
  friend class Statement;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The words for a file that SQLite, or who reads its rows, finds damaged.
std::string damaged(std::string_view why);

// One run of a statement. Prepared ones are kept by the database under the address of `sql`, a literal. The
// values are copied.
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
  Result<void> run();   // to its end
  // Calls take(), a Result<void>, for each row, until it fails.
  template <class F>
  Result<void> each(F take) {
    for (;;) {
      auto row = step();
      if (!row) return fail(std::move(row.error()));
      if (!*row) return {};
      if (Result<void> taken = take(); !taken) return taken;
    }
  }
  // Of the row that step() came to; valid until the next step.
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

// Undone when it dies without commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);  // and nobody else writes until its end
  static Result<Transaction> read(Database& db);   // all that is read until its end is of one moment
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();  // once; a failure undoes it

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;  // nullptr: it is over
};

}  // namespace sims::sqlite
