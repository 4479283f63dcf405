// The table of options: sorted, complete, with bounds and errors.
#include "tui/state/options.h"

#include <doctest/doctest.h>

using namespace sims::tui;

TEST_CASE("options: the table is complete and sorted, and each value can be set as it is shown") {
  std::string_view last;
  for (const Option& option : all_options()) {
    CAPTURE(option.name);
    CHECK(option.name > last);
    CHECK(option.help.back() == '.');
    CHECK(find_option(option.name) == &option);
    Options options;
    CHECK(set_option(options, option, get_option(options, option)));
    CHECK(options == Options{});
    for (const auto& choice : option_choices(option)) {
      REQUIRE(set_option(options, option, choice));
      CHECK(get_option(options, option) == choice);
    }
    for (const char* wrong : {"", "maybe", "-1", "99999999999", "1x", " on"}) {
      const Options before = options;
      const auto set = set_option(options, option, wrong);
      REQUIRE_FALSE(set);
      CHECK(set.error().find(option_values(option)) != std::string::npos);
      CHECK(options == before);
    }
    last = option.name;
  }
  CHECK(find_option("colour") == nullptr);
}

TEST_CASE("options: numbers have bounds, and errors name the valid values") {
  Options options;
  const Option& lines = *find_option("paste-lines");
  CHECK(set_option(options, lines, "1000"));
  CHECK(options.paste_lines == 1000);
  CHECK(set_option(options, lines, "0").error() == "paste-lines takes 1 to 1000.");
  CHECK(option_values(*find_option("mouse")) == "off or on");
  CHECK(option_values(*find_option("theme")) == "dark, light, contrast or mono");
}
