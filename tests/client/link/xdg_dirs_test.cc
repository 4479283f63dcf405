// The folders of a client, from --home and from the XDG variables.
#include "client/link/xdg_dirs.h"

#include <doctest/doctest.h>

#include <map>

using namespace sims;
using client::data_folder;

namespace {

client::GetEnv env(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

}  // namespace

TEST_CASE("--home holds everything") {
  CHECK(data_folder("some/where", env({{"XDG_DATA_HOME", "/data"}})).value() == "some/where");
}

TEST_CASE("the XDG folder, and its default under HOME") {
  CHECK(data_folder("", env({{"XDG_DATA_HOME", "/d"}})).value() == "/d/sims");
  CHECK(data_folder("", env({{"HOME", "/home/a"}})).value() == "/home/a/.local/share/sims");
}

TEST_CASE("an empty or relative variable counts as unset") {
  for (const char* value : {"data", ""})
    CHECK(data_folder("", env({{"HOME", "/h"}, {"XDG_DATA_HOME", value}})).value() == "/h/.local/share/sims");
  CHECK_FALSE(data_folder("", env({})).has_value());
  CHECK_FALSE(data_folder("", env({{"HOME", "not/absolute"}})).has_value());
}

TEST_CASE("the state folder, and its default under HOME") {
  CHECK(client::state_folder(env({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}})) == "/s/sims");
  CHECK(client::state_folder(env({{"HOME", "/h"}, {"XDG_STATE_HOME", "relative"}})) ==
        "/h/.local/state/sims");
  CHECK(client::state_folder(env({})).empty());
}
