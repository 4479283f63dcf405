// The first fields of the connect dialog, from options and the last settings.
#include "tui/app/connect_fields.h"

#include <doctest/doctest.h>

#include "proto/limits.h"

using namespace sims;
using namespace sims::tui;

TEST_CASE("connect fields: an option overrules the last setting, field by field") {
  const client::Settings last{"chat.example.org:43155", "alice", "rsa"};
  AppOptions given;
  auto fields = first_fields(given, last);
  CHECK(fields.server == "chat.example.org");
  CHECK(fields.port == "43155");
  CHECK(fields.name == "alice");
  CHECK(fields.suites == "rsa");

  given.port = "9999";
  fields = first_fields(given, last);
  CHECK(fields.server == "chat.example.org");
  CHECK(fields.port == "9999");

  given.server = "other";
  CHECK(first_fields(given, last).server == "other");
  CHECK(first_fields(given, last).port == "9999");
  given.port.clear();
  CHECK(first_fields(given, last).port == "7467");
  given.server = "[2001:db8::1]:99";
  given.port = "5";
  CHECK(first_fields(given, last).server == "2001:db8::1");
  CHECK(first_fields(given, last).port == "99");

  given.name = "bob";
  given.suites = "ecdhe";
  CHECK(first_fields(given, last).name == "bob");
  CHECK(first_fields(given, last).suites == "ecdhe");
  fields = first_fields({}, {});
  CHECK(fields.server.empty());
  CHECK(fields.port == "7467");
  CHECK(fields.name.empty());
  CHECK_FALSE(fields.suites.empty());
  CHECK(first_fields({}, {"", std::string(40, 'a'), ""}).name.empty());  // the field would cut it
}

TEST_CASE("connect fields: the option's invitation goes into the dialog, unless it is too long") {
  AppOptions given;
  CHECK(first_fields(given, {"chat.example.org:43155", "alice", "rsa"}).invitation.empty());
  given.invite = "F65W1R-88XZNH";
  auto fields = first_fields(given, {"chat.example.org:43155", "alice", "rsa"});
  CHECK(fields.invitation == "F65W1R-88XZNH");
  CHECK(parse_fields(fields));
  CHECK(wrong_field(given).empty());
  given.invite = fields.invitation = std::string(proto::max_invitation + 1, 'a');
  CHECK_FALSE(parse_fields(fields));
  CHECK(wrong_field(given) == "--invite: not an invitation");
  given.invite = "\xff";
  CHECK(wrong_field(given) == "--invite: not an invitation");
}
