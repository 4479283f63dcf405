// The configuration file of sims-tui: written, read back, and errors that name their line.
#include "tui/app/config_file.h"

#include <doctest/doctest.h>

#include "os/files.h"
#include "support/temp_folder.h"

using namespace sims;
using namespace sims::tui;

TEST_CASE("configuration file: every option is read back as it was written") {
  CHECK(config_text({}).find('=') == std::string::npos);
  Config config;
  config.options = {ThemeId::light, true, true, false, NotifyBy::osc777, true, true, true, false, 10, 15};
  const auto read = parse_config_text(config_text(config), "f");
  REQUIRE(read);
  CHECK(read->options == config.options);
}

TEST_CASE("configuration file: an error names its line") {
  const auto wrong = [](const char* text) { return parse_config_text(text, "f").error(); };
  CHECK(wrong("theme = \"dark\"\nmouse = \"on\"\n").starts_with("f:2: "));
  CHECK(wrong("theme = \"blue\"\n").find("dark") != std::string::npos);
  CHECK(wrong("paste-lines = 0\n").find("1") != std::string::npos);
  CHECK(wrong("colour = 1\n").find("colour") != std::string::npos);
}

TEST_CASE("configuration file: a missing one is empty, and saving makes its folder") {
  test::TempFolder folder;
  const std::string path = folder.path() + "/new/sims-tui.toml";
  CHECK(load_config_file(path)->options == Options{});
  Config config;
  config.options.mouse = true;
  REQUIRE(save_config_file(path, config));
  CHECK(load_config_file(path)->options.mouse);
  CHECK_FALSE(load_config_file(folder.path()));
}

TEST_CASE("configuration file: keys of actions") {
  Config config;
  REQUIRE(config.keys.bind("ctrl-s", "undo"));
  REQUIRE(config.keys.bind("alt-\"", "search"));
  REQUIRE(config.keys.bind("alt-\\", "search"));
  REQUIRE(config.keys.bind("f2", "none"));
  const std::string text = config_text(config);
  CHECK(text.find("[keys]\nlist = [\"alt-p\"]\nsearch = [\"alt-\\\"\", \"alt-\\\\\"]\n") !=
        std::string::npos);
  const auto read = parse_config_text(text, "f");
  REQUIRE(read);
  CHECK(read->keys.changes() == config.keys.changes());
  const auto wrong = [](const char* t) { return parse_config_text(t, "f").error(); };
  CHECK(wrong("[keys]\nsearch = [\"ctrl-x\", \"nonsense\"]\n").starts_with("f:2: "));
  CHECK(wrong("[keys]\nsearch = [\"x\"]\n").find("types itself") != std::string::npos);
  CHECK(wrong("[keys]\nnonsense = [\"f1\"]\n").starts_with("f:2: "));
  CHECK(wrong("[keys]\nsend = []\n").find("no key is left for send") != std::string::npos);
  CHECK(wrong("[keys]\nundo = [\"f3\"]\nsearch = [\"f3\"]\n") == "f: keys: f3 is given twice");
}
