// Saved windows as values: restored, changed one by one, broken.
#include "tui/state/saved_values.h"

#include <doctest/doctest.h>

using namespace sims::tui;

namespace {

SavedWindows some_windows() {
  SavedServerWindows first{
      "ID1",
      {{"", "", {"/help", "two\nlines"}}, {"bob", "a draft: 12:3", {}, "BOBS-ID"}, {"carol", "", {"hi"}}},
      1};
  return {first, {"", {{"", "", {}}}, 0}};
}

std::function<std::optional<std::string>(const std::string&)> in(
    const std::map<std::string, std::string>& values) {
  return [&values](const std::string& name) -> std::optional<std::string> {
    const auto at = values.find(name);
    if (at == values.end()) return std::nullopt;
    return at->second;
  };
}

}  // namespace

TEST_CASE("saved windows: restored unchanged") {
  const auto values = saved_values(some_windows());
  CHECK(saved_windows_of(in(values)) == some_windows());
  CHECK(saved_windows_of(in({})).empty());
}

TEST_CASE("saved windows: a change of one draft changes one value") {
  auto kept = some_windows();
  const auto before = saved_values(kept);
  kept[0].windows[1].draft += "!";
  const auto after = saved_values(kept);
  std::size_t changed = 0;
  for (const auto& [name, value] : after)
    changed += before.at(name) != value ? 1 : 0;
  CHECK(changed == 1);
}

TEST_CASE("saved windows: a broken value is left out, the others are restored") {
  auto values = saved_values(some_windows());
  values["window/ID1/bob"] = "5:ab";
  values["window/ID1/carol"] = "no number";
  values.erase("windows/");
  const auto kept = saved_windows_of(in(values));
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].windows[1].draft.empty());
  CHECK(kept[0].windows[2].history.empty());
  CHECK(kept[0].windows[0].history.size() == 2);
  values["windows/ID1"] = "2:99" + values["windows/ID1"].substr(3);
  CHECK(saved_windows_of(in(values))[0].current == 0);
  for (const auto& bad : {":", "1", "-1:x", "99999999999999999999999:x", "3:ab"}) {
    values["windows"] = bad;
    CHECK(saved_windows_of(in(values)).empty());
  }
}
