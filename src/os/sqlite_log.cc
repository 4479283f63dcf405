// Finds the last committed frame of each page in a write-ahead log, and copies it into the database's bytes.
#include "os/sqlite_log.h"

#include <cstdint>
#include <map>

namespace sims::sqlite {
namespace {

constexpr std::size_t log_head = 32, frame_head = 24, file_head = 100;
constexpr std::uint32_t magic = 0x377f0682;  // the lowest bit: sums are of big-endian words

std::uint32_t u32(std::string_view bytes, std::size_t at, bool big = true) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + (big ? i : 3 - i)]);
  return value;
}

struct Sum {
  bool big = true;
  std::uint32_t one = 0, two = 0;
  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      one += u32(bytes, at, big) + two;
      two += u32(bytes, at + 4, big) + one;
    }
  }
  bool is(std::string_view bytes, std::size_t at) const {
    return one == u32(bytes, at) && two == u32(bytes, at + 4);
  }
};

// The changed pages as of the last commit, by page number. Sets `pages` to the size of the database
// then.
std::map<std::uint32_t, std::string_view> committed(std::string_view log, std::size_t page,
                                                    std::uint32_t& pages) {
  std::map<std::uint32_t, std::string_view> all, since;
  Sum sum;
  sum.big = (u32(log, 0) & 1) != 0;
  sum.add(log.substr(0, 24));
  if (!sum.is(log, 24)) return all;
  for (std::size_t at = log_head; at + frame_head + page <= log.size(); at += frame_head + page) {
    const std::string_view head = log.substr(at, frame_head), content = log.substr(at + frame_head, page);
    if (head.substr(8, 8) != log.substr(16, 8)) break;  // of an earlier use of the file
    sum.add(head.substr(0, 8));
    sum.add(content);
    if (!sum.is(head, 16) || u32(head, 0) == 0) break;
    since.insert_or_assign(u32(head, 0), content);
    if (u32(head, 4) == 0) continue;
    pages = u32(head, 4);
    for (const auto& [number, bytes] : since)
      all.insert_or_assign(number, bytes);
    since.clear();
  }
  return all;
}

}  // namespace

void apply_log(std::string& database, std::string_view log) {
  const bool whole = log.size() >= log_head && (u32(log, 0) & ~1U) == magic;
  const std::size_t page = whole ? u32(log, 8) : 0;
  if (page >= 512 && page <= 65'536 && (page & (page - 1)) == 0) {
    std::uint32_t pages = 0;
    const auto changed = committed(log, page, pages);
    if (!changed.empty()) database.resize(pages * page);
    for (const auto& [number, bytes] : changed)
      if (number <= pages) database.replace((number - 1) * page, page, bytes);
  }
  // The versions of the format for writing and reading: 1, without a log.
  if (database.size() >= file_head) database[18] = database[19] = 1;
}

}  // namespace sims::sqlite
