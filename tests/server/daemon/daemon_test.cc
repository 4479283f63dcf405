// The daemon over real sockets, in a process of its own: login, forwarding, signals, limits of what
// a stranger can do.
#include "server/daemon/daemon.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/daemon/sockets.h"
#include "server/relay/mail.h"
#include "support/server_folder.h"

namespace sims {
namespace {

using server::Settings;

Settings ecdhe_only() {
  Settings settings;
  settings.policy.suites = {&crypto::all_suites()[0]};
  return settings;
}

// serve() in a child; the parent knows its port once it is ready.
class Server {
 public:
  // Without the RSA suite unless a test is about it: its first key takes up to a second.
  explicit Server(Settings settings = ecdhe_only(),
                  std::shared_ptr<test::Folder> folder = std::make_shared<test::Folder>())
      : folder_(std::move(folder)) {
    settings.listen = {"127.0.0.1:0"};
    settings.name = "relay.example";
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) _exit(child(settings, ends[1]));
    close(ends[1]);
    char text[64] = "";
    const auto n = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    REQUIRE(n > 0);
    port_ = static_cast<std::uint16_t>(std::stoi(std::string(text).substr(std::string(text).find(':') + 1)));
  }
  ~Server() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void signal(int number) { REQUIRE(kill(pid_, number) == 0); }
  int wait_for_end() {
    int status = 0;
    REQUIRE(waitpid(std::exchange(pid_, 0), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::uint16_t port() const { return port_; }
  std::shared_ptr<test::Folder> folder() const { return folder_; }
  std::string config() const { return folder_->path + "/registration"; }

 private:
  int child(const Settings& settings, int ready_fd) {
    log::set_level(log::Level::error);
    auto state = server::StateFolder::open(folder_->path + "/state");
    if (!state) return 3;
    server::DaemonHooks hooks;
    hooks.reload = [&]() -> Result<Settings> {
      Settings fresh = settings;
      fresh.policy.registration_open = !file_exists(config());
      return fresh;
    };
    hooks.ready = [&](const std::string& addresses) -> Result<void> {
      const bool told = write(ready_fd, addresses.data(), addresses.size()) > 0;
      close(ready_fd);
      if (!told) return fail("pipe");
      return {};
    };
    const auto sockets = server::open_sockets(settings.listen);
    if (!sockets) return 5;
    return server::serve(settings, *state, *sockets, hooks) ? 0 : 4;
  }

  std::shared_ptr<test::Folder> folder_;
  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
};

// A blocking socket with a limit of 10 s on everything.
class Socket {
 public:
  explicit Socket(const Server& server) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(server.port());
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  bool write(std::string_view text) {
    while (!text.empty()) {
      const auto n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Empty: the end.
  std::string read() {
    pollfd p{fd_, POLLIN, 0};
    REQUIRE(poll(&p, 1, 10'000) == 1);
    char buffer[65'536];
    const auto n = recv(fd_, buffer, sizeof buffer, 0);
    return {buffer, n > 0 ? static_cast<std::size_t>(n) : 0};
  }
  std::string read_to_end() {
    std::string all;
    for (auto part = read(); !part.empty(); part = read())
      all += part;
    return all;
  }

 private:
  int fd_;
};

struct Person : test::Client {
  Person(const Server& server, const std::string& own_name, std::uint8_t seed,
         const crypto::Suite* suite = &crypto::all_suites()[0])
      : Client(0, own_name, seed, suite, crypto::fresh_ephemerals()), socket(server) {}
  // Until logged in or refused.
  bool login() {
    while (!transport.connected() && !transport.closed())
      turn();
    return transport.connected();
  }
  std::string wait_for(std::string_view type) {
    for (;;) {
      if (auto found = take(type); !found.empty()) return found;
      if (!turn()) return {};
    }
  }
  bool turn() {
    if (!to_server.empty() && !socket.write(std::exchange(to_server, {}))) return false;
    const auto bytes = socket.read();
    if (bytes.empty()) return false;
    world.feed(*this, bytes);
    return true;
  }
  Socket socket;
  test::World world;  // to decode the server's messages
};

// With a key from the pool, which may be empty for a moment.
void login_when_keys_are_ready(std::optional<Person>& person, const Server& server, const std::string& name,
                               std::uint8_t seed, const crypto::Suite& suite) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  do {
    person.emplace(server, name, seed, &suite);
    if (person->login()) return;
    REQUIRE(person->failure->code == proto::ErrorCode::busy);
  } while (std::chrono::steady_clock::now() < until);
  FAIL("no RSA key in a minute");
}

TEST_CASE("two log in under each suite and a message passes") {
  Server server{Settings()};
  for (const auto& suite : crypto::all_suites()) {
    std::optional<Person> a, b;
    login_when_keys_are_ready(a, server, "alice", 1, suite);
    login_when_keys_are_ready(b, server, "bob", 2, suite);
    Person &alice = *a, &bob = *b;
    const auto message = alice.disconnect_message(bob, "over the wire");
    alice.send(message, {});
    REQUIRE(alice.socket.write(std::exchange(alice.to_server, {})));
    CHECK(bob.wait_for("client-disconnect") == message);
    alice.send(R"({"type":"disconnect","name":"alice","id":1})", {});
    REQUIRE(alice.socket.write(std::exchange(alice.to_server, {})));
    while (alice.turn()) {
    }
    CHECK(!alice.acks.empty());
  }
}

TEST_CASE("SIGTERM: every client gets going-away, the stop is orderly, the exit status 0") {
  Server server;
  Person alice(server, "alice", 1), late(server, "late", 2);
  REQUIRE(alice.login());
  server.signal(SIGTERM);
  CHECK(alice.wait_for("error").find("going-away") != std::string::npos);
  CHECK(!alice.wait_for("disconnect").empty());
  CHECK(late.socket.read_to_end().find("going-away") != std::string::npos);
  { auto closed = std::move(alice.socket); }
  { auto closed = std::move(late.socket); }
  CHECK(server.wait_for_end() == 0);
}

TEST_CASE("SIGINT: the server stops even while a client does not read") {
  Server server;
  Person alice(server, "alice", 1);
  REQUIRE(alice.login());
  server.signal(SIGINT);
  CHECK(server.wait_for_end() == 0);
}

TEST_CASE("SIGHUP: registration closes, connected clients stay") {
  Server server;
  Person alice(server, "alice", 1);
  REQUIRE(alice.login());
  REQUIRE(write_private_file(server.config(), "closed"));
  server.signal(SIGHUP);
  // The reload is done some time after the signal: until then newcomers still get in.
  std::optional<proto::ErrorCode> code;
  for (std::uint8_t n = 10; n < 60 && !code; ++n) {
    Person newcomer(server, "new" + std::to_string(n), n);
    if (!newcomer.login()) code = newcomer.failure->code;
  }
  CHECK(code == proto::ErrorCode::not_registered);
  alice.send(R"({"type":"list"})", {});
  CHECK(!alice.wait_for("list").empty());
}

TEST_CASE("52: a letter that was acked survives kill -9, and is given after its owner's login") {
  std::optional<Server> server(std::in_place);
  const auto folder = server->folder();
  std::string text;
  {
    Person alice(*server, "alice", 1), bob(*server, "bob", 2);
    REQUIRE(bob.login());
    REQUIRE(alice.login());
    { auto closed = std::move(bob.socket); }
    text = test::letter(alice, bob, 0);
    alice.send(text, {});
    while (alice.acks.empty() && alice.turn()) {
    }
    CHECK(alice.acks == std::vector<std::uint64_t>{0});
  }
  server.reset();
  server.emplace(ecdhe_only(), folder);
  Person bob(*server, "bob", 2);
  REQUIRE(bob.login());
  CHECK(bob.wait_for("client-mail") == text);
  REQUIRE(bob.statuses.size() == 1);
  CHECK(test::has(bob.statuses[0], R"("waiting":1)"));
}

TEST_CASE("33: a flood without a line end is answered too-large and closed") {
  Server server;
  Socket stranger(server);
  stranger.write(std::string(1 << 20, 'x'));
  CHECK(stranger.read_to_end().find("too-large") != std::string::npos);
  Person alice(server, "alice", 1);
  CHECK(alice.login());
}

TEST_CASE("38: over the limit of connections: busy, until a client disconnects") {
  Settings settings = ecdhe_only();
  settings.policy.limits.connections_per_address = 1;
  Server server(settings);
  Person alice(server, "alice", 1);
  REQUIRE(alice.login());
  CHECK(Socket(server).read_to_end().find("busy") != std::string::npos);
  { auto closed = std::move(alice.socket); }
  bool in = false;
  for (int i = 0; i < 100 && !in; ++i)
    in = Person(server, "bob", 2).login();
  CHECK(in);
}

}  // namespace
}  // namespace sims
