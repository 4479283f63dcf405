// LocalServer: who is served, what the others are told, and when a connection ends.
#include "net/local_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "net/unix_socket.h"
#include "net_support.h"
#include "support/temp_folder.h"

namespace sims {
namespace {

// Sessions that keep what they received, and give what the test puts into them.
struct Service final : net::LocalService {
  struct Session final : net::LocalSession {
    Session(Service& s, std::function<void()> call) : service(s), on_output(std::move(call)) {
      service.sessions.push_back(this);
    }
    ~Session() override {
      std::erase(service.sessions, this);
      service.loop.stop();
    }
    void received(ByteView bytes) override {
      input += text_of(bytes);
      service.loop.stop();
    }
    std::string take_output() override { return std::exchange(output, {}); }
    bool busy() const override { return working; }
    bool idle() const override { return !working; }
    bool finished() const override { return last; }
    Service& service;
    std::function<void()> on_output;
    std::string input, output;
    bool working = false, last = false;
  };
  explicit Service(net::Loop& l) : loop(l) {}
  Limits limits() const override { return {.sessions = 2, .unread = 1 << 20}; }
  bool serves(std::optional<std::uint32_t> user) const override { return user == served; }
  std::string refuse_user() const override { return "not you"; }
  std::string refuse_another() const override { return "too many"; }
  std::unique_ptr<net::LocalSession> start_session(std::function<void()> on_output) override {
    return std::make_unique<Session>(*this, std::move(on_output));
  }
  net::Loop& loop;
  std::uint32_t served = ::geteuid();
  std::vector<Session*> sessions;
};

struct Scene {
  Scene() {
    std::signal(SIGPIPE, SIG_IGN);
    server = net::LocalServer::serve(loop, path, net::listen_at_path(path).value(), service).value();
  }
  ~Scene() {
    for (const int fd : clients)
      ::close(fd);
  }
  int connect() { return clients.emplace_back(net::connect_to_path(path).value()); }
  // Its session has read `bytes` when this returns.
  int serve(std::string_view bytes) {
    const int fd = connect();
    say(fd, bytes);
    while (service.sessions.empty() || service.sessions.back()->input != bytes)
      test::run(loop);
    return fd;
  }
  static void say(int fd, std::string_view bytes) {
    REQUIRE(::send(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  // All until the server ends the connection.
  std::string hear(int fd) {
    std::string all;
    net::Timer look(loop, [&] { loop.stop(); });
    for (int looks = 0; looks < 10'000;) {
      char part[4096];
      const auto n = ::recv(fd, part, sizeof part, MSG_DONTWAIT);
      if (n == 0) return all;
      if (n > 0) {
        all.append(part, static_cast<std::size_t>(n));
      } else {
        ++looks;
        look.start(1);
        test::run(loop);
      }
    }
    FAIL("the server does not end the connection");
    return all;
  }
  const test::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  net::Loop loop;
  Service service{loop};
  std::unique_ptr<net::LocalServer> server;
  std::vector<int> clients;
};

TEST_CASE("local server: another user gets one answer") {
  Scene scene;
  scene.service.served = ::geteuid() + 1;
  CHECK(scene.hear(scene.connect()) == "not you");
  CHECK(scene.service.sessions.empty());
}

TEST_CASE("local server: one more than it serves is told so, and a place that is free is given again") {
  Scene scene;
  const int first = scene.serve("one");
  scene.serve("two");
  CHECK(scene.hear(scene.connect()) == "too many");
  REQUIRE(scene.service.sessions.size() == 2);
  ::shutdown(first, SHUT_WR);
  while (scene.service.sessions.size() == 2)
    test::run(scene.loop);
  scene.serve("three");
}

TEST_CASE("local server: an answer that comes late reaches a program that has closed its direction") {
  Scene scene;
  const int fd = scene.serve("question");
  auto& session = *scene.service.sessions.back();
  session.working = true;
  CHECK(scene.server->busy());
  ::shutdown(fd, SHUT_WR);
  scene.serve("by then the first one's end was read");
  session.working = false;
  session.output = "answer";
  session.on_output();
  CHECK(scene.hear(fd) == "answer");
  CHECK(scene.service.sessions.size() == 1);
  CHECK_FALSE(scene.server->busy());
}

TEST_CASE("local server: a session's last output ends the connection") {
  Scene scene;
  const int fd = scene.serve("nonsense");
  auto& session = *scene.service.sessions.back();
  session.output = "bad request";
  session.last = true;
  session.on_output();
  CHECK(scene.service.sessions.empty());
  CHECK(scene.hear(fd) == "bad request");
}

TEST_CASE("local server: a program that does not read its answers is cut off") {
  Scene scene;
  const int fd = scene.serve("much, please");
  auto& session = *scene.service.sessions.back();
  session.output.assign(4 << 20, 'x');
  session.on_output();
  CHECK(scene.service.sessions.empty());
  CHECK(scene.hear(fd).size() < 4 << 20);
}

TEST_CASE("local server: with its door closed the socket is gone, and those inside are served") {
  Scene scene;
  const int fd = scene.serve("hello");
  scene.server->close_door();
  CHECK_FALSE(std::filesystem::exists(scene.path));
  auto& session = *scene.service.sessions.back();
  session.output = "bye";
  session.last = true;
  session.on_output();
  CHECK(scene.hear(fd) == "bye");
}

}  // namespace
}  // namespace sims
