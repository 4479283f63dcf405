// SECURE's frames (sims-protocol(7), section 4): sealing, opening, and frames that are refused.
#include "proto/channel/secure.h"

#include <doctest/doctest.h>

#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

namespace {

SecureChainKey chain(std::uint64_t seed, bool to_server = true) {
  test::FixedRng rng(seed);
  MasterSecret master;
  rng.fill(master.writable());
  return secure_chain(master, to_server);
}

// Opens a line (with its LF). Returns the error, nullopt on success.
std::optional<ErrorCode> open(SecureReceiver& receiver, std::string line, std::string& out) {
  line.pop_back();
  JsonTape tape;
  const auto root = tape.parse(line);
  if (!root) return root.error().code;
  const auto frame = decode_secure(*root);
  if (!frame) return frame.error().code;
  const auto opened = receiver.open(*frame, out);
  if (!opened) return opened.error().code;
  return std::nullopt;
}

std::string sealed(SecureSender& sender, std::string_view plaintext, std::uint64_t time = 1'767'225'600) {
  std::string line;
  sender.seal(plaintext, time, line);
  return line;
}

std::string payload_of(const std::string& line) {
  const auto at = line.find("\"payload\":\"") + 11;
  return line.substr(at, line.find('"', at) - at);
}

std::string with_payload(const std::string& line, const std::string& payload) {
  return line.substr(0, line.find("\"payload\":\"") + 11) + payload + "\"}\n";
}

}  // namespace

