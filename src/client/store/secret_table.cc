// SecretTable: seals, opens and wipes one secret a row.
#include "client/store/secret_table.h"

namespace sims::client {

namespace {
constexpr std::string_view table = "mail_secret";
}  // namespace

Result<bool> SecretTable::has(const Tag& tag) {
  return sqlite::Statement(file_.db, "SELECT 1 FROM mail_secret WHERE tag = ?", tag).step();
}

Result<std::optional<SecretBytes>> SecretTable::read(const Tag& tag) {
  sqlite::Statement row(file_.db, "SELECT token FROM mail_secret WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  const auto plain = there ? vault_.sealer().open(row_place(table, tag), row.text(0)) : std::nullopt;
  if (!plain) return std::nullopt;
  return SecretBytes(bytes_of(*plain));
}

Result<void> SecretTable::put(const Tag& tag, ByteView secret) {
  TRY_LET(there, has(tag));
  const auto token = vault_.sealer().seal(row_place(table, tag), text_of(secret));
  if (!there)
    return sqlite::Statement(file_.db,
                             "INSERT INTO mail_secret (tag, pad, token) VALUES (?, zeroblob(1000), ?)", tag,
                             token)
        .run();
  wiped_ = true;
  return sqlite::Statement(file_.db, "UPDATE mail_secret SET token = ? WHERE tag = ?", token, tag).run();
}

Result<void> SecretTable::erase(const Tag& tag) {
  TRY_LET(there, has(tag));
  if (!there) return {};
  wiped_ = true;
  return sqlite::Statement(file_.db, "DELETE FROM mail_secret WHERE tag = ?", tag).run();
}

}  // namespace sims::client
