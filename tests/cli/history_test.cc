// The output of `sims history` and `sims export`.
#include "base/clock.h"
#include "cli/offline_commands.h"
#include "cli/options.h"
#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using namespace sims::client;
using namespace sims::client::cli;

namespace {

const PeerKey bob = peer(1, "bob");

std::string exported(Store& store, Options options) {
  TempFolder folder;
  options.target = "bob";
  options.file = folder.path() + "/out";
  CHECK(export_history(options, store, "a:1") == Exit::ok);
  return content(options.file);
}

std::string bodies(const std::string& lines) {
  std::string out;
  for (std::size_t at = 0, end; (end = lines.find('\n', at)) != lines.npos; at = end + 1) {
    const auto line = lines.substr(at, end - at);
    const bool incomplete = line.find("(something before this has not come)") != line.npos;
    out += line.substr(line.rfind(' ') + 1) + (incomplete ? "! " : " ");
  }
  return out;
}

}  // namespace

TEST_CASE(
    "attack 7: a text that waits for the one before it is printed, though no program has shown it yet") {
  TempFolder folder;
  auto store = open_store(folder.path() + "/home");
  REQUIRE(store->pin_server("a:1", {bob.server, 5}));
  REQUIRE(store->add(bob, entry("first")));
  REQUIRE(store->add(bob, entry("second")));
  auto late = entry("late"), later = entry("later");
  late.after = "uid of what the relay withholds";
  later.after = late.uid;
  late.waits = later.waits = true;
  late.at_unix_ms = later.at_unix_ms = late.sent_unix_ms = later.sent_unix_ms = read_clocks().unix_ms;
  REQUIRE(store->add(bob, late));
  REQUIRE(store->add(bob, later));
  REQUIRE(store->add(peer(1, "carol"), entry("hers")));
  REQUIRE(store->commit());

  Options options;
  CHECK(bodies(exported(*store, options)) == "first second late! later ");
  options.count = 3;
  CHECK(bodies(exported(*store, options)) == "second late! later ");
  options.count = 1;
  CHECK(bodies(exported(*store, options)) == "later ");
  options.count = 0;
  options.text = "LATE";
  CHECK(bodies(exported(*store, options)) == "late! later ");
  options.text = "first";
  CHECK(bodies(exported(*store, options)) == "first ");

  options.text.reset();
  options.target = "bob";
  REQUIRE(store->hold());
  REQUIRE(erase(options, *store, "a:1") == Exit::ok);
  CHECK(export_history(options, *store, "a:1") == Exit::no_peer);
  CHECK(store->waiting(bob.server).value().empty());
  CHECK(store->seen(bob, late.peer_id, later.uid));
}