TEST_CASE("SECURE: 1,000 messages of all sizes, through ten epochs") {
  SecureSender sender(chain(1));
  SecureReceiver receiver(chain(1));
  test::FixedRng rng(2);
  std::string out;
  for (std::uint64_t n = 0; n < 1'000; ++n) {
    std::string text(rng.pick(n % 50 == 0 ? 20'000 : 300), ' ');
    for (char& c : text)
      c = static_cast<char>(rng.next());
    const std::string line = sealed(sender, text);
    CHECK(line.size() - 1 <= SecureSender::frame_size_max(text.size()));
    CHECK(line.find("{\"epoch\":" + std::to_string(n / 100) + ",\"seq\":" + std::to_string(n) + "}") !=
          line.npos);
    CHECK_FALSE(open(receiver, line, out));
    CHECK(out == text);
  }
  CHECK(sender.count() == 1'000);
  CHECK(receiver.count() == 1'000);
}

// The path without the parser must accept only frames that the parser would accept.
TEST_CASE("SECURE: a frame in the sender's own form opens without the parser, any other form does not") {
  SecureSender sender(chain(1));
  SecureReceiver receiver(chain(1));
  std::string out;
  for (int n = 0; n < 250; ++n) {  // two changes of keys; numbers of one to three digits
    const std::string text = "message " + std::to_string(n);
    std::string frame = sealed(sender, text);
    frame.pop_back();
    const auto with = [&](std::string_view from, std::string_view to) {
      std::string other = frame;
      other.replace(other.find(from), from.size(), to);
      return other;
    };
    for (const std::string& other :
         {with("{", " {"), with("\"seq\":", "\"seq\": "), with("\"}", "\" }"), with("secure", "Secure"),
          with("\"seq\":", "\"seq\":0"), with("\"seq\":", "\"seq\":1"), with("\"epoch\":", "\"epoch\":1"),
          with("\"payload\":\"g", "\"payload\":\"h"), with("\"payload\":\"", "\"payload\":\"\",\"x\":\""),
          with("\"payload\":\"", "\"payload\":\"="), frame + "}", frame.substr(1),
          frame.substr(0, frame.size() - 1), frame.substr(0, 60), std::string("\"}"), std::string()})
      REQUIRE_FALSE(receiver.open_canonical(other, out));
    REQUIRE(receiver.count() == static_cast<std::uint64_t>(n));
    REQUIRE(receiver.open_canonical(frame, out));
    REQUIRE(out == text);
    REQUIRE_FALSE(receiver.open_canonical(frame, out));  // a replay
  }
}

TEST_CASE("SECURE: the same text never gives the same token; the largest content fits a frame") {
  SecureSender sender(chain(1));
  CHECK(payload_of(sealed(sender, "x")) != payload_of(sealed(sender, "x")));
  // Section 6 promises that the outer frame around the largest content stays under 60,100 bytes.
  CHECK(SecureSender::frame_size_max(45'000 - 400) <= max_frame);
}

TEST_CASE(
    "attack 8: replayed, reordered, dropped and reflected messages are out of sequence and change nothing") {
  SecureSender sender(chain(1));
  SecureSender other_direction(chain(1, false));
  SecureReceiver receiver(chain(1));
  std::string out;
  std::vector<std::string> lines;
  for (int i = 0; i < 102; ++i)
    lines.push_back(sealed(sender, "m" + std::to_string(i)));
  CHECK(open(receiver, lines[1], out) == ErrorCode::bad_sequence);    // dropped
  CHECK(open(receiver, lines[100], out) == ErrorCode::bad_sequence);  // of a later epoch
  CHECK_FALSE(open(receiver, lines[0], out));
  CHECK(open(receiver, lines[0], out) == ErrorCode::bad_sequence);  // replayed
  CHECK(open(receiver, lines[2], out) == ErrorCode::bad_sequence);  // reordered
  sealed(other_direction, "");
  CHECK(open(receiver, sealed(other_direction, "x"), out) ==
        ErrorCode::bad_message);  // reflected: under the other direction's keys
  // An old token under the number that is expected.
  CHECK(open(receiver, with_payload(lines[1], payload_of(lines[0])), out) == ErrorCode::bad_sequence);
  CHECK(out.empty());
  // The number in clear changed by one, or to another epoch.
  CHECK(open(receiver,
             "{\"type\":\"secure\",\"sa-data\":{\"epoch\":1,\"seq\":1},\"payload\":\"" +
                 payload_of(lines[1]) + "\"}\n",
             out) == ErrorCode::bad_sequence);
  for (std::size_t i = 1; i < lines.size(); ++i)
    CHECK_FALSE(open(receiver, lines[i], out));
  CHECK(out == "m101");
}

TEST_CASE("attack 4: a token of one direction or connection is refused in another") {
  SecureReceiver to_client(chain(1, false)), other(chain(2));
  SecureSender sender(chain(1));
  const std::string line = sealed(sender, "x");
  std::string out;
  CHECK(open(to_client, line, out) == ErrorCode::bad_message);
  CHECK(open(other, line, out) == ErrorCode::bad_message);
}

TEST_CASE("attack 17: a token with any bit flipped fails the HMAC, always with the same error") {
  SecureSender sender(chain(1));
  SecureReceiver receiver(chain(1));
  const std::string line = sealed(sender, std::string(30, 'x'));
  const std::string token = payload_of(line);
  std::string raw = token;
  std::string out;
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '=') continue;
    std::string bad = token;
    bad[i] =
        alphabet[(alphabet.find(token[i]) + 16) % 64];  // bits within version, time, IV, ciphertext and HMAC
    CAPTURE(i);
    CHECK(open(receiver, with_payload(line, bad), out) == ErrorCode::bad_message);
    CHECK(out.empty());
  }
  for (std::size_t size = 0; size < token.size(); size += 3)
    CHECK(open(receiver, with_payload(line, token.substr(0, size)), out) == ErrorCode::bad_message);
  CHECK(receiver.count() == 0);
  CHECK_FALSE(open(receiver, line, out));
}

TEST_CASE("attack 18: the time in a token is never checked") {
  SecureSender sender(chain(1));
  SecureReceiver receiver(chain(1));
  std::string out;
  for (const std::uint64_t time :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4'102'444'800}, UINT64_MAX})
    CHECK_FALSE(open(receiver, sealed(sender, "x", time), out));
}

TEST_CASE("attack 19: a token has one encoding") {
  SecureSender sender(chain(1));
  SecureReceiver receiver(chain(1));
  const std::string line = sealed(sender, "x");
  const std::string token = payload_of(line);
  REQUIRE(token.ends_with("=="));
  std::string out;
  std::string loose = token;
  char& last = loose[token.size() - 3];
  last = static_cast<char>(last + 1);  // bits below the last byte
  std::string other = token;
  for (char& c : other)
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  for (const std::string& bad :
       {token.substr(0, token.size() - 1), token.substr(0, token.size() - 2), token + "=", loose, other,
        " " + token, token + " ", token + "\\n", "\\n" + token, std::string()}) {
    if (bad == token) continue;  // this token has no '-' or '_'
    CHECK(open(receiver, with_payload(line, bad), out) == ErrorCode::bad_message);
  }
  CHECK_FALSE(open(receiver, line, out));
}

TEST_CASE("SECURE: fields missing or of another type are bad messages") {
  SecureReceiver receiver(chain(1));
  std::string out;
  for (const char* bad : {R"({"type":"secure"})", R"({"type":"secure","sa-data":{"epoch":0,"seq":0}})",
                          R"({"type":"secure","sa-data":{"epoch":"0","seq":0},"payload":"x"})",
                          R"({"type":"secure","sa-data":[0,0],"payload":"x"})",
                          R"({"type":"secure","sa-data":{"epoch":0},"payload":"x"})",
                          R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":7})",
                          R"({"type":"ping"})", R"({"sa-data":{"epoch":0,"seq":0},"payload":"x"})"})
    CHECK(open(receiver, std::string(bad) + "\n", out) == ErrorCode::bad_message);
}
