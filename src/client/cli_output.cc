#include "client/cli_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "proto/json.h"

namespace sims::client::cli {

std::string_view trust_word(const Peer& peer) {
  if (peer.trust == Trust::changed) return "changed";
  if (!peer.known()) return "new";
  return peer.trust == Trust::verified ? "verified" : "unverified";
}

std::string list_line(const Peer& peer) {
  const Id& shown = peer.changed_to ? *peer.changed_to : peer.id;
  return fmt::format("{:<20} {:<10} {}\n", safe_text(peer.name, Lines::fold), trust_word(peer), shown.text());
}

std::string list_json(const Peer& peer) {
  std::string out;
  proto::JsonWriter(out)
      .begin_object()
      .field("name", peer.name)
      .field("id", (peer.changed_to ? *peer.changed_to : peer.id).text())
      .field("since", peer.since)
      .field("trust", trust_word(peer))
      .end_object();
  return ascii_json(out) + "\n";
}

std::string message_line(const Peer& peer, const Line& line) {
  return fmt::format("{} {}{} {}\n", utc_time(line.at_unix_ms), line.kind == Line::Kind::action ? "* " : "",
                     safe_text(peer.name, Lines::fold), safe_text(line.text, Lines::fold));
}

std::string message_json(const Peer& peer, const Line& line) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("from", peer.name).field("id", peer.id.text());
  json.key("verified").boolean(peer.trust == Trust::verified);
  json.field("kind", line.kind == Line::Kind::action ? "action" : "text")
      .field("body", line.text)
      .field("at", static_cast<std::uint64_t>(std::max<std::int64_t>(line.at_unix_ms, 0)))
      .end_object();
  return ascii_json(out) + "\n";
}

std::string fingerprint_text(const std::string& name, const Id& self, const Id& peer,
                             std::string_view trust) {
  return fmt::format("peer           {}\nid             {}\nsafety number  {}\ntrust          {}\n",
                     safe_text(name, Lines::fold), peer.text(), proto::safety_number(self, peer), trust);
}

std::string utc_time(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

std::string remark(std::string_view text) {
  return "sims: " + safe_text(text, Lines::fold) + "\n";
}

// Who closed standard error does not want to know.
void tell(std::string_view text) {
  static_cast<void>(std::fputs(remark(text).c_str(), stderr));
}

std::string ascii_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    auto [c, size] = decode_utf8(json, at);
    if (size == 0) c = 0xfffd;
    at += std::max<std::size_t>(size, 1);
    if (c < 0x7f) {
      out += static_cast<char>(c);
    } else if (c < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      c -= 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + static_cast<unsigned>(c >> 10),
                         0xdc00 + static_cast<unsigned>(c & 0x3ff));
    }
  }
  return out;
}

}  // namespace sims::client::cli
