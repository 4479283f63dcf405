// Becoming another user, and making its folder.
#include "server/daemon/run_as.h"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "support/server_folder.h"

namespace sims {
namespace {

using server::User;

// Runs the function in a child process, since changes of user are irrevocable; returns its result.
int in_child(const std::function<int()>& what) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(what());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Not in the list of users, which does not matter.
const User stranger{"stranger", 54'321, 54'322};

TEST_CASE("user: unknown ones and root are refused in words") {
  CHECK(User::find("no such user").error() == "user no such user: there is no such user");
  CHECK(User::find("root").error() == "user root: has root's rights");
  const auto nobody = User::find("nobody");
  if (nobody) CHECK(nobody->uid > 0);
}

TEST_CASE("user: only root becomes another, and keeps neither groups nor a way back") {
  if (geteuid() != 0) {
    CHECK(server::become(stranger).error() == "user stranger: only root can become another user");
    return;
  }
  CHECK(in_child([] {
          const gid_t groups[] = {0, 1, 2};
          if (setgroups(3, groups) != 0 || stranger.is_us()) return 1;
          if (!server::become(stranger)) return 2;
          if (getuid() != stranger.uid || geteuid() != stranger.uid || getegid() != stranger.gid) return 3;
          if (getgroups(0, nullptr) != 0 || !stranger.is_us()) return 4;
          if (setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, nullptr) == 0) return 5;
          return server::become(stranger) ? 6 : 0;
        }) == 0);
}

TEST_CASE("user: a missing folder is made and owned by the user, an existing one is left alone") {
  if (geteuid() != 0) return;
  test::Folder folder;
  const auto path = folder.path + "/parent/state";
  const auto old_mask = umask(077);
  REQUIRE(server::make_folder_for(stranger, path));
  umask(old_mask);
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  CHECK(s.st_uid == stranger.uid);
  CHECK(s.st_gid == stranger.gid);
  CHECK((s.st_mode & 07777) == 0700);
  REQUIRE(stat((folder.path + "/parent").c_str(), &s) == 0);
  CHECK(s.st_uid == 0);
  CHECK((s.st_mode & 07777) == 0755);
  CHECK(server::make_folder_for({"other", 5, 5}, path));
  REQUIRE(stat(path.c_str(), &s) == 0);
  CHECK(s.st_uid == stranger.uid);
}

}  // namespace
}  // namespace sims
