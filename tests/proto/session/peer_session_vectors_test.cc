// The known answers of sims/client-connect-*.json through PeerSession's interface, as both sides.
#include <map>

#include "proto/session/peer_checks.h"
#include "proto/wire/content.h"

namespace {

using namespace sims;
using namespace sims::test;
using rapidjson::Value;

template <std::size_t N>
Secret<N> secret(const Value& object, const char* key) {
  return Secret<N>(unhex(object, key));
}

struct Party {
  Party(const Value& file, const char* role)
      : identity(crypto::SigningKey::from_seed(unhex(file[role], "ed25519_seed"))),
        id(Id::of(identity.public_key())) {
    CHECK(id.text() == text(file[role], "id"));
  }
  crypto::SigningKey identity;
  Id id;
  FixedEphemerals ephemerals;
  std::optional<PeerSession> session;
};

HandshakeResult result(const Value& file, const crypto::Suite& suite, Role role, const Party& self,
                       const Party& peer) {
  HandshakeResult out;
  out.suite = &suite;
  out.role = role;
  out.self = self.id;
  out.peer = peer.id;
  out.master = MasterSecret(secret<32>(file, "K").view());
  auto t5 = unhex(file["transcript"][5].GetString());
  std::copy(t5.begin(), t5.end(), out.transcript.begin());
  return out;
}

class Script {
 public:
  Script(const Value& file, Party& initiator, Party& responder)
      : file_(file), initiator_(initiator), responder_(responder) {}

  void run() {
    for (const auto& step : file_["steps"].GetArray()) {
      const auto what = text(step, "do");
      CAPTURE(what);
      if (what == "send") send(step);
      if (what == "receive") receive(step);
      if (what == "rekey") rekey(step);
    }
  }

 private:
  Party& party(std::string_view role) { return role == "initiator" ? initiator_ : responder_; }

  void send(const Value& step) {
    TextContent content;
    content.uid = text(step, "uid");
    content.body = text(step, "body");
    content.sent = step["sent"].GetUint64();
    auto plaintext = encode_content(content);
    REQUIRE(plaintext);
    const Now now{0, file_["token_time"].GetInt64() * 1'000};
    auto sealed = party(text(step, "from")).session->seal(*plaintext, now);
    CHECK(sealed.message == text(step, "message"));
    sent_[std::string(text(step, "name"))] = {sealed.id, std::string(text(step, "message"))};
  }

  void receive(const Value& step) {
    const auto name = std::string(text(step, "name"));
    CAPTURE(name);
    const auto& [id, message] = sent_.at(name);
    auto& by = party(text(step, "by"));
    auto& from = &by == &initiator_ ? responder_ : initiator_;
    auto opened = by.session->open(com_of(message), Now{});
    REQUIRE(opened);
    CHECK(opened->plaintext == text(step, "plaintext"));
    CHECK(opened->ack == text(step, "ack"));
    CHECK_FALSE(opened->duplicate);
    CHECK(from.session->take_ack(ack_of(std::string(text(step, "ack")))) == id);
  }

  void rekey(const Value& step) {
    const auto& frames = step["frames"];
    responder_.ephemerals.push_rsa(unpem(text(step, "rsa_private_pem")));
    for (const char* secret : {"Z", "oaep_seed"})
      initiator_.ephemerals.random.push(unhex(step, secret));
    auto& r = *responder_.session;
    auto& i = *initiator_.session;
    CHECK(r.start_rekey(rsa().make_responder_key(responder_.ephemerals)) == frames[0].GetString());
    CHECK(i.receive_rekey(frames[0].GetString()).value() == frames[1].GetString());
    CHECK(r.receive_rekey(frames[1].GetString()).value() == frames[2].GetString());
    CHECK(i.receive_rekey(frames[2].GetString()).value() == "");
    CHECK(r.epoch() == 1);
    CHECK(i.epoch() == 1);
  }

  const Value& file_;
  Party& initiator_;
  Party& responder_;
  std::map<std::string, std::pair<std::uint64_t, std::string>> sent_;
};

}  // namespace

TEST_CASE("known answers: a Double Ratchet conversation, both sides") {
  const auto file = read_json(own("client-connect-ecdhe.json"));
  Party initiator(file, "initiator"), responder(file, "responder");
  for (auto* party : {&initiator, &responder}) {
    const char* role = party == &initiator ? "initiator" : "responder";
    for (const auto& scalar : file["ratchet_privates"][role].GetArray())
      party->ephemerals.push_p384(unhex(scalar.GetString()));
  }
  auto start = [&](Party& self, Party& peer, const char* self_role, const char* peer_role, Role role) {
    auto made = result(file, ecdhe(), role, self, peer);
    made.ratchet_key = crypto::P384Key::from_scalar(unhex(file[self_role], "p384_private"));
    made.peer_ratchet_key =
        crypto::P384Key::from_scalar(unhex(file[peer_role], "p384_private")).public_point();
    self.session.emplace(std::move(made), self.identity, self.ephemerals);
  };
  start(initiator, responder, "initiator", "responder", Role::initiator);
  start(responder, initiator, "responder", "initiator", Role::responder);
  Script(file, initiator, responder).run();
}

TEST_CASE("known answers: the RSA suite with a re-key, both sides") {
  const auto file = read_json(own("client-connect-rsa.json"));
  Party initiator(file, "initiator"), responder(file, "responder");
  initiator.session.emplace(result(file, rsa(), Role::initiator, initiator, responder), initiator.identity,
                            initiator.ephemerals);
  responder.session.emplace(result(file, rsa(), Role::responder, responder, initiator), responder.identity,
                            responder.ephemerals);
  Script(file, initiator, responder).run();
}
