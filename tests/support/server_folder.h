// A private folder that goes with its test.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace sims::test {

struct Folder {
  explicit Folder(const std::filesystem::path& in = std::filesystem::temp_directory_path())
      : path((in / "sims-test-XXXXXX").string()) {
    if (!mkdtemp(path.data())) throw std::runtime_error("mkdtemp");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

// A folder where a fsync costs nothing, for tests that do not need a real disk.
inline std::filesystem::path in_memory() {
  return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
}

}  // namespace sims::test
