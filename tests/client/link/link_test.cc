// The link over real sockets: login, reconnecting, its death in a callback, commit before output.
#include "client/link/link.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "proto/channel/transport.h"
#include "proto/limits.h"
#include "proto/session/peer_session.h"
#include "proto/wire/content.h"
#include "proto/wire/encode.h"
#include "support/fake_memory.h"

using namespace sims;
using client::LinkState;

namespace {

// The server's side of one connection over real sockets. It logs a client in, records its messages
// and answers lists. It also plays bob, who answers a call and can send texts in the session.
struct TinyServer {
  explicit TinyServer(net::Loop& on) : loop(on) {
    std::signal(SIGPIPE, SIG_IGN);
    listener = net::Listener::listen(on, {"127.0.0.1", 0}, [this](std::unique_ptr<net::Stream> s) {
                 accept(std::move(s));
               }).value();
  }

  std::string address() const { return listener->bound().str(); }

  void accept(std::unique_ptr<net::Stream> s) {
    ++accepted;
    stream = std::move(s);
    proto::HandshakeOptions options;
    options.role = proto::Role::responder;
    options.identity = &identity;
    options.name = "tiny";
    options.suites = crypto::default_suites();
    transport.emplace(std::move(options), crypto::fresh_ephemerals());
    stream->set_callbacks({[this](ByteView bytes) { read(bytes); },
                           [this](const std::string& why) {
                             ends.push_back(why);
                             stream.reset();
                           },
                           {}});
    stream->start();
  }

  void read(ByteView bytes) {
    ++reads;
    std::string out;
    using Kind = proto::Transport::Event::Kind;
    for (;;) {
      auto event = transport->poll(bytes, scratch, loop.now(), out);
      if (event.kind == Kind::need_input) break;
      if (event.kind == Kind::work) {
        event.work->run();
        if (busy) {
          transport->refuse(proto::ErrorCode::busy, "come back later", loop.now(), out);
          stream->write(out);
          stream.reset();
          return;
        }
        transport->complete(std::move(event.work), loop.now(), out);
      } else if (event.kind == Kind::message) {
        messages.emplace_back(event.message);
        if (messages.back().find("\"type\":\"list\"") != std::string::npos) answer_list(out);
        if (messages.back().starts_with("{\"type\":\"client-connect\"")) answer_call(messages.back(), out);
        if (heard) heard(messages.back());
      } else {
        FAIL("the handshake failed: " << event.failure.detail);
        break;
      }
    }
    if (!out.empty()) stream->write(out);
  }

  void answer_list(std::string& out) {
    proto::List list;
    list.data.push_back({bob, "bob", 1});
    transport->send(proto::encode(list), loop.now(), out);
  }

  void answer_call(const std::string& frame, std::string& out) {
    if (!call) {
      proto::HandshakeOptions options;
      options.kind = proto::HandshakeKind::client_client;
      options.role = proto::Role::responder;
      options.identity = &bob_identity;
      options.name = "bob";
      options.suites = crypto::default_suites();
      options.peer = alice;
      call.emplace(std::move(options), crypto::fresh_ephemerals());
    }
    auto answer = call->receive(frame);
    REQUIRE(answer.has_value());
    transport->send(*answer, loop.now(), out);
    if (call->done()) session.emplace(call->take_result(), bob_identity, crypto::fresh_ephemerals());
  }

  void say(const std::vector<std::string>& bodies) {
    std::string out;
    for (const auto& body : bodies) {
      proto::TextContent text;
      text.uid = proto::make_uid(crypto::system_rng());
      text.body = body;
      transport->send(session->seal(proto::encode_content(text).value(), loop.now()).message, loop.now(),
                      out);
    }
    stream->write(out);
  }

  std::size_t acks() const {
    return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), [](const std::string& m) {
      return m.starts_with("{\"type\":\"ack\",\"src\"");
    }));
  }

  net::Loop& loop;
  crypto::SigningKey identity = crypto::SigningKey::generate(crypto::system_rng());
  crypto::SigningKey bob_identity = crypto::SigningKey::generate(crypto::system_rng());
  const proto::Id bob = proto::Id::of(bob_identity.public_key());
  proto::Id alice;
  std::optional<proto::Handshake> call;
  std::optional<proto::PeerSession> session;
  std::function<void(const std::string&)> heard;
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<net::Stream> stream;
  std::optional<proto::Transport> transport;
  proto::Scratch scratch;
  std::vector<std::string> messages, ends;
  int accepted = 0, reads = 0;
  bool busy = false;
};

struct Fixture {
  Fixture() {
    ::alarm(30);  // SIGALRM ends a test that hangs
    options.identity = &identity;
    server.alice = proto::Id::of(identity.public_key());
    options.name = "alice";
    options.accept_new = true;
  }
  ~Fixture() { ::alarm(0); }

  void make(client::Link::Callbacks callbacks) {
    link.emplace(loop, options, memory, crypto::fresh_ephemerals(), std::move(callbacks));
  }
  void connect() { link->core().connect(server.address(), link->now()); }

