// Reads SQLite's write-ahead log without SQLite, which cannot read it on a read-only medium.
// Format: sqlite.org/fileformat2.html, section 4. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sims::sqlite {

// Applies the log's committed transactions to `database`, the whole file's bytes, and makes it a
// database without a log. Ignores everything after the last commit or after damage: it was never
// durable.
void apply_log(std::string& database, std::string_view log);

}  // namespace sims::sqlite
