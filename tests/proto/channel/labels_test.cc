// The labels of keys, signatures and transcripts: unique, and always first.
#include "proto/labels.h"

#include <doctest/doctest.h>

#include <iterator>
#include <string>

#include "proto/channel/handshake.h"
#include "proto/channel/key_schedule.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

TEST_CASE("attack 6: the labels are unique, and none is a prefix of another") {
  CHECK(std::size(labels::all) == 24);
  for (const auto a : labels::all) {
    CHECK(a.starts_with("SIMS/1 "));
    int same = 0, prefix = 0;
    for (const auto b : labels::all) {
      same += a == b;
      prefix += a != b && b.starts_with(a);
    }
    CAPTURE(std::string(a));
    CHECK(same == 1);
    CHECK(prefix == 0);
  }
}

TEST_CASE("attack 6: an identity key signs a label before any other bytes") {
  test::FixedRng rng;
  const auto identity = crypto::SigningKey::generate(rng);
  const crypto::Digest transcript = crypto::sha256({bytes_of("t")});
  const Bytes key(120, 7);
  const auto signature = sign_key(Role::initiator, identity, transcript, key);

  const auto joined = [&](std::string_view label) {
    Bytes out(label.begin(), label.end());
    out.insert(out.end(), transcript.begin(), transcript.end());
    const auto hash = crypto::sha256({key});
    out.insert(out.end(), hash.begin(), hash.end());
    return out;
  };
  CHECK(crypto::verify(identity.public_key(), joined("SIMS/1 initiator"), signature));
  CHECK_FALSE(crypto::verify(identity.public_key(), joined("SIMS/1 responder"), signature));
  CHECK_FALSE(crypto::verify(identity.public_key(), joined(""), signature));
  CHECK_FALSE(crypto::verify(identity.public_key(), key, signature));

  const Id id = Id::of(identity.public_key());
  CHECK(verify_key(Role::initiator, id, transcript, key, signature));
  CHECK_FALSE(verify_key(Role::responder, id, transcript, key, signature));
}
