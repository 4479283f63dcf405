// Restored backups of the store are noticed, whenever they were made.
#include <sys/wait.h>
#include <unistd.h>

#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::Store;

TEST_CASE("store: a restored backup is noticed, once") {
  TempFolder temp;
  const std::string home = temp / "home", state = temp / "state", path = home + "/store.db";
  {
    auto store = open_store(home, state);
    CHECK_FALSE(store->restored());
    REQUIRE(store->hold());
    CHECK_FALSE(store->restored());
  }
  const std::string backup = content(path);
  CHECK_FALSE(open_store(home, state)->restored());
  REQUIRE(open_store(home, state)->hold());
  REQUIRE(write_private_file(path, backup));
  {
    auto store = open_store(home, state);
    CHECK(store->restored());
    REQUIRE(store->hold());
    CHECK(store->restored());
  }
  auto store = open_store(home, state);
  CHECK_FALSE(store->restored());
  // Another computer has no note to compare with.
  REQUIRE(write_private_file(path, backup));
  CHECK_FALSE(open_store(home, temp / "other")->restored());
  CHECK_FALSE(open_store(home)->restored());
}

TEST_CASE("store: a backup that was made while a program used it is noticed, too") {
  for (const bool killed : {false, true}) {
    CAPTURE(killed);
    TempFolder temp;
    const std::string home = temp / "home", state = temp / "state", copy = temp / "copy";
    open_store(home);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open(home, state);
      const auto write = [&](int times) {
        for (int i = 0; store && i < times; ++i)
          if (!(*store)->put("draft", std::to_string(i)) || !(*store)->commit()) ::_exit(1);
      };
      write(3);
      std::filesystem::copy(home, copy);
      write(killed ? 120 : 3);
      if (killed) ::_exit(0);
      store->reset();
      ::_exit(0);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    CHECK_FALSE(open_store(home, state)->restored());
    std::filesystem::remove_all(home);
    std::filesystem::rename(copy, home);
    ::chmod(home.c_str(), 0700);
    CHECK(open_store(home, state)->restored());
    REQUIRE(open_store(home, state)->hold());
    CHECK_FALSE(open_store(home, state)->restored());
  }
}

TEST_CASE("store: closing it undoes uncommitted writes") {
  TempFolder temp;
  {
    auto store = open_store(temp.path());
    REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
    REQUIRE(store->commit());
    REQUIRE(store->pin_server("b:1", {some_id(1), 1}));
  }
  auto store = open_store(temp.path());
  CHECK(store->server("a:1"));
  CHECK_FALSE(store->server("b:1"));
}

TEST_CASE("store: it works without a place for the note") {
  TempFolder temp;
  REQUIRE(write_private_file(temp / "file", ""));
  auto store = open_store(temp / "home", temp / "file/below");
  CHECK(store->hold());
  CHECK_FALSE(store->restored());
}
