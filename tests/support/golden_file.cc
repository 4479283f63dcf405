// Compares a text with its golden file, or writes the file.
#include "support/golden_file.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace sims::test {

void check_golden(const std::string& name, const std::string& got) {
  const std::string path = "tests/tui/golden/" + name;
  if (const char* update = std::getenv("UPDATE_GOLDEN"); update && std::string_view(update) == "1") {
    std::filesystem::create_directories("tests/tui/golden");
    std::ofstream(path) << got;
    return;
  }
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "no golden screen " << path << ": UPDATE_GOLDEN=1 writes it");
  std::stringstream want;
  want << file.rdbuf();
  CHECK_MESSAGE(got == want.str(), path << " differs; now:\n" << got);
}

std::string golden_name(const std::string& scene, tui::Size size) {
  return scene + "-" + std::to_string(size.width) + "x" + std::to_string(size.height);
}

}  // namespace sims::test