  crypto::SigningKey identity = crypto::SigningKey::generate(crypto::system_rng());
  test::FakeMemory memory;
  client::CoreOptions options;
  net::Loop loop;
  TinyServer server{loop};
  std::optional<client::Link> link;
};

}  // namespace

TEST_CASE("a link logs in, gets the list, and leaves with a goodbye; each turn is one write") {
  Fixture f;
  bool left = false;
  int reads = 0;
  f.make({[&] {
            const auto& m = f.link->model();
            if (left || !m.list_complete) return;
            left = true;
            CHECK(m.link == LinkState::online);
            CHECK(m.peers.at("bob").online);
            reads = f.server.reads;
            // A call to bob, and the goodbye.
            CHECK(f.link->core().send_text("bob", "hi", false, f.link->now()).has_value());
            f.link->leave(5'000, [&] { f.loop.stop(); });
          },
          {},
          {}});
  f.connect();
  f.loop.run();
  REQUIRE(left);
  CHECK(f.memory.server(f.server.address())->id == proto::Id::of(f.server.identity.public_key()));
  auto said = [&](const char* type) {
    return std::count_if(f.server.messages.begin(), f.server.messages.end(), [&](const std::string& m) {
      return m.starts_with(std::string("{\"type\":\"") + type);
    });
  };
  CHECK(said("list") == 1);
  CHECK(said("client-connect") == 1);
  CHECK(said("disconnect") == 1);
  CHECK(f.server.messages.back().starts_with("{\"type\":\"disconnect\""));
  CHECK(f.server.ends == std::vector<std::string>{""});
  CHECK(f.server.reads <= reads + 2);  // the ack of the list may have gone before
}

TEST_CASE("a refused connection and a bad address are reported later, not inside the intent") {
  Fixture f;
  std::string address;
  SUBCASE("refused") {
    address = f.server.address();
    f.server.listener.reset();
  }
  SUBCASE("bad") {
    address = "not a host";
  }
  f.options.reconnect = false;
  int changes = 0;
  f.make({[&] {
            ++changes;
            if (f.link->model().link == LinkState::offline) f.loop.stop();
          },
          {},
          {}});
  f.link->core().connect(address, f.link->now());
  CHECK(changes == 0);
  CHECK(f.link->model().link == LinkState::connecting);
  f.loop.run();
  CHECK(f.link->model().link == LinkState::offline);
  CHECK_FALSE(f.link->model().problem.empty());
}

TEST_CASE("the core learns that the server is gone, and reconnects") {
  Fixture f;
  bool cut = false;
  f.make({[&] {
            const auto& m = f.link->model();
            if (m.link == LinkState::online && !cut) {
              cut = true;
              f.server.stream.reset();
            } else if (m.link == LinkState::online && f.server.accepted == 2) {
              f.loop.stop();
            }
          },
          {},
          {}});
  f.connect();
  f.loop.run();
  CHECK(f.server.accepted == 2);
}

TEST_CASE("the server's last message counts even if its end comes while a worker reads it") {
  Fixture f;
  f.server.busy = true;
  f.options.reconnect = false;
  f.make({[&] {
            if (f.link->model().link == LinkState::offline) f.loop.stop();
          },
          {},
          {}});
  f.connect();
  f.loop.run();
  CHECK(f.link->model().refusal == proto::ErrorCode::busy);
  CHECK(f.link->model().problem.find("busy") != std::string::npos);
}

TEST_CASE("a link may die in its callback, with work, a stream or a connector on the way") {
  for (LinkState when : {LinkState::connecting, LinkState::handshaking, LinkState::online}) {
    CAPTURE(static_cast<int>(when));
    Fixture f;
    f.make({[&] {
              if (f.link && f.link->model().link == when) f.link.reset();
            },
            {},
            {}});
    f.connect();
    net::Timer end(f.loop, [&] {
      if (f.link) return;
      f.server.listener.reset();
      f.server.stream.reset();
      f.loop.stop();
    });
    end.start(1, 1);
    f.loop.run();
    CHECK_FALSE(f.link.has_value());
  }
}

TEST_CASE("leaving without a connection is at once") {
  Fixture f;
  f.make({});
  bool left = false;
  f.link->leave(5'000, [&] {
    left = true;
    f.loop.stop();
  });
  CHECK_FALSE(left);
  f.loop.run();
  CHECK(left);
}

namespace {

// Alice has a session with bob, who sends `bodies`.
void converse(Fixture& f, std::vector<std::string> bodies, client::Link::Callbacks callbacks) {
  bool called = false;
  callbacks.changed = [&f, called, bodies, more = std::move(callbacks.changed)]() mutable {
    const auto& m = f.link->model();
    if (m.list_complete && !std::exchange(called, true))
      CHECK(f.link->core().send_text("bob", "hi", false, f.link->now()).has_value());
    if (more) more();
  };
  bool said = false;
  f.server.heard = [&f, said, bodies](const std::string& message) mutable {
    if (f.server.session && message.starts_with("{\"type\":\"client-com\"") && !std::exchange(said, true))
      f.server.say(bodies);
  };
  f.make(std::move(callbacks));
  f.connect();
}

}  // namespace

