// The server's identity key is wiped from memory when its state folder is closed.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/daemon/state_folder.h"
#include "support/process_memory.h"
#include "support/server_folder.h"

namespace sims {
namespace {

TEST_CASE("state folder: closed, its identity key is nowhere in memory any more") {
  if (test::heap_is_watched) return;  // a sanitizer keeps frames that have ended
  test::Folder folder;
  const auto path = folder.path + "/state";
  const pid_t child = fork();  // so that the key was made in another process
  REQUIRE(child >= 0);
  if (child == 0) _exit(server::load_identity(path) ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  Bytes seed;
  {
    auto state = server::StateFolder::open(path);
    REQUIRE(state);
    seed = test::masked(state->identity.seed());
    CHECK(state->identity.sign(ByteView()) != crypto::Signature{});
    CHECK(test::copies(seed) == 1);
  }
  CHECK(test::copies(seed) == 0);
}

}  // namespace
}  // namespace sims
