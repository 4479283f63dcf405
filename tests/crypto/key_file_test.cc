// Identity files: written, read back, damaged.
#include "crypto/key_file.h"

#include <doctest/doctest.h>

#include "os/files.h"
#include "support/temp_folder.h"

using namespace sims;

TEST_CASE("an identity file is read back; a damaged one is refused") {
  test::TempFolder folder;
  const std::string header = "# a key", path = folder / "identity";
  const auto key = crypto::make_key_file(path, header).value();
  const std::string text = read_private_file(path).value();
  CHECK(text.size() == header.size() + 1 + 44 + 1);
  CHECK(text.starts_with(header + "\n"));
  CHECK(crypto::read_key_file(path, header).value().public_key() == key.public_key());
  CHECK(crypto::make_key_file(folder / "other", header).value().public_key() != key.public_key());

  const std::string damaged =
      path + ": damaged: not an identity; restore it from a backup, or move it away to get a new one";
  const auto refused = [&](std::string_view content) {
    REQUIRE(write_private_file(path, content));
    const auto read = crypto::read_key_file(path, header);
    return !read && read.error() == damaged;
  };
  CHECK(refused("# b key" + text.substr(header.size())));
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(refused(std::string_view(text).substr(0, size)));
  CHECK(refused(text + "\n"));
  CHECK(refused(header + " " + text.substr(header.size() + 1)));
  std::string foreign = text;
  foreign[header.size() + 5] = '!';
  CHECK(refused(foreign));
  CHECK_FALSE(refused(text));
}

TEST_CASE("an identity file that is missing, too large or cannot be written: the error names its path") {
  test::TempFolder folder;
  const std::string path = folder / "identity";
  CHECK(crypto::read_key_file(path, "# a key").error() == path + ": No such file or directory");
  REQUIRE(write_private_file(path, std::string(2'000, 'A')));
  CHECK(crypto::read_key_file(path, "# a key").error().starts_with(path + ": larger than"));
  CHECK(crypto::make_key_file(folder / "none/identity", "# a key").error().starts_with(folder / "none"));
}
