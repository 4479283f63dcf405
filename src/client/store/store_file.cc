// The place of a row, which its seal covers, and the write of one sealed row.
#include "client/store/store_file.h"

namespace sims::client {

std::string row_place(std::string_view table, ByteView tag) {
  return std::string(table).append(text_of(tag));
}

std::string row_place(std::string_view table, std::uint64_t number, std::uint64_t other) {
  return std::string(table).append(text_of(u64be(number))).append(text_of(u64be(other)));
}

Result<void> StoreFile::put_row(Sealer& sealer, const char* sql, std::string_view table, const Tag& tag,
                                std::string_view plain) {
  return sqlite::Statement(db, sql, tag, sealer.seal(row_place(table, tag), plain)).run();
}

}  // namespace sims::client
