// Rows of our prekeys: what is written is read back; a wiped or damaged one is none.
#include "client/mail/prekey_record.h"

#include <doctest/doctest.h>

#include "proto/limits.h"
#include "proto/wire/encode.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::client;

namespace {

proto::OwnPrekey made(const char* label) {
  static test::FixedEphemerals ephemerals(3);
  static const auto identity = crypto::SigningKey::generate(ephemerals.random);
  return proto::make_prekey(*crypto::find_suite_by_label(label), proto::PrekeyUse::once, 1'800'000'000,
                            identity, ephemerals)
      .value();
}

}  // namespace

TEST_CASE("a prekey's row holds its record and its private half, for both suites") {
  for (const char* label : {"ecdhe", "rsa"}) {
    const auto own = made(label);
    const OwnPrekey row = prekey_row(own);
    CHECK(row.number == own.record.number);
    CHECK(row.suite == own.record.suite);
    CHECK(row.use == own.record.use);
    CHECK(row.acked_unix_s == 0);
    CHECK(row.wipe_unix_s == 1'800'000'000 + proto::prekey_kept_s);
    const auto back = prekey_of(row);
    REQUIRE(back);
    CHECK(proto::encode(back->record) == proto::encode(own.record));
    CHECK(std::equal(back->secret.view().begin(), back->secret.view().end(), own.secret.view().begin(),
                     own.secret.view().end()));
    CHECK(bare_record(row).number == own.record.number);
    CHECK(bare_record(row).expires == own.record.expires);
  }
}

TEST_CASE("a prekey's row that is wiped, cut or of another suite gives no key") {
  OwnPrekey row = prekey_row(made("ecdhe"));
  const SecretBytes whole(row.secret.view());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    row.secret = SecretBytes(whole.view().first(size));
    CHECK_FALSE(prekey_of(row).has_value());
  }
  row.secret = SecretBytes(whole.view());
  REQUIRE(prekey_of(row).has_value());
  row.suite = crypto::find_suite_by_label("rsa")->name;
  CHECK_FALSE(prekey_of(row).has_value());
  row.suite = "NONE";
  CHECK_FALSE(prekey_of(row).has_value());
  row = prekey_row(made("ecdhe"));
  row.number[0] ^= 1;
  CHECK_FALSE(prekey_of(row).has_value());
}
