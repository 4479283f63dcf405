// SQLite's write-ahead log, read without SQLite: for a database on a medium where nothing can be written, so
// that SQLite itself can't read its log. Format: sqlite.org/fileformat2.html, section 4. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sims::sqlite {

// Puts what the log's committed transactions changed into `database`, the whole file's bytes, and makes it
// one that needs no log. What follows the last commit, or is damaged, was never promised to last, and is left
// out.
void apply_log(std::string& database, std::string_view log);

}  // namespace sims::sqlite
