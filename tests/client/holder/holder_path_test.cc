// The path of a holder's socket, and stale sockets there.
#include "client/holder/holder_path.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "support/fixed_rng.h"
#include "support/temp_folder.h"

using namespace sims;
using namespace sims::client;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

proto::Id some_id() {
  test::FixedRng rng;
  return proto::Id::of(crypto::SigningKey::generate(rng).public_key());
}

struct Folders {
  Folders() {
    for (const char* name : {"/run", "/store", "/other"}) {
      fs::create_directory(folder.path() + name);
      ::chmod((folder.path() + name).c_str(), 0700);
    }
  }
  std::vector<std::string> paths(const std::string& store = "/store") const {
    return holder_paths(folder.path() + "/run", folder.path() + store, id);
  }
  test::TempFolder folder;
  const proto::Id id = some_id();
};

}  // namespace

TEST_CASE("a holder's path depends on the store alone, however its folder is spelled") {
  Folders f;
  const auto paths = f.paths();
  REQUIRE(paths.size() == 2);
  CHECK(paths[0].starts_with(f.folder.path() + "/run/sims/"));
  CHECK(paths[1] == f.folder.path() + "/store/socket");
  CHECK(f.paths("/other/../store")[0] == paths[0]);
  CHECK(f.paths("/other")[0] != paths[0]);
  fs::create_symlink(f.folder.path() + "/store", f.folder.path() + "/link");
  CHECK(f.paths("/link")[0] == paths[0]);
  ::chmod((f.folder.path() + "/run").c_str(), 0755);
  CHECK(f.paths().size() == 1);  // not ours alone
}

TEST_CASE("attack 64: a holder replaces a stale socket, and nothing else") {
  Folders f;
  const auto paths = f.paths();
  auto first = listen_as_holder(paths);
  REQUIRE(first);
  CHECK(first->path == paths[0]);
  auto caller = connect_to_holder(paths, 1s);
  REQUIRE(caller);
  ::close(*caller);
  ::close(first->fd);
  CHECK(connect_to_holder(paths, 1s).error().error == ECONNREFUSED);
  auto second = listen_as_holder(paths);
  REQUIRE(second);
  ::close(second->fd);
  fs::remove(paths[0]);

  SUBCASE("a link in its place is neither followed nor removed: the other path is used") {
    std::ofstream(f.folder.path() + "/precious") << "precious";
    fs::create_symlink(f.folder.path() + "/precious", paths[0]);
    auto third = listen_as_holder(paths);
    REQUIRE(third);
    CHECK(third->path == paths[1]);
    CHECK(fs::is_symlink(paths[0]));
    caller = connect_to_holder(paths, 1s);
    REQUIRE(caller);
    ::close(*caller);
    ::close(third->fd);
  }
  SUBCASE("a link in the place of its folder is not followed") {
    fs::remove(fs::path(paths[0]).parent_path());
    fs::create_symlink(f.folder.path() + "/other", fs::path(paths[0]).parent_path());
    auto third = listen_as_holder(paths);
    REQUIRE(third);
    CHECK(third->path == paths[1]);
    CHECK(fs::is_empty(f.folder.path() + "/other"));
    ::close(third->fd);
  }
  SUBCASE("another user's socket is not spoken to") {
    if (::geteuid() != 0) return;
    auto third = listen_as_holder(paths);
    REQUIRE(third);
    REQUIRE(::lchown(paths[0].c_str(), 65'534, 65'534) == 0);
    const auto refused = connect_to_holder(paths, 1s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error == EPERM);
    ::close(third->fd);
  }
}
