// Names that look alike, and names that do not.
#include "client/model/look_alike.h"

#include <doctest/doctest.h>

using namespace sims::client;

TEST_CASE("attack 31: names that look the same have one skeleton") {
  const std::pair<const char*, const char*> same[] = {
      {"bob", "b0b"},       {"alice", "a1ice"},  {"alice", "al1ce"},    {"paul", "pau1"},    {"lisa", "1i5a"},
      {"arnold", "amold"},  {"wendy", "vvendy"}, {"david", "clavid"},   {"david", "c1avid"}, {"bob", "b.o-b"},
      {"anna.b", "anna_b"}, {"tom", "torn"},     {"alice", "a-l-ice-"}, {"simon", "s1rn0n"},
  };
  for (const auto& [a, b] : same) {
    CAPTURE(a);
    CAPTURE(b);
    CHECK(name_skeleton(a) == name_skeleton(b));
    CHECK(looks_like(a, b));
  }
}

TEST_CASE("attack 31: one letter apart, in names that are not short") {
  for (const auto* near : {"alic", "alicee", "alixe", "lice", "aalice", "ailce", "alcie"}) {
    CAPTURE(near);
    CHECK(looks_like("alice", near));
    CHECK(looks_like(near, "alice"));
  }
  for (const auto* far : {"ali", "alixx", "ecila", "bob", "alicia", "x", "malixe"})
    CHECK_FALSE(looks_like("alice", far));
  CHECK_FALSE(looks_like("bob", "rob"));
  CHECK(looks_like("bob", "bobb"));
  CHECK_FALSE(looks_like("", "bob"));
}

TEST_CASE("only contacts have look-alikes, the most alike first, never oneself") {
  std::map<std::string, PinnedPeer> pins;
  pins["alice1"].standing = Standing::contact;
  pins["alicel"].standing = Standing::contact;
  pins["b0b"].standing = Standing::blocked;
  pins["bob"].standing = Standing::request;
  CHECK(look_alike("alicei", pins) == "alice1");
  CHECK(look_alike("alicex", pins) == "alice1");
  CHECK(look_alike("alice1", pins) == "alicel");
  CHECK_FALSE(look_alike("bo.b", pins));
  CHECK_FALSE(look_alike("zoe", pins));
}
