#include "client/dirs.h"

#include <doctest/doctest.h>

#include <map>

using namespace sims;
using client::find_dirs;

namespace {

client::GetEnv env(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

}  // namespace

TEST_CASE("--home holds everything") {
  auto dirs = find_dirs("some/where", env({{"XDG_DATA_HOME", "/data"}})).value();
  CHECK(dirs.data == "some/where");
  CHECK(dirs.config == "some/where");
}

TEST_CASE("the XDG folders, and their defaults under HOME") {
  auto both = find_dirs("", env({{"XDG_DATA_HOME", "/d"}, {"XDG_CONFIG_HOME", "/c"}})).value();
  CHECK(both.data == "/d/sims");
  CHECK(both.config == "/c/sims");
  auto home = find_dirs("", env({{"HOME", "/home/a"}})).value();
  CHECK(home.data == "/home/a/.local/share/sims");
  CHECK(home.config == "/home/a/.config/sims");
}

TEST_CASE("an empty or relative variable is as if unset") {
  auto dirs =
      find_dirs("", env({{"HOME", "/h"}, {"XDG_DATA_HOME", "data"}, {"XDG_CONFIG_HOME", ""}})).value();
  CHECK(dirs.data == "/h/.local/share/sims");
  CHECK(dirs.config == "/h/.config/sims");
  CHECK_FALSE(find_dirs("", env({})).has_value());
  CHECK_FALSE(find_dirs("", env({{"HOME", "not/absolute"}})).has_value());
}