TEST_CASE("attack 44: a text is committed, then the owner gets it, then the ack goes out") {
  Fixture f;
  std::size_t told = 0, uncommitted = 0, shown_uncommitted = 0, acked_before = 0;
  converse(f, {"one", "two", "three"},
           {[&] { shown_uncommitted += f.memory.clean() ? 0 : 1; },
            [&](const std::string&, const client::Line&) {
              ++told;
              uncommitted += f.memory.clean() ? 0 : 1;
              acked_before += f.server.acks();
            },
            {}});
  auto heard = std::move(f.server.heard);
  f.server.heard = [&](const std::string& message) {
    heard(message);
    if (!message.starts_with("{\"type\":\"ack\",\"src\"")) return;
    CHECK(told == 3);
    CHECK(f.memory.clean());
    if (f.server.acks() == 3) f.loop.stop();
  };
  f.loop.run();
  CHECK(uncommitted == 0);
  CHECK(shown_uncommitted == 0);
  CHECK(acked_before == 0);
  CHECK(f.server.acks() == 3);
  CHECK(f.memory.uids.size() == 3);
}

TEST_CASE(
    "attack 44: a text that could not be committed is neither reported nor acked: the connection ends at "
    "once") {
  Fixture f;
  f.options.reconnect = false;
  int told = 0;
  converse(f, {"one", "two"},
           {[&] {
              if (f.link->model().link == LinkState::offline && f.server.session && !f.server.stream)
                f.loop.stop();
            },
            [&](const std::string&, const client::Line&) { ++told; },
            {}});
  f.memory.on_call = [&] { f.memory.broken = f.memory.broken || f.server.session.has_value(); };
  net::Timer end(f.loop, [&] {
    if (f.link->model().link == LinkState::offline && !f.server.stream) f.loop.stop();
  });
  end.start(1, 1);
  f.loop.run();
  CHECK(told == 0);
  CHECK(f.server.acks() == 0);
  CHECK(f.memory.uids.empty());
  CHECK(f.link->model().problem.find("disk full") != std::string::npos);
}

TEST_CASE("an owner that cannot pass a text on drops the link: the text is not acked, but stays, unread") {
  Fixture f;
  converse(f, {"one"}, {{}, [&](const std::string&, const client::Line&) { f.link->drop(); }, {}});
  net::Timer end(f.loop, [&] {
    if (f.server.session && !f.server.stream) f.loop.stop();
  });
  end.start(1, 1);
  f.loop.run();
  CHECK(f.server.acks() == 0);
  f.memory.lose_uncommitted();
  CHECK(f.memory.uids.size() == 1);
  CHECK(f.memory.unread({proto::Id::of(f.server.identity.public_key()), "bob"}, 0) == 1);
}

TEST_CASE("an owner that draws at other times commits first, and draws nothing that may be taken back") {
  Fixture f;
  std::size_t shown = 0, uncommitted = 0;
  converse(f, {"one", "two", "three"}, {});
  net::Timer draw(f.loop, [&] {
    f.link->commit();
    uncommitted += f.memory.clean() ? 0 : 1;
    const auto& peers = f.link->model().peers;
    if (const auto bob = peers.find("bob"); bob != peers.end()) shown = bob->second.lines.size();
    if (f.server.acks() == 3) f.loop.stop();
  });
  draw.start(1, 1);
  f.loop.run();
  CHECK(shown >= 4);
  CHECK(uncommitted == 0);
}

TEST_CASE("leaving commits first: the last acks go out with the goodbye") {
  Fixture f;
  bool leaving = false;
  converse(f, {"one", "two"},
           {{},
            [&](const std::string&, const client::Line& line) {
              if (line.text != "two" || std::exchange(leaving, true)) return;
              f.link->leave(5'000, [&] { f.loop.stop(); });
            },
            {}});
  f.loop.run();
  CHECK(leaving);
  CHECK(f.memory.clean());
  CHECK(f.server.acks() == 2);
  CHECK(f.server.messages.back().starts_with("{\"type\":\"disconnect\""));
}

TEST_CASE("what is due at once is done at once, however long it has been due") {
  Fixture f;
  net::Timer end(f.loop, [&] { f.loop.stop(); });  // after what is due at once
  bool blocked = false;
  f.make({[&] {
            if (!f.link->model().list_complete || std::exchange(blocked, true)) return;
            CHECK(f.link->core().block("bob", f.link->now()).has_value());
            CHECK(f.link->core().next_tick() <= f.link->now().steady_ms);
            end.start(50);
          },
          {},
          {}});
  f.connect();
  f.loop.run();
  CHECK(blocked);
  CHECK(f.link->core().next_tick() > f.link->now().steady_ms);
}
