// Configuration files: types, errors with file and line, input that is not TOML.
#include "os/config.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "support/vectors.h"

using namespace sims;

namespace {

struct Settings {
  std::string name;
  std::int64_t connections = 0;
  bool open = false;
  std::vector<std::string> listen;
};

std::string load(std::string_view text, Settings& s) {
  const ConfigOption options[] = {
      {"name", ConfigSetter<std::string>([&](std::string v) -> Result<void> {
         s.name = v;
         return {};
       })},
      {"listen", ConfigSetter<std::vector<std::string>>([&](std::vector<std::string> v) -> Result<void> {
         s.listen = v;
         return {};
       })},
      {"limits.connections", ConfigSetter<std::int64_t>([&](std::int64_t v) -> Result<void> {
         if (v < 1 || v > 1000) return fail("must be 1 to 1000");
         s.connections = v;
         return {};
       })},
      {"limits.open", ConfigSetter<bool>([&](bool v) -> Result<void> {
         s.open = v;
         return {};
       })},
  };
  auto done = parse_config(text, "simsd.conf", options);
  return done ? "" : done.error();
}

std::string error_of(std::string_view text) {
  Settings s;
  return load(text, s);
}

}  // namespace

TEST_CASE("config: every type of option") {
  Settings s;
  CHECK(load("# a comment\nname = \"relay\"\nlisten = [\"[::]:7467\", \"127.0.0.1:7467\"]\n\n"
             "[limits]\nconnections = 10\nopen = true\n",
             s) == "");
  CHECK(s.name == "relay");
  CHECK(s.listen == std::vector<std::string>{"[::]:7467", "127.0.0.1:7467"});
  CHECK(s.connections == 10);
  CHECK(s.open);
  CHECK(error_of("") == "");
  CHECK(error_of("listen = []") == "");
}

TEST_CASE("config: unknown keys and sections are refused with file and line") {
  CHECK(error_of("name = \"a\"\n\nnmae = \"b\"\n") == "simsd.conf:3: unknown key `nmae`");
  CHECK(error_of("[limits]\nconnection = 1\n") == "simsd.conf:2: unknown key `limits.connection`");
  CHECK(error_of("[limit]\nconnections = 1\n") == "simsd.conf:1: unknown key `limit`");
  CHECK(error_of("connections = 1\n") == "simsd.conf:1: unknown key `connections`");
  CHECK(error_of("zz = 1\naa = 1\n") == "simsd.conf:1: unknown key `zz`");  // the first in the file
  CHECK(error_of("\"\\u001b[31m\" = 1\n") == "simsd.conf:1: unknown key `\\x1b[31m`");
}

TEST_CASE("config: wrong types and values are refused with file and line") {
  CHECK(error_of("name = 1") == "simsd.conf:1: `name` must be a string");
  CHECK(error_of("listen = \"x\"") == "simsd.conf:1: `listen` must be a list of strings");
  CHECK(error_of("listen = [\"x\", 1]") == "simsd.conf:1: `listen` must be a list of strings");
  CHECK(error_of("\n[limits]\nconnections = \"1\"") ==
        "simsd.conf:3: `limits.connections` must be a whole number");
  CHECK(error_of("limits.connections = 1.0") == "simsd.conf:1: `limits.connections` must be a whole number");
  CHECK(error_of("limits.connections = 0") == "simsd.conf:1: `limits.connections` must be 1 to 1000");
  CHECK(error_of("limits.open = 1") == "simsd.conf:1: `limits.open` must be true or false");
  CHECK(error_of("limits = 1") == "simsd.conf:1: `limits` must be a section");
  CHECK(error_of("[name]\nx = 1") == "simsd.conf:1: `name` must be a string");
}

TEST_CASE("config: input that is not TOML") {
  CHECK(error_of("name = \"a\"\nname\n").starts_with("simsd.conf:2: "));
  CHECK(error_of("name = \"a\"\nname = \"b\"\n").starts_with("simsd.conf:2: "));
  CHECK(error_of("\xff\xfe").starts_with("simsd.conf:1: "));
  CHECK(error_of("[[[x]]]") == "simsd.conf:1: not TOML");  // toml++ would abort
  for (const char* letter :
       {"\xC2\xA0", "\xC3\xA4", "\xD0\xAD", "\xE2\xBA\x8E", "\xEF\xBB\xBF"})  // and these are its end
    for (const char* after : {"", " = 1", "#"})
      CHECK(error_of(std::string("\n") + letter + after).starts_with("simsd.conf:2: "));
  CHECK(error_of("name = \"a\"\n\n# a comment\n  [[[\nlisten = []\nnmae = 1\n") == "simsd.conf:4: not TOML");
  CHECK(error_of("name = \"\"\"\n[[[\n\"\"\"\n[[[") == "simsd.conf:4: not TOML");  // the first is text
  CHECK(error_of(std::string(100'000, '\n') + "[[[\n" + std::string(100'000, '\n')) ==
        "simsd.conf:100001: not TOML");
  CHECK(error_of(std::string(10'000, '[')) == "simsd.conf:1: not TOML");
  CHECK(error_of("name = " + std::string(100'000, '[')).starts_with("simsd.conf:1: "));
}

TEST_CASE("config: files") {
  test::TempFolder folder;
  CHECK(load_config(folder / "none", {}).error() == (folder / "none") + ": No such file or directory");
  CHECK(load_config(folder.path(), {}).error() == folder.path() + ": Is a directory");
  CHECK(load_config("/dev/null", {}).has_value());
}
