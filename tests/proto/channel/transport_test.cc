// Transport: bytes to messages and back, through handshake, SECURE, acks and failures.
#include "proto/channel/transport_pair.h"
#include "proto/limits.h"

using namespace sims;
using namespace sims::proto;
using test::End;
using test::Link;
using test::now;
using Kind = Transport::Event::Kind;
using Cause = HandshakeFailure::Cause;

namespace {

std::string code_of(const std::string& out) {
  return test::field_of(out, "code");
}

// The end must have sent this one error: in clear, one line, with the code's own text.
void check_error(End& end, ErrorCode code) {
  CHECK(end.out == encode_error(code, explain(code)) + "\n");
  REQUIRE(end.failures.size() == 1);
  CHECK(end.failures[0].code == code);
  CHECK(end.transport.closed());
}

}  // namespace

TEST_CASE("transport: both sides connect with both suites and talk in both directions") {
  for (const crypto::Suite& suite : crypto::all_suites()) {
    CAPTURE(std::string(suite.name));
    Link link({&suite});
    CHECK_FALSE(link.client.transport.connected());
    link.connect();
    CHECK(link.client.transport.suite() == &suite);
    CHECK(link.client.transport.peer_id() == link.server_side.id());
    CHECK(link.client.transport.peer_name() == "relay.example");
    CHECK(link.server.transport.peer_id() == link.client_side.id());
    CHECK(link.server.transport.peer_name() == "alice");
    for (int i = 0; i < 250; ++i) {
      link.client.transport.send("to server " + std::to_string(i), now, link.client.out);
      if (i % 3 == 0) link.server.transport.send("to client " + std::to_string(i), now, link.server.out);
      if (i % 7 == 0) link.pump();
    }
    link.pump();
    CHECK(link.server.messages.size() == 250);
    CHECK(link.server.messages[249] == "to server 249");
    CHECK(link.client.messages.size() == 84);
    CHECK(link.server.transport.received() == 250);
    CHECK(link.client.transport.sent() == 250);
    CHECK(link.client.failures.empty());
    CHECK(link.server.failures.empty());
  }
}

