// Invitation codes: made, typed, hashed.
#include "server/accounts/invitation.h"

#include <doctest/doctest.h>

#include <set>

#include "support/fixed_rng.h"

namespace sims {
namespace {

using server::make_invitation;
using server::parse_invitation;

std::string made_of(const Bytes& bytes) {
  test::FixedRng rng;
  rng.push(bytes);
  return make_invitation(rng);
}

TEST_CASE("an invitation: 16 random bytes in groups") {
  CHECK(made_of(Bytes(16, 0)) == "000000-000000-000000-000000-00");
  CHECK(made_of(Bytes(16, 0xff)) == "ZZZZZZ-ZZZZZZ-ZZZZZZ-ZZZZZZ-ZW");
  // As any base32 writes it, in Crockford's letters.
  CHECK(made_of({0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32,
                 0x10}) == "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-20");
  test::FixedRng rng;
  std::set<std::string> codes;
  for (int i = 0; i < 1'000; ++i)
    codes.insert(make_invitation(rng));
  CHECK(codes.size() == 1'000);
  for (const auto& code : codes)
    CHECK(parse_invitation(code) == code);
}

TEST_CASE("an invitation as people type it") {
  const std::string code = "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-20";
  for (const auto* typed :
       {"04HMASW9NF6YZZPWQAC7CN1J20", "04hmas-w9nf6y-zzpwqa-c7cn1j-20", " 04hmas w9nf6y zzpwqa c7cn1j 20\r\n",
        "O4hmas-w9nf6y-zzpwqa-c7cn1j-2o", "-0-4-HMAS-W9NF6Y-ZZPWQA-C7CN1J-20-"})
    CHECK(parse_invitation(typed) == code);
  CHECK(parse_invitation("iIlL11-000000-000000-000000-00") == "111111-000000-000000-000000-00");
  for (const auto* wrong : {"", "-", "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-2", "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-200",
                            "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-2U", "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-21",
                            "04HMAS_W9NF6Y-ZZPWQA-C7CN1J-20", "04HMAS-W9NF6Y-ZZPWQA-C7CN1J-2\xc3\xa9"})
    CHECK_FALSE(parse_invitation(wrong));
  CHECK_FALSE(parse_invitation(std::string("04HMAS-W9NF6Y-ZZPWQA-C7CN1J-2\0", 30)));
}

}  // namespace
}  // namespace sims
