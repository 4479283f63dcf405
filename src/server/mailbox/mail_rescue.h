// Moves the items of a damaged mail.db to a new file, row by row, past those that cannot be read. Meanwhile the new
// file takes letters already; both files are there, so a restart goes on where it stopped. Prekeys are not moved:
// one of them might have been handed out before. Their owners publish again.
//
//   mail.db          damaged; only read from now on
//   mail.db.rescue   the new file, until all is moved
//   mail.db.damaged-2026-11-22T230705Z   the damaged file, set aside at the end
#pragma once

#include <memory>
#include <string>

#include "server/mailbox/mail_database.h"

namespace sims::server {

class MailRescue {
 public:
  explicit MailRescue(const std::string& path);  // of the damaged file

  // Within a transaction of `to`: moves some more. False: all that can be read has been moved.
  Result<bool> move_some(MailDatabase& to);

  // A number above those of all its items; nullopt: that cannot be read.
  std::optional<std::uint64_t> next_number();
  std::uint64_t moved() const { return moved_; }              // items, by this object
  std::uint64_t ranges_lost() const { return ranges_lost_; }  // of numbers; each was logged

  // Sets the damaged file aside and puts the new one in its place. No connection to either may be open.
  // Returns the damaged one's new path. After a failure or a crash it can be called again.
  static Result<std::string> replace(const std::string& path, std::uint64_t unix_s);

 private:
  struct Found {
    std::int64_t n, owner, sender;
    MailDatabase::Row row;
  };
  void move_people(MailDatabase& to);
  Result<std::optional<Found>> at_or_behind(std::int64_t n);  // error: that place cannot be read
  std::optional<Found> next_behind(std::int64_t n);           // passes over what cannot be read
  std::optional<proto::Id> id_of(std::int64_t key);
  void lost(std::int64_t from, std::int64_t to, const std::string& why);

  std::string path_;
  std::optional<sqlite::Database> damaged_;  // nullopt: it cannot even be opened
  std::string why_not_;                      // then
  std::uint64_t moved_ = 0, ranges_lost_ = 0;
};

}  // namespace sims::server
