// Reads what a damaged mail.db still gives.
#include "server/mailbox/mail_rescue.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/clock.h"
#include "os/files.h"
#include "os/log.h"

namespace sims::server {

using sqlite::Statement;

namespace {
constexpr std::size_t rows_at_once = 200;  // then puts have their turn
constexpr std::int64_t all_moved = std::numeric_limits<std::int64_t>::max();

// Unlike move_file(), it leaves the file where it is when it fails.
Result<void> renamed(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return fail(from + ": " + std::strerror(errno));
  return sync_folder_of(to);
}

}  // namespace

MailRescue::MailRescue(const std::string& path) : path_(path) {
  auto db = sqlite::Database::open(path);
  if (db)
    damaged_ = std::move(*db);
  else
    why_not_ = db.error();
}

void MailRescue::lost(std::int64_t from, std::int64_t to, const std::string& why) {
  ++ranges_lost_;
  log::error("event=mail-lost file={} from={} to={} reason={}", path_, from,
             to == all_moved ? std::string("end") : std::to_string(to), log::remote{why});
}

std::optional<std::uint64_t> MailRescue::next_number() {
  if (!damaged_) return std::nullopt;
  const auto last = damaged_->number("SELECT max(n) FROM mail");
  return last ? std::optional(static_cast<std::uint64_t>(*last) + 1) : std::nullopt;
}

Result<bool> MailRescue::move_some(MailDatabase& to) {
  TRY_LET(totals, to.totals());
  auto at = static_cast<std::int64_t>(totals.moved);
  if (at == all_moved) return false;
  if (!damaged_) {
    lost(at + 1, all_moved, why_not_);
    to.set_moved(static_cast<std::uint64_t>(all_moved));
    return false;
  }
  if (at == 0) move_people(to);
  for (std::size_t rows = 0; rows < rows_at_once; ++rows) {
    auto found = next_behind(at);
    if (!found) {
      to.set_moved(static_cast<std::uint64_t>(all_moved));
      return false;
    }
    at = found->n;
    const auto owner = id_of(found->owner), sender = id_of(found->sender);
    if (!owner || !sender) {
      lost(at, at, "its owner or sender is not known any more");
      continue;
    }
    found->row.owner = *owner;
    found->row.sender = *sender;
    TRY(to.adopt(found->row));
    ++moved_;
  }
  to.set_moved(static_cast<std::uint64_t>(at));
  return true;
}

Result<std::optional<MailRescue::Found>> MailRescue::at_or_behind(std::int64_t n) {
  Statement row(*damaged_,
                "SELECT n, owner, sender, kind, at, hash, content FROM mail NOT INDEXED "
                "WHERE n >= ? ORDER BY n LIMIT 1",
                n);
  TRY_LET(there, row.step());
  if (!there) return std::nullopt;
  Found out{row.number(0), row.number(1), row.number(2), {}};
  auto& item = out.row.item;
  out.row.unix_s = static_cast<std::uint64_t>(row.number(4));
  item.number = static_cast<std::uint64_t>(out.n);
  item.kind = row.number(3) == 0 ? MailKind::letter : MailKind::receipt;
  item.hash = crypto::sha256({row.blob(6)});
  item.bytes = text_of(row.blob(6));
  if (!std::ranges::equal(item.hash, row.blob(5))) return fail("an item has changed");
  return out;
}

// A number that cannot be read may stand for one row or for a page of the table, or for many. Steps of growing
// length find a place behind it, and halving them finds the first one.
std::optional<MailRescue::Found> MailRescue::next_behind(std::int64_t n) {
  if (n == all_moved) return std::nullopt;
  auto found = at_or_behind(n + 1);
  if (found) return std::move(*found);
  const auto why = found.error();
  std::int64_t bad = n + 1, good = all_moved;
  for (std::int64_t step = 1; bad<all_moved; step = step> all_moved / 2 ? all_moved : step * 2) {
    const auto next = bad > all_moved - step ? all_moved : bad + step;
    if (at_or_behind(next)) {
      good = next;
      break;
    }
    bad = next;
  }
  if (bad == all_moved) {
    lost(n + 1, all_moved, why);
    return std::nullopt;
  }
  while (good - bad > 1) {
    const auto middle = bad + (good - bad) / 2;
    (at_or_behind(middle) ? good : bad) = middle;
  }
  found = at_or_behind(good);
  auto out = found ? std::move(*found) : std::nullopt;
  lost(n + 1, out ? out->n - 1 : all_moved, why);
  return out;
}

// From the table, or from its index, which has both columns too.
std::optional<proto::Id> MailRescue::id_of(std::int64_t key) {
  {
    Statement row(*damaged_, "SELECT id FROM person NOT INDEXED WHERE key = ?", key);
    if (const auto there = row.step(); there && *there)
      if (const auto id = unpacked(row.blob(0))) return id;
  }
  Statement row(*damaged_, "SELECT id FROM person INDEXED BY sqlite_autoindex_person_1 WHERE +key = ?", key);
  const auto there = row.step();
  return there && *there ? unpacked(row.blob(0)) : std::nullopt;
}

// The counts of items taken, and the numbers of prekeys that were handed out, as far as they can be read. Without
// them clients find that their counts do not fit, and publish their prekeys again.
void MailRescue::move_people(MailDatabase& to) {
  {
    Statement row(*damaged_, "SELECT id, taken FROM person NOT INDEXED WHERE taken > 0");
    const auto read = row.each([&]() -> Result<void> {
      const auto id = unpacked(row.blob(0));
      return id ? to.adopt_taken(*id, static_cast<std::uint64_t>(row.number(1))) : Result<void>();
    });
    if (!read) log::error("event=mail-counts-lost file={} reason={}", path_, log::remote{read.error()});
  }
  Statement row(*damaged_, "SELECT owner, number, expires FROM given");
  const auto read = row.each([&]() -> Result<void> {
    proto::PrekeyNumber number;
    const auto id = id_of(row.number(0));
    if (!id || row.blob(1).size() != number.size()) return {};
    std::ranges::copy(row.blob(1), number.begin());
    return to.adopt_given(*id, number, static_cast<std::uint64_t>(row.number(2)));
  });
  if (!read) log::error("event=mail-given-lost file={} reason={}", path_, log::remote{read.error()});
}

Result<std::string> MailRescue::replace(const std::string& path, std::uint64_t unix_s) {
  const auto rescue = rescue_path(path);
  if (file_size(rescue + "-wal").value_or(0) > 0)
    return fail(rescue + "-wal: not all of it is in the file yet");
  auto time = utc_time(static_cast<std::int64_t>(unix_s) * 1'000);
  std::erase(time, ':');
  const auto first = path + ".damaged-" + time;
  auto aside = first;
  for (int n = 2; file_exists(aside); ++n)
    aside = first + "-" + std::to_string(n);
  if (file_exists(path)) {
    if (file_exists(path + "-wal")) TRY(renamed(path + "-wal", aside + "-wal"));
    TRY(remove_file(path + "-shm"));
    TRY(renamed(path, aside));
  }
  TRY(remove_file(rescue + "-shm"));
  TRY(remove_file(rescue + "-wal"));
  TRY(renamed(rescue, path));
  return aside;
}

}  // namespace sims::server