TEST_CASE("transport: the same messages come out however the bytes are split") {
  Link link;
  std::string to_server, to_client;
  // Records a whole conversation.
  for (int i = 0; i < 3; ++i) {
    to_server += link.client.out;
    link.server.feed(link.client.take());
    to_client += link.server.out;
    link.client.feed(link.server.take());
  }
  REQUIRE(link.client.transport.connected());
  for (int i = 0; i < 120; ++i)
    link.client.transport.send(std::string(static_cast<std::size_t>(i) * 20, 'x'), now, link.client.out);
  to_server += link.client.take() + "\n\nrubbish\n";

  test::FixedRng rng(5);
  std::string expected;
  for (int round = 0; round < 30; ++round) {
    Link again;  // with the same secrets
    again.client.take();
    std::string_view rest = to_server;
    while (!rest.empty()) {
      const std::size_t size =
          round == 0 ? rest.size() : std::min(rest.size(), 1 + rng.pick(round == 1 ? 1 : 700));
      again.server.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    CHECK(again.server.messages.size() == 120);
    CHECK(again.server.failures.size() == 1);
    CHECK(again.server.out.starts_with(to_client));
    if (round == 0) expected = again.server.out;
    CHECK(again.server.out == expected);
  }
}

TEST_CASE("transport: frames of 4,096 bytes in the handshake, 65,536 after; one more is too large at once") {
  Link link;
  const std::string phase1 = link.client.take();
  {
    Link exact;
    std::string padded = phase1.substr(0, phase1.size() - 1);
    padded.resize(max_handshake_frame, ' ');
    exact.server.feed(padded + "\n");
    CHECK(exact.server.failures.empty());
    CHECK(exact.server.out.find("\"phase\":2") != std::string::npos);
  }
  {
    Link over;
    over.server.feed(std::string(max_handshake_frame, ' '));
    CHECK(over.server.failures.empty());
    over.server.feed(" ");
    check_error(over.server, ErrorCode::too_large);
  }
  Link secure;
  secure.connect();
  secure.server.transport.send("x", now, secure.server.out);
  std::string line = secure.server.take();
  line.pop_back();
  line.resize(max_frame, ' ');
  secure.client.feed(line + "\n");
  CHECK(secure.client.messages == std::vector<std::string>{"x"});
  secure.client.feed(std::string(max_frame, 'x'));
  CHECK(secure.client.failures.empty());
  secure.client.feed("x");
  REQUIRE(secure.client.failures.size() == 1);
  CHECK(secure.client.failures[0].code == ErrorCode::too_large);
  CHECK(secure.client.transport.closed());
  secure.server.feed(secure.client.take());  // the error is under the channel's keys
  REQUIRE(secure.server.messages.size() == 1);
  CHECK(secure.server.messages[0] == encode_error(ErrorCode::too_large, explain(ErrorCode::too_large)));
}

TEST_CASE("attack 33: an endless stream without LF is cut off at the limit, and the rest is dropped") {
  Link link;
  const std::string block(65'536, '\0');
  for (int i = 0; i < 100; ++i)
    link.server.feed(block);
  check_error(link.server, ErrorCode::too_large);
}

TEST_CASE("transport: each unexpected frame in the handshake gives its error code") {
  const auto answer = [](const std::string& line) {
    Link link;
    link.server.feed(line + "\n");
    REQUIRE(link.server.failures.size() == 1);
    CHECK(link.server.transport.closed());
    return code_of(link.server.out);
  };
  CHECK(answer("x") == "bad-frame");
  CHECK(answer("\r") == "bad-frame");
  CHECK(answer("[]") == "bad-frame");
  CHECK(answer("{}") == "bad-message");
  CHECK(answer(R"({"type":"ping"})") == "bad-message");
  CHECK(answer(R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":""})") == "bad-message");
  Link link;
  const std::string phase1 = link.client.take();
  CHECK(answer(test::replaced(phase1.substr(0, phase1.size() - 1), "[1]", "[2]")) == "unsupported-version");
  CHECK(answer(test::replaced(phase1.substr(0, phase1.size() - 1), "ECDHE", "XCDHE")) == "unsupported-suite");
  CHECK(answer(test::replaced(phase1.substr(0, phase1.size() - 1), "alice", "Alice")) == "name-invalid");
}

TEST_CASE("transport: an error from the other side in the handshake is not answered") {
  Link link;
  link.client.take();
  link.client.feed(encode_error(ErrorCode::banned, "go away\x1b[2J") + "\n");
  REQUIRE(link.client.failures.size() == 1);
  CHECK(link.client.failures[0].cause == Cause::peer_error);
  CHECK(link.client.failures[0].code == ErrorCode::banned);
  CHECK(link.client.out.empty());
  CHECK(link.client.transport.closed());
}

TEST_CASE("transport: in SECURE anything but a good secure frame ends the connection") {
  const auto refused = [](const std::string& line) {
    Link link;
    link.connect();
    link.server.feed(line + "\n");
    REQUIRE(link.server.failures.size() == 1);
    CHECK(link.server.failures[0].cause == Cause::protocol);
    CHECK(link.server.transport.closed());
    CHECK_FALSE(link.server.transport.connected());
    link.server.feed("more\n");
    CHECK(link.server.failures.size() == 1);
    return std::string(to_string(link.server.failures[0].code));
  };
  CHECK(refused("x") == "bad-frame");
  CHECK(refused(R"({"type":"ping"})") == "bad-message");
  CHECK(refused(R"({"type":"error","code":"busy","message":""})") == "bad-message");
  CHECK(refused(R"({"type":"connect","phase":1})") == "bad-message");
  CHECK(refused(R"({"type":"secure","sa-data":{"epoch":0,"seq":1},"payload":""})") == "bad-sequence");
  CHECK(refused(R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":""})") == "bad-message");
}

TEST_CASE("attack 8: a SECURE frame twice, or one of the next session, ends the connection") {
  Link link;
  link.connect();
  link.client.transport.send("once", now, link.client.out);
  const std::string line = link.client.take();
  link.server.feed(line);
  CHECK(link.server.messages == std::vector<std::string>{"once"});
  link.server.feed(line);
  CHECK(link.server.messages.size() == 1);
  REQUIRE(link.server.failures.size() == 1);
  CHECK(link.server.failures[0].code == ErrorCode::bad_sequence);

  Link next;
  next.client_side.ephemerals.random.next();
  next.server_side.ephemerals.random.next();
  next.connect();
  next.server.feed(line);
  CHECK(next.server.messages.empty());
  REQUIRE(next.server.failures.size() == 1);
  CHECK(next.server.failures[0].code == ErrorCode::bad_message);
}

TEST_CASE("transport: during work nothing happens, and at most one frame is kept") {
  Link link;
  link.server.hold_work = true;
  link.server.feed(link.client.take());
  link.client.feed(link.server.take());
  link.server.feed(link.client.take());
  REQUIRE(link.server.work);
  CHECK(link.server.out.empty());
  link.server.feed("ahead of its time\n");
  CHECK(link.server.failures.empty());
  link.server.work->run();
  CHECK_FALSE(link.server.work->failed());
  CHECK_FALSE(link.server.work->completes());
  CHECK(link.server.work->handshake().peer_id() == link.client_side.id());
  CHECK(link.server.transport.complete(std::move(link.server.work), now, link.server.out).kind ==
        Kind::need_input);
  CHECK(link.server.take().find("\"phase\":4") != std::string::npos);
  link.server.feed("");  // the kept frame starts the next work
  REQUIRE(link.server.work);
  link.server.work->run();
  CHECK(link.server.work->failed());
  CHECK(link.server.transport.complete(std::move(link.server.work), now, link.server.out).kind ==
        Kind::failed);
  CHECK(code_of(link.server.out) == "handshake-failed");

  Link flood;
  flood.server.hold_work = true;
  flood.server.feed(flood.client.take());
  flood.client.feed(flood.server.take());
  flood.server.feed(flood.client.take());
  REQUIRE(flood.server.work);
  flood.server.feed(std::string(max_handshake_frame + 1, 'x'));
  CHECK(flood.server.failures.empty());
  flood.server.feed("x");
  check_error(flood.server, ErrorCode::too_large);
  flood.server.take();
  flood.server.work->run();
  const auto late = flood.server.transport.complete(std::move(flood.server.work), now, flood.server.out);
  CHECK(late.kind == Kind::need_input);  // it has reported its failure already
  CHECK(flood.server.out.empty());
  CHECK(flood.server.transport.closed());
}

TEST_CASE("transport: the caller can refuse at the last step, in clear") {
  Link link;
  link.server.feed(link.client.take());
  link.client.feed(link.server.take());
  link.server.feed(link.client.take());
  link.client.feed(link.server.take());
  link.server.hold_work = true;
  link.server.feed(link.client.take());
  REQUIRE(link.server.work);
  link.server.work->run();
  CHECK(link.server.work->completes());
  CHECK(link.server.work->handshake().peer_name() == "alice");
  link.server.transport.refuse(ErrorCode::name_taken, "taken", now, link.server.out);
  CHECK(link.server.transport.closed());
  CHECK(link.server.out == encode_error(ErrorCode::name_taken, "taken") + "\n");
  link.client.feed(link.server.take());
  REQUIRE(link.client.failures.size() == 1);
  CHECK(link.client.failures[0].cause == Cause::peer_error);
  CHECK(link.client.failures[0].code == ErrorCode::name_taken);
  CHECK(link.client.failures[0].detail == "taken");
}

TEST_CASE("transport: a first contact stops after the server's proof and sends nothing") {
  Link link;
  End stranger(link.client_side, Role::initiator, std::nullopt);
  link.server.feed(stranger.take());
  stranger.feed(link.server.take());
  link.server.feed(stranger.take());
  stranger.feed(link.server.take());
  REQUIRE(stranger.failures.size() == 1);
  CHECK(stranger.failures[0].cause == Cause::unknown_key);
  CHECK(stranger.transport.peer_id() == link.server_side.id());
  CHECK(stranger.transport.peer_name() == "relay.example");
  CHECK(stranger.out.empty());
  CHECK(stranger.transport.closed());
}

TEST_CASE("transport: fail() sends its error once, under the channel's keys, and keeps the counts") {
  Link link;
  link.connect();
  link.server.transport.fail(ErrorCode::going_away, "bye", 7, now, link.server.out);
  link.server.transport.fail(ErrorCode::internal, "again", std::nullopt, now, link.server.out);
  link.server.transport.owe_ack();
  link.server.transport.flush_ack(now, link.server.out);
  CHECK(link.server.transport.closed());
  CHECK(link.server.transport.sent() == 1);
  CHECK(link.server.out.find("going-away") == std::string::npos);
  link.client.feed(link.server.take());
  CHECK(link.client.messages ==
        std::vector<std::string>{R"({"type":"error","code":"going-away","message":"bye","id":7})"});
}

TEST_CASE("transport: junk fed to both ends at every stage") {
  test::FixedRng rng(6);
  for (int round = 0; round < 200; ++round) {
    Link link;
    for (std::size_t turns = rng.pick(4); turns > 0; --turns) {
      link.server.feed(link.client.take());
      link.client.feed(link.server.take());
    }
    link.client.take();
    link.server.take();
    for (End* end : {&link.client, &link.server}) {
      for (int i = 0; i < 10; ++i) {
        std::string bytes(rng.pick(3'000), '\0');
        for (char& c : bytes)
          c = rng.pick(20) == 0 ? '\n' : static_cast<char>(rng.next());
        end->feed(bytes);
      }
      end->feed("\n");
      CHECK(end->transport.closed());
      CHECK(end->failures.size() == 1);
      CHECK(end->messages.empty());
    }
  }
}
