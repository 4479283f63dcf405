// Unix sockets: permissions, leftovers of a killed server, long paths, the user of the other side.
#include "net/unix_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "net_support.h"
#include "support/temp_folder.h"

namespace sims {
namespace {

using net::connect_to_path;
using net::listen_at_path;

TEST_CASE("unix socket: private from the start, and it replaces a dead one") {
  const test::TempFolder folder;
  const auto path = folder.path() + "/control";
  const auto old_mask = ::umask(0);
  const auto first = listen_at_path(path);
  ::umask(old_mask);
  REQUIRE(first);
  struct stat s {};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0600);
  ::close(*first);
  const auto refused = connect_to_path(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error == ECONNREFUSED);
  const auto second = listen_at_path(path);
  REQUIRE(second);
  const auto client = connect_to_path(path);
  CHECK(client);
  ::close(*client);
  ::close(*second);
}

TEST_CASE("unix socket: a file that is no socket is left alone") {
  const test::TempFolder folder;
  const auto path = folder.path() + "/control";
  std::ofstream(path) << "mine";
  const auto fd = listen_at_path(path);
  REQUIRE_FALSE(fd);
  CHECK(fd.error().find(path) != std::string::npos);
  CHECK(std::filesystem::file_size(path) == 4);
  CHECK(connect_to_path(folder.path() + "/none").error().error == ENOENT);
}

TEST_CASE("unix socket: connecting waits up to `patience` for a server that does not accept") {
  const test::TempFolder folder;
  const auto path = folder.path() + "/control";
  const auto fd = listen_at_path(path);
  REQUIRE(fd);
  std::vector<int> waiting;
  auto client = connect_to_path(path, std::chrono::milliseconds(0));
  for (; client && waiting.size() < 1'000; client = connect_to_path(path, std::chrono::milliseconds(1)))
    waiting.push_back(*client);
  REQUIRE_FALSE(client);
  CHECK(client.error().error == EAGAIN);
  CHECK(client.error().words == path + ": the program that listens there stands still");
  CHECK(waiting.size() > 0);
  for (const int one : waiting)
    ::close(one);
  ::close(*fd);
}

TEST_CASE("unix socket: a path longer than the kernel's addresses") {
  const test::TempFolder folder;
  std::string path = folder.path();
  while (path.size() < 300)
    path += "/" + std::string(60, 'f');
  std::filesystem::create_directories(path);
  path += "/control";
  const auto fd = listen_at_path(path);
  REQUIRE_MESSAGE(fd, fd.error());
  CHECK(std::filesystem::is_socket(path));
  const auto client = connect_to_path(path);
  REQUIRE(client);
  ::close(*client);
  ::close(*fd);
  const auto name = folder.path() + "/" + std::string(200, 'n');
  CHECK(listen_at_path(name).error().find("too long") != std::string::npos);
}

TEST_CASE("unix socket: a stream knows the user of the other side") {
  const test::TempFolder folder;
  const auto path = folder.path() + "/control";
  net::Loop loop;
  const auto fd = listen_at_path(path);
  REQUIRE(fd);
  std::unique_ptr<net::Stream> accepted;
  auto listener = net::Listener::adopt(loop, *fd, [&](std::unique_ptr<net::Stream> s) {
    accepted = std::move(s);
    loop.stop();
  });
  REQUIRE(listener);
  const auto client = connect_to_path(path);
  REQUIRE(client);
  test::run(loop);
  REQUIRE(accepted);
  CHECK(accepted->peer_user() == ::geteuid());
  accepted->write("hello");
  char buffer[8] = "";
  CHECK(::read(*client, buffer, sizeof buffer) == 5);
  ::close(*client);
  test::Pair pair(loop);
  CHECK_FALSE(pair.server->peer_user());
}

}  // namespace
}  // namespace sims
