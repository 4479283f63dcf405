// Files: atomic and private writes, folders, locks, new and secret files.
#include "os/files.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"
#include "support/vectors.h"

using namespace sims;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  return s.st_mode & 0777;
}

void put(const std::string& path, std::string_view content, unsigned mode) {
  std::ofstream(path) << content;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("files: a private file is written whole, 0600, and read back") {
  test::TempFolder folder;
  std::string path = folder / "key";
  std::string content(100'000, 'k');
  content[5] = '\0';
  umask(0);  // the mode does not depend on it
  REQUIRE(write_private_file(path, "old"));
  REQUIRE(write_private_file(path, content));
  umask(022);
  CHECK(mode_of(path) == 0600);
  CHECK(read_private_file(path).value() == content);
  CHECK(read_file(path).value() == content);
  CHECK(test::list_folder(folder.path()) == std::vector<std::string>{"key"});  // no temporary file left
}

TEST_CASE("files: a failed write keeps the old file and leaves no temporary one") {
  test::TempFolder folder;
  REQUIRE(fs::create_directory(folder / "taken"));
  std::ofstream(folder / "taken/inside") << "x";
  auto done = write_private_file(folder / "taken", "content");  // cannot be renamed over a folder
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().starts_with(folder / "taken"));
  CHECK(test::list_folder(folder.path()) == std::vector<std::string>{"taken"});
  CHECK_FALSE(write_private_file(folder / "missing/file", "x").has_value());
}

TEST_CASE("files: the next write removes what a killed writer left") {
  test::TempFolder folder;
  REQUIRE(write_private_file(folder / "key", "old"));
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit small{4'096, 4'096}, none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &small);
    _exit(write_private_file(folder / "key", std::string(8'192, 's')) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ));
  CHECK(read_file(folder / "key").value() == "old");
  CHECK(test::list_folder(folder.path()).size() == 2);
  REQUIRE(write_private_file(folder / "key", "new"));
  CHECK(read_file(folder / "key").value() == "new");
  CHECK(test::list_folder(folder.path()) == std::vector<std::string>{"key"});
}

TEST_CASE("files: a user's copy beside a file is kept") {
  test::TempFolder folder;
  const std::vector<std::string> copies = {"key.backup", "key.bak", "key.old", "key.tmp"};
  for (const auto& copy : copies)
    put(folder / copy, "secret", 0600);
  REQUIRE(write_private_file(folder / "key", "new"));
  for (const auto& copy : copies)
    CHECK(read_file(folder / copy).value() == "secret");
}

TEST_CASE("files: read_file refuses folders, large files and unreadable ones") {
  test::TempFolder folder;
  CHECK(read_file(folder / "none").error() == (folder / "none") + ": No such file or directory");
  CHECK(read_file(folder.path()).error() == folder.path() + ": Is a directory");
  put(folder / "ten", "0123456789", 0644);
  CHECK(read_file(folder / "ten", 10).value().size() == 10);
  CHECK(read_file(folder / "ten", 9).error() == (folder / "ten") + ": larger than 9 bytes");
  put(folder / "empty", "", 0600);
  CHECK(read_file(folder / "empty").value().empty());
  CHECK(read_file("/dev/zero", 10'000).error() == "/dev/zero: larger than 10000 bytes");
}

TEST_CASE("files: read_private_file refuses files of others, or that others may access") {
  test::TempFolder folder;
  for (unsigned mode : {0640u, 0604u, 0620u, 0644u, 0666u}) {
    put(folder / "open", "secret", mode);
    auto content = read_private_file(folder / "open");
    REQUIRE_FALSE(content.has_value());
    CHECK(content.error().find("chmod 600") != std::string::npos);
  }
  put(folder / "own", "secret", 0400);
  CHECK(read_private_file(folder / "own").value() == "secret");
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(read_private_file(folder / "fifo").error() == (folder / "fifo") + ": not a regular file");
}

TEST_CASE("files: private folders") {
  test::TempFolder folder;
  std::string deep = folder / "a/b/c";
  REQUIRE(make_private_folder(deep));
  CHECK(mode_of(deep) == 0700);
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(make_private_folder(deep).has_value());
  REQUIRE(chmod(deep.c_str(), 0750) == 0);
  CHECK(make_private_folder(deep).error().find("chmod 700") != std::string::npos);
  put(folder / "file", "", 0600);
  CHECK(make_private_folder(folder / "file").error() == (folder / "file") + ": Not a directory");
  CHECK_FALSE(make_private_folder(folder / "file/below").has_value());
  CHECK(file_exists(deep));
  CHECK_FALSE(file_exists(folder / "none"));
}

TEST_CASE("files: a folder whose parent cannot be made: the error names the parent") {
  test::TempFolder folder;
  REQUIRE(chmod((folder / ".").c_str(), 0755) == 0);
  const bool root = geteuid() == 0;
  if (root)
    REQUIRE(seteuid(65534) == 0);
  else
    REQUIRE(chmod((folder / ".").c_str(), 0555) == 0);
  const auto made = make_private_folder(folder / "parent/state/sims");
  if (root)
    REQUIRE(seteuid(0) == 0);
  else
    REQUIRE(chmod((folder / ".").c_str(), 0755) == 0);
  REQUIRE_FALSE(made);
  CHECK(made.error() == (folder / "parent") + ": Permission denied");
}

TEST_CASE("files: a lock is held by one, moves, and ends with its object") {
  test::TempFolder folder;
  auto lock = FileLock::take(folder / "lock");
  REQUIRE(lock.has_value());
  CHECK(FileLock::take(folder / "lock").error() == (folder / "lock") + ": in use by another program");
  {
    FileLock moved = std::move(*lock);
    CHECK_FALSE(FileLock::take(folder / "lock").has_value());
  }
  CHECK(FileLock::take(folder / "lock").has_value());
  CHECK_FALSE(FileLock::take(folder / "none/lock").has_value());
}

TEST_CASE("a dangling link counts as existing: no new file is made in its place") {
  test::TempFolder folder;
  const std::string link = folder / "identity";
  REQUIRE(symlink("/nonexistent/identity", link.c_str()) == 0);
  CHECK(file_exists(link));
  CHECK_FALSE(read_private_file(link).has_value());
  CHECK_FALSE(file_exists(folder / "other"));
}

TEST_CASE("a new file never replaces another, and is removed without close()") {
  test::TempFolder folder;
  const std::string path = folder / "new";
  {
    auto file = NewFile::make(path);
    REQUIRE(file);
    REQUIRE(file->write("half"));
  }
  CHECK_FALSE(file_exists(path));
  auto file = NewFile::make(path);
  REQUIRE(file);
  REQUIRE(file->write("who"));
  REQUIRE(file->write("le"));
  REQUIRE(file->close());
  CHECK(read_file(path).value() == "whole");
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(NewFile::make(path));
  CHECK(read_file(path).value() == "whole");
}

TEST_CASE("a new file is not made through a link, can be moved, and is closed once") {
  test::TempFolder folder;
  const std::string path = folder / "new", link = folder / "link";
  REQUIRE(symlink((folder / "elsewhere").c_str(), link.c_str()) == 0);
  CHECK_FALSE(NewFile::make(link));
  CHECK_FALSE(file_exists(folder / "elsewhere"));
  CHECK_FALSE(NewFile::make(folder / "none/new"));
  {
    auto file = NewFile::make(path);
    REQUIRE(file);
    {
      NewFile other = std::move(*file);
      REQUIRE(other.write("x"));
      REQUIRE(other.close());
    }
  }
  CHECK(read_file(path).value() == "x");
}

TEST_CASE("check_private_file: permissions and other names, without reading") {
  test::TempFolder folder;
  const std::string path = folder / "file", other = folder / "other";
  CHECK_FALSE(check_private_file(path));
  put(path, "secret", 0600);
  CHECK(check_private_file(path));
  for (unsigned mode : {0640u, 0620u, 0604u, 0602u, 0610u}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    CHECK(check_private_file(path).error().find("chmod 600") != std::string::npos);
  }
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  REQUIRE(symlink(path.c_str(), other.c_str()) == 0);
  CHECK(check_private_file(other).error().starts_with(other + ": a link"));
  REQUIRE(unlink(other.c_str()) == 0);
  REQUIRE(link(path.c_str(), other.c_str()) == 0);
  CHECK(check_private_file(path).error().starts_with(path + ": a link"));
  REQUIRE(unlink(other.c_str()) == 0);
  CHECK(check_private_file(path));
  CHECK(check_private_file(folder.path()).error() == folder.path() + ": not a regular file");
}

TEST_CASE("a secret file is overwritten before its removal; the target of a link is not") {
  test::TempFolder folder;
  const std::string path = folder / "secret", same = folder / "same", link_path = folder / "link";
  put(path, "a secret", 0600);
  REQUIRE(link(path.c_str(), same.c_str()) == 0);  // the same bytes, to look at afterwards
  REQUIRE(remove_secret_file(path));
  CHECK_FALSE(file_exists(path));
  CHECK(read_file(same).value() == std::string(8, '\0'));
  CHECK(remove_secret_file(path));  // done already

  put(path, "kept", 0600);
  REQUIRE(symlink(path.c_str(), link_path.c_str()) == 0);
  CHECK_FALSE(remove_secret_file(link_path));
  CHECK(read_file(path).value() == "kept");
  CHECK_FALSE(remove_secret_file(folder.path()));
  put(folder / "empty", "", 0600);
  CHECK(remove_secret_file(folder / "empty"));
}

TEST_CASE("a file replaces another one, or is removed when that fails") {
  test::TempFolder folder;
  put(folder / "from", "new", 0600);
  put(folder / "to", "old", 0600);
  REQUIRE(move_file(folder / "from", folder / "to"));
  CHECK(read_file(folder / "to").value() == "new");
  CHECK_FALSE(file_exists(folder / "from"));
  put(folder / "from", "new", 0600);
  REQUIRE(fs::create_directory(folder / "taken"));
  const auto failed = move_file(folder / "from", folder / "taken");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().starts_with(folder / "taken"));
  CHECK_FALSE(file_exists(folder / "from"));
}

TEST_CASE("a write is not misled by a file or link under its temporary name") {
  test::TempFolder folder;
  put(folder / "precious", "precious", 0600);
  REQUIRE(symlink((folder / "precious").c_str(), (folder / "key.unfinished").c_str()) == 0);
  REQUIRE(write_private_file(folder / "key", "new"));
  CHECK(read_file(folder / "precious").value() == "precious");
  CHECK(read_file(folder / "key").value() == "new");
  CHECK_FALSE(file_exists(folder / "key.unfinished"));
}

TEST_CASE("write_new_file: the file appears whole and private, and never replaces another") {
  test::TempFolder folder;
  const std::string path = folder / "copy", unfinished = path + ".unfinished";
  umask(0);
  put(unfinished, "a killed writer's", 0644);
  const auto fill = [&](const std::string& file) -> Result<void> {
    CHECK(file == unfinished);
    CHECK(mode_of(file) == 0600);
    CHECK_FALSE(file_exists(path));
    std::ofstream(file) << "content";
    return {};
  };
  REQUIRE(write_new_file(path, fill));
  CHECK(*read_file(path) == "content");
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(file_exists(unfinished));
  auto again = write_new_file(path, [](auto&) -> Result<void> { return fail("not asked"); });
  CHECK(again.error() == path + ": File exists");

  const std::string other = folder / "other";
  auto failed = write_new_file(other, [](auto&) -> Result<void> { return fail("no more"); });
  CHECK(failed.error() == other + ": no more");
  // Another program makes the file meanwhile.
  failed = write_new_file(other,
                          [&](auto&) -> Result<void> { return put(other, "theirs", 0600), Result<void>(); });
  CHECK(failed.error() == other + ": File exists");
  CHECK(*read_file(other) == "theirs");
  CHECK_FALSE(file_exists(other + ".unfinished"));
  CHECK_FALSE(write_new_file(folder / "no/such", fill));
}

TEST_CASE("a lock's error ends with the advice") {
  test::TempFolder folder;
  auto lock = FileLock::take(folder / "lock");
  REQUIRE(lock);
  CHECK(FileLock::take(folder / "lock", "; wait").error() ==
        (folder / "lock") + ": in use by another program; wait");
  CHECK(mode_of(folder / "lock") == 0600);
}

TEST_CASE("a path in the home folder") {
  const std::string home = std::getenv("HOME");
  setenv("HOME", "/home/somebody", 1);
  CHECK(home_expanded("~/notes/a") == "/home/somebody/notes/a");
  for (const char* other : {"~", "~somebody/a", "/tmp/~/a", "./~/a", ""})
    CHECK(home_expanded(other) == other);
  setenv("HOME", "relative", 1);
  CHECK(home_expanded("~/a") == "~/a");
  setenv("HOME", home.c_str(), 1);
}
