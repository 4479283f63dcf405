// Tests of sealed rows, also against values from another program, since files outlive programs.
#include "client/store/seal.h"

#include <doctest/doctest.h>

#include <set>

#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::test;
using client::Sealer;

namespace {

struct Fixture {
  FixedRng rng;
  Bytes master = Bytes(32, 1);
  Sealer sealer{master, rng};
};

std::string opened(Sealer& sealer, std::string_view place, std::string_view token) {
  const auto plain = sealer.open(place, token);
  return plain ? std::string(*plain) : "(does not open)";
}

}  // namespace

TEST_CASE("seal: a token opens at its place, with any size") {
  Fixture f;
  for (std::size_t size : {0, 1, 15, 16, 17, 31, 32, 1'000, 20'000, 5}) {
    const std::string plain(size, '\0');
    CHECK(opened(f.sealer, "here", f.sealer.seal("here", plain)) == plain);
  }
  CHECK(opened(f.sealer, "", f.sealer.seal("", "x")) == "x");
}

TEST_CASE("seal: a token does not open elsewhere, under another key, or altered") {
  Fixture f;
  const std::string token = f.sealer.seal("history1", "attack at dawn");
  CHECK(opened(f.sealer, "history1", token) == "attack at dawn");
  for (const char* place : {"history2", "history", "history11", "", "history1attack"})
    CHECK_FALSE(f.sealer.open(place, token));
  Sealer other(Bytes(32, 2), f.rng);
  CHECK_FALSE(other.open("history1", token));
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(f.sealer.open("history1", changed));
  }
  for (std::size_t size = 0; size < token.size(); ++size)
    CHECK_FALSE(f.sealer.open("history1", std::string_view(token).substr(0, size)));
  CHECK_FALSE(f.sealer.open("history1", token + "A"));
  CHECK_FALSE(f.sealer.open("history1", token + token));
}

TEST_CASE("seal: the place cannot be moved into the text") {
  Fixture f;
  // "a" + "bc" and "ab" + "c" give different bytes, since the place's length comes first.
  CHECK_FALSE(f.sealer.open("a", f.sealer.seal("ab", "c")));
  CHECK_FALSE(f.sealer.open("ab", f.sealer.seal("a", "bc")));
}

TEST_CASE("seal: one text never gives the same token twice, and a token reveals only a length") {
  Fixture f;
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i)
    CHECK(all.insert(f.sealer.seal("here", "yes")).second);
  CHECK(f.sealer.seal("here", "yes").size() == f.sealer.seal("here", "no!").size());
  // A token does not even reveal the time: a Fernet token's version, then eight bytes of time.
  CHECK(all.begin()->starts_with("gAAAAAAAAAAA"));
}

TEST_CASE("seal: a tag is always the same, and of its kind, texts and key alone") {
  Fixture f;
  const auto tag = f.sealer.tag("peer", "server", "bob");
  CHECK(f.sealer.tag("peer", "server", "bob") == tag);
  CHECK(Sealer(f.master, f.rng).tag("peer", "server", "bob") == tag);
  CHECK(f.sealer.tag("server", "server", "bob") != tag);
  CHECK(f.sealer.tag("peer", "serverb", "ob") != tag);
  CHECK(f.sealer.tag("peer", "", "serverbob") != tag);
  CHECK(f.sealer.tag("peer", "bob", "server") != tag);
  CHECK(f.sealer.tag("peers", "erver", "bob") != tag);
  CHECK(Sealer(Bytes(32, 2), f.rng).tag("peer", "server", "bob") != tag);
}

TEST_CASE("seal: the master key opens with its wrapping key, for its own store only") {
  FixedRng rng;
  const Bytes master(32, 3), key(32, 4), other(32, 5);
  const auto token = client::wrap_master(master, key, "alice", rng);
  const auto back = client::unwrap_master(token, key, "alice");
  REQUIRE(back);
  CHECK(text_of(back->view()) == text_of(master));
  CHECK_FALSE(client::unwrap_master(token, other, "alice"));
  CHECK_FALSE(client::unwrap_master(token, key, "bob"));
  CHECK_FALSE(client::unwrap_master(token.substr(1), key, "alice"));
  CHECK_FALSE(client::unwrap_master("", key, "alice"));
  CHECK_FALSE(client::unwrap_master(client::wrap_master(Bytes(31, 3), key, "alice", rng), key, "alice"));
  CHECK(client::wrap_master(master, key, "alice", rng) != token);
  // A key that opens rows opens no master key, and the other way round.
  Sealer sealer(key, rng);
  CHECK_FALSE(client::unwrap_master(sealer.seal("master key of alice", text_of(master)), key, "alice"));
  CHECK_FALSE(sealer.open("master key of alice", token));
}

TEST_CASE("seal: a key file's key depends on the file and on the salt") {
  const Bytes bytes(32, 6), salt(16, 7);
  const auto key = client::key_of_file(bytes, salt);
  CHECK(text_of(client::key_of_file(bytes, salt).view()) == text_of(key.view()));
  CHECK(text_of(client::key_of_file(Bytes(32, 7), salt).view()) != text_of(key.view()));
  CHECK(text_of(client::key_of_file(bytes, Bytes(16, 8)).view()) != text_of(key.view()));
  CHECK(text_of(key.view()) != text_of(bytes));
}

TEST_CASE("seal: known answers, made with another program") {
  Fixture f;
  const Bytes iv(16, 9);
  f.rng.push(iv);
  const std::string token =
      "gAAAAAAAAAAACQkJCQkJCQkJCQkJCQkJCTHSsib9zEcbnEPO4we81InRdXnm53sxImb_dLQzYJZKNYDmY-"
      "Ui32WhMDU2IBQtQdIIUPTV"
      "vRUMnVyo-Rfpyjo=";
  CHECK(f.sealer.seal("history1", "attack at dawn") == token);
  CHECK(opened(f.sealer, "history1", token) == "attack at dawn");
  CHECK(hex(f.sealer.tag("peer", "server", "bob")) == "d659c2ad36cb9c1ab29dcae968c50143");
  f.rng.push(iv);
  CHECK(client::wrap_master(Bytes(32, 3), Bytes(32, 4), "alice", f.rng) ==
        "gAAAAAAAAAAACQkJCQkJCQkJCQkJCQkJCcqF52p6crxuRe2-"
        "q3dJYNl9xscnQRj602XshgWT41l70fKa0nvzwLbyb1QbIWNBErPOb1ku"
        "fLhxGsDMgl4mkHcFGTNzMJTFQ8zruBdZhoXbWU_bPTVsiXHH2BZPvAvNNQ==");
  CHECK(hex(client::key_of_file(Bytes(32, 6), Bytes(16, 7)).view()) ==
        "e26b3dbf9ab766a5aeba90874ba05e681640c39d6b2003ac3dd4b8f0013ebf4d");
}
