// Letters, receipts and prekeys as clients send them, and what a client was told, for tests of the relay.
#pragma once

#include <fmt/format.h>

#include "proto/wire/encode.h"
#include "server/relay/world.h"

namespace sims::test {

// Number `n` tells letters apart; `padding` makes them longer.
inline std::string letter(const Client& from, const Client& to, std::uint64_t n, std::size_t padding = 0) {
  proto::ClientMail out;
  out.src = from.id();
  out.dst = to.id();
  out.id = n;
  out.header.key = Bytes(97, 4);
  out.data = std::string(padding, 'x');
  return encode(out);
}
inline std::string receipt(const Client& from, const Client& to, std::uint64_t n) {
  proto::ClientReceipt out;
  out.src = from.id();
  out.dst = to.id();
  out.outcome = proto::LetterDelivered{n, {}};
  return encode(out);
}

inline proto::Prekey prekey(std::uint8_t n, proto::PrekeyUse use, std::uint64_t expires,
                            std::string_view suite = crypto::all_suites()[0].name) {
  proto::Prekey out;
  out.number[0] = n;
  out.suite = suite;
  out.use = use;
  out.expires = expires;
  out.key = Bytes(97, n);
  return out;
}

// Sends one message. Returns its seq.
inline std::uint64_t say(World& w, Client& from, const std::string& message) {
  from.send(message, w.now);
  w.bytes(from.conn, std::exchange(from.to_server, {}));
  return from.transport.sent() - 1;
}
// The client acks everything that it has read.
inline void ack(World& w, Client& c) {
  say(w, c, encode(proto::Ack{c.name, c.transport.received() - 1}));
}

// The acks and errors that the client read since the last call: "ack 3", "busy 4".
inline std::vector<std::string> told(World& w, Client& c) {
  w.pump({&c});
  std::vector<std::string> out;
  const auto after = [](const std::string& text, std::string_view mark) {
    const auto at = text.find(mark);
    if (at == text.npos) return std::string("-");
    const auto from = at + mark.size();
    return text.substr(from, text.find_first_of("\"},", from) - from);
  };
  for (const auto& m : std::exchange(c.in_order, {})) {
    if (m.starts_with(R"({"type":"ack","name")")) out.push_back("ack " + after(m, R"("id":)"));
    if (m.starts_with(R"({"type":"error")"))
      out.push_back(after(m, R"("code":")") + " " + after(m, R"("id":)"));
  }
  return out;
}
using Told = std::vector<std::string>;

// The letters and receipts that the client read since the last call.
inline std::vector<std::string> mail_of(World& w, Client& c) {
  w.pump({&c});
  std::vector<std::string> out;
  std::erase_if(c.messages, [&](const std::string& m) {
    const bool kept =
        m.starts_with(R"({"type":"client-mail")") || m.starts_with(R"({"type":"client-receipt")");
    if (kept) out.push_back(m);
    return kept;
  });
  return out;
}

}  // namespace sims::test
