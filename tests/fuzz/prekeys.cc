// Fuzz target `prekeys`: what a relay hands out as somebody's prekey, and `prekeys` and `prekey` from either
// side. An asker takes only a prekey that its owner signed, in time, of a suite that was asked for. A message
// that is read is written and read back as the same.
#include <algorithm>

#include "fuzz/fuzz.h"
#include "fuzz/vectors.h"
#include "proto/mail/mail_pair.h"
#include "proto/mail/mail_schedule.h"

namespace sims::fuzz {
namespace {

using namespace sims::proto;
using test::MailVectors;

struct Genuine {
  const MailVectors* vectors;
  Prekey prekey;
};

const MailVectors& vectors(bool rsa) {
  static const MailVectors both[] = {MailVectors("mail-ecdhe.json"), MailVectors("mail-rsa.json")};
  return both[rsa ? 1 : 0];
}

// Bob's four, of both suites.
const std::vector<Prekey>& genuine() {
  static const std::vector<Prekey> all = [] {
    std::vector<Prekey> out;
    for (const bool rsa : {false, true})
      for (const OwnPrekey& key : vectors(rsa).keys)
        out.push_back(key.record);
    return out;
  }();
  return all;
}

void edit(Prekey& prekey, Source& source, std::vector<std::string>& bobs) {
  const Prekey& other = genuine()[source.pick(4)];
  switch (source.pick(13)) {
    case 0:
      flip(prekey.number, source);
      break;
    case 1:
      flip(prekey.key, source);
      break;
    case 2:
      flip(prekey.signature, source);
      break;
    case 3:
      prekey.expires += source.number(4);
      break;
    case 4:
      prekey.expires -= source.number(4);
      break;
    case 5:
      prekey.use = prekey.use == PrekeyUse::many ? PrekeyUse::once : PrekeyUse::many;
      break;
    case 6:
      prekey.suite = other.suite;
      break;
    case 7:
      prekey.number = other.number;
      break;
    case 8:
      prekey.key = other.key;
      break;
    case 9:
      prekey.signature = other.signature;
      break;
    case 10:  // carol's own
      prekey.signature = vectors(false).carol.sign(prekey_signed_input(prekey));
      break;
    case 11:  // bob's own, whatever it says
      prekey.signature = vectors(false).bob.sign(prekey_signed_input(prekey));
      bobs.push_back(encode(prekey));
      break;
    default:
      prekey.suite = source.text();
  }
}

void hand_out(Source& source) {
  const MailVectors& v = vectors(false);
  Prekey prekey = genuine()[source.pick(4)];
  std::vector<std::string> bobs;  // all that he signed
  for (const Prekey& one : genuine())
    bobs.push_back(encode(one));
  for (std::size_t edits = source.pick(4); edits > 0; --edits)
    edit(prekey, source, bobs);
  crypto::SuiteList asked;
  for (const crypto::Suite& suite : crypto::all_suites())
    if (source.pick(4) != 0) asked.push_back(&suite);
  const std::int64_t day_ms = 86'400'000;
  const Now now{0, v.made.unix_ms + static_cast<std::int64_t>(source.pick(128)) * day_ms};
  const Id& of = source.pick(4) == 0 ? v.carol_id : v.bob_id;

  const auto checked = check_prekey(prekey, of, v.bob_id, asked, now);
  const bool is_bobs = std::find(bobs.begin(), bobs.end(), encode(prekey)) != bobs.end();
  const auto suite =
      std::find_if(asked.begin(), asked.end(), [&](const auto* s) { return s->name == prekey.suite; });
  const bool fits = suite != asked.end() && (*suite)->acceptable_key(prekey.key) &&
                    (prekey.use == PrekeyUse::once || (*suite)->many_prekey);
  const bool in_time = prekey.expires + 86'400 >= now.unix_s();
  HOLDS(checked.has_value() == (is_bobs && fits && in_time && of == v.bob_id));
  if (!checked) {
    HOLDS(!explain(checked.error()).empty());
    return;
  }
  test::FixedEphemerals ephemerals;
  HOLDS(MailSender::open(*checked, v.alice, ephemerals, now));
}

template <class T, class Decode>
void same_again(std::string text, Decode decode) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return;
  const auto message = decode(*root);
  if (!message || !std::holds_alternative<T>(*message)) return;
  const std::string once = encode(std::get<T>(*message));
  std::string copy = once;
  JsonTape second;
  const auto again = decode(second.parse(copy).value());
  HOLDS(again && encode(std::get<T>(*again)) == once);
}

void read(const std::string& text) {
  same_again<PrekeysUpload>(text, decode_from_client);
  same_again<PrekeyRequest>(text, decode_from_client);
  same_again<PrekeysStatus>(text, decode_from_server);
  same_again<PrekeyAnswer>(text, decode_from_server);
  same_again<ClientMail>(text, decode_from_server);
  same_again<ClientReceipt>(text, decode_from_server);
}

void run(ByteView input) {
  if (!input.empty() && input[0] == '{') return read(std::string(text_of(input)));
  Source source(input);
  hand_out(source);
}

std::vector<std::string> seeds() {
  using namespace std::literals;
  std::vector<std::string> out = strings_in_vectors(R"({"type":"client-mail")");
  for (const auto& receipt : strings_in_vectors(R"({"type":"client-receipt")"))
    out.push_back(receipt);
  out.push_back(encode(PrekeysUpload{genuine(), true}));
  out.push_back(
      encode(PrekeysStatus{{{"ECDHE_WITH_AES_128_CBC_SHA256", 9, true}}, 4, genuine()[0].number, 2}));
  out.push_back(encode(PrekeyRequest{vectors(false).bob_id, {"ECDHE_WITH_AES_128_CBC_SHA256"}}));
  out.push_back(encode(PrekeyAnswer{vectors(false).bob_id, genuine()[3]}));
  out.push_back("\0\3\0\0\1\1\1\0\xb\0\x8\1\1\0\1"s);  // signed again, and then not changed
  for (char key = 0; key < 4; ++key) {
    out.push_back(std::string(1, key) + "\0\1\1\0\1"s);
    out.push_back(std::string(1, key) + "\2\0\5\0\xb\1\1\0\1"s);  // for many sessions, and signed by bob
    for (char what = 0; what < 13; ++what)
      out.push_back(std::string(1, key) + "\1\1"s + what + "\0\1\0\1\1\1\1\1\1"s);
  }
  return out;
}

const Register registered({"prekeys", run, seeds, 8'000});

}  // namespace
}  // namespace sims::fuzz
