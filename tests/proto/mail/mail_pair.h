// Alice, who writes letters, and bob, who owns prekeys, with the keys of the known answers: RSA keys take
// long to make. Carol is another sender.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <stdexcept>

#include "proto/mail/mail_receiver.h"
#include "proto/mail/mail_sender.h"
#include "proto/mail/prekey.h"
#include "proto/mail/receipt.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "support/fixed_rng.h"
#include "support/vectors.h"

namespace sims::test {

using namespace sims::proto;

inline const char* const mail_files[] = {"mail-ecdhe.json", "mail-rsa.json"};

inline std::string json_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  value.Accept(writer);
  return {out.GetString(), out.GetSize()};
}

inline Checked<Prekey> read_prekey(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return tl::make_unexpected(root.error());
  return decode_prekey(*root);
}

// nullopt: malformed, or another type.
template <class T>
std::optional<T> read_message(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto message = decode_from_server(*root);
  if (!message || !std::holds_alternative<T>(*message)) return std::nullopt;
  return std::get<T>(std::move(*message));
}
inline ClientMail letter_of(std::string_view text) {
  return read_message<ClientMail>(std::string(text)).value();
}
inline ClientReceipt receipt_of(std::string_view text) {
  return read_message<ClientReceipt>(std::string(text)).value();
}

// One file of known answers.
struct MailVectors {
  explicit MailVectors(const char* file)
      : json(read_json(own(file))),
        suite(*crypto::find_suite(text(json, "suite"))),
        alice(crypto::SigningKey::from_seed(unhex(json["sender"], "ed25519_seed"))),
        bob(crypto::SigningKey::from_seed(unhex(json["owner"], "ed25519_seed"))),
        carol(crypto::SigningKey::from_seed(unhex(json["second_opener"]["sender"], "ed25519_seed"))),
        alice_id(Id::of(alice.public_key())),
        bob_id(Id::of(bob.public_key())),
        carol_id(Id::of(carol.public_key())),
        made{1'000'000, json["token_time"].GetInt64() * 1'000},
        now{1'000'000, json["now"].GetInt64() * 1'000} {
    for (const auto& one : json["prekeys"].GetArray())
      keys.push_back({read_prekey(json_text(one["prekey"])).value(), PrekeySecret(secret(one))});
  }

  // The private half as it is stored.
  static SecretBytes secret(const rapidjson::Value& prekey) {
    if (prekey.HasMember("p384_private")) return SecretBytes(unhex(prekey, "p384_private"));
    return crypto::RsaKey::from_pkcs8(unpem(text(prekey, "rsa_private_pem"))).value().secret();
  }
  const OwnPrekey* find(const PrekeyNumber& number) const {
    for (const OwnPrekey& key : keys)
      if (key.record.number == number) return &key;
    return nullptr;
  }
  const OwnPrekey& key_of(const ClientMail& letter) const { return *find(letter.header.number); }
  CheckedPrekey checked(const Prekey& prekey) const {
    return check_prekey(prekey, bob_id, bob_id, {&suite}, now).value();
  }
  MailSender sender(const crypto::SigningKey& from, const Prekey& prekey, std::uint64_t seed) const {
    FixedEphemerals ephemerals(seed);
    return MailSender::open(checked(prekey), from, ephemerals, made).value();
  }
  Result<MailSession::First, LetterRefusal> open(const ClientMail& letter) const {
    FixedRng rng;
    return MailSession::open_first(letter, key_of(letter), bob_id, rng);
  }

  rapidjson::Document json;
  const crypto::Suite& suite;
  crypto::SigningKey alice, bob, carol;
  Id alice_id, bob_id, carol_id;
  Now made, now;  // the time in the tokens, and when the prekeys are asked for
  std::vector<OwnPrekey> keys;
};

}  // namespace sims::test
