// Writes each kind of result as a plain line and as JSON.
#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/text.h"
#include "client/model/sent_time.h"
#include "client/model/words.h"
#include "proto/wire/json.h"

namespace sims::client::cli {

namespace {

// The marks of sims-tui, in ASCII.
char mark_of(const HistoryEntry& entry) {
  if (!entry.mine) return '<';
  switch (entry.delivery) {
    case Delivery::queued:
      return '.';
    case Delivery::sent:
    case Delivery::mailed:
      return '-';
    case Delivery::delivered:
      return '+';
    case Delivery::failed:
      break;
  }
  return 'x';
}

std::uint64_t json_time(std::int64_t unix_ms) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms, 0));
}

// The prefix of a text whose author's time differs from its arrival.
// `incomplete`: the author's text before this one is missing.
std::string sent_words(bool incomplete, SentNote note, std::int64_t sent_unix_ms) {
  std::string out = incomplete ? "(something before this has not come) " : "";
  if (note == SentNote::none) return out;
  return out +
         fmt::format("(sent {}{}) ", utc_time(sent_unix_ms), note == SentNote::unlikely ? ", unlikely" : "");
}

void add_sent(proto::JsonWriter& json, SentNote note, std::int64_t sent_unix_ms) {
  if (sent_unix_ms == 0) return;
  json.field("sent", json_time(sent_unix_ms));
  if (note != SentNote::none) json.field("sent_is", note == SentNote::sent ? "earlier" : "unlikely");
}

}  // namespace

std::string list_line(const Listed& peer) {
  return fmt::format("{:<20} {:<10} {}\n", safe_text(peer.name, Lines::fold),
                     safe_text(peer.trust, Lines::fold), safe_text(peer.id, Lines::fold));
}

std::string list_json(const Listed& peer) {
  std::string out;
  proto::JsonWriter(out)
      .begin_object()
      .field("name", peer.name)
      .field("id", peer.id)
      .field("since", peer.since)
      .field("trust", peer.trust)
      .end_object();
  return ascii_json(out) + "\n";
}

std::string found_line(const Listed& found, const std::string& status) {
  return fmt::format("{:<20} {:<10} {} {}\n", safe_text(found.name, Lines::fold),
                     safe_text(found.trust, Lines::fold), safe_text(found.id, Lines::fold),
                     safe_text(status, Lines::fold));
}

std::string found_json(const Listed& found, const std::string& status) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("name", found.name).field("id", found.id).field("trust", found.trust);
  json.field("status", status).end_object();
  return ascii_json(out) + "\n";
}

std::string message_line(const Peer& peer, const Line& line) {
  return fmt::format("{} {}{} {}{}\n", utc_time(line.at_unix_ms), line.kind == Line::Kind::action ? "* " : "",
                     safe_text(peer.name, Lines::fold),
                     sent_words(!line.missing.empty(), sent_note(line), line.sent_unix_ms),
                     safe_text(line.text, Lines::fold));
}

std::string message_json(const Peer& peer, const Line& line) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("from", peer.name).field("id", peer.id.text());
  json.key("verified").boolean(peer.trust == Trust::verified);
  json.field("kind", line.kind == Line::Kind::action ? "action" : "text")
      .field("body", line.text)
      .field("at", json_time(line.at_unix_ms));
  add_sent(json, sent_note(line), line.sent_unix_ms);
  if (!line.missing.empty()) json.key("incomplete").boolean(true);
  json.key("request").boolean(peer.standing == Standing::request);
  json.end_object();
  return ascii_json(out) + "\n";
}

std::string entry_line(const std::string& peer, const HistoryEntry& entry) {
  return fmt::format("{} {} {}{}{}\n", utc_time(entry.at_unix_ms), mark_of(entry),
                     !entry.action ? ""
                     : entry.mine  ? "* "
                                   : "* " + safe_text(peer, Lines::fold) + " ",
                     sent_words(entry.incomplete, sent_note(entry), entry.sent_unix_ms),
                     safe_text(entry.body, Lines::fold));
}

std::string entry_json(const std::string& peer, const HistoryEntry& entry) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("peer", peer);
  json.key("mine").boolean(entry.mine);
  json.field("kind", entry.action ? "action" : "text").field("body", entry.body);
  json.field("at", json_time(entry.at_unix_ms)).field("uid", entry.uid);
  if (!entry.mine) add_sent(json, sent_note(entry), entry.sent_unix_ms);
  if (entry.incomplete) json.key("incomplete").boolean(true);
  if (entry.mine) json.field("delivery", delivery_word(entry.delivery));
  if (entry.mine &&
      (entry.delivery == Delivery::failed || (entry.delivery == Delivery::queued && !entry.why.empty())))
    json.field("why", entry.why);
  json.end_object();
  return ascii_json(out) + "\n";
}

std::string request_line(const Request& request) {
  return fmt::format("{} {:<20} {:>3} {}{}\n", utc_time(request.peer.first_seen_unix_ms), request.name,
                     request.messages, request.peer.id.text(),
                     request.looks_like ? " looks like " + *request.looks_like : "");
}

std::string request_json(const Request& request) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("name", request.name).field("id", request.peer.id.text());
  json.field("since", json_time(request.peer.first_seen_unix_ms));
  json.field("messages", static_cast<std::uint64_t>(request.messages));
  if (request.looks_like) json.field("looks_like", *request.looks_like);
  json.end_object();
  return ascii_json(out) + "\n";
}

namespace {

std::string words_for(const WaitingTexts& texts) {
  switch (texts.place) {
    case WaitingTexts::Place::mailed:
      return "at the relay since " + utc_time(texts.since_unix_ms);
    case WaitingTexts::Place::held:
      return "typed for an earlier key";
    case WaitingTexts::Place::queued:
      break;
  }
  if (texts.again_unix_ms == 0) return safe_text(texts.why, Lines::fold);
  return safe_text(texts.why, Lines::fold) + "; tried again at " + utc_time(texts.again_unix_ms);
}

}  // namespace

std::string mail_line(const WaitingTexts& texts) {
  const auto line = fmt::format("{:<20} {:<6} {:>4} {} {}", texts.name, place_word(texts.place), texts.count,
                                utc_time(texts.oldest_unix_ms), words_for(texts));
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string mail_json(const WaitingTexts& texts) {
  std::string out;
  proto::JsonWriter json(out);
  json.begin_object().field("name", texts.name).field("id", texts.id.text());
  json.field("state", place_word(texts.place)).field("messages", texts.count);
  json.field("oldest", json_time(texts.oldest_unix_ms));
  if (texts.since_unix_ms != 0) json.field("since", json_time(texts.since_unix_ms));
  if (!texts.why.empty()) json.field("why", texts.why);
  if (texts.again_unix_ms != 0) json.field("again", json_time(texts.again_unix_ms));
  json.end_object();
  return ascii_json(out) + "\n";
}

std::string fingerprint_text(const std::string& name, const Id& self, const Id& peer,
                             std::string_view trust) {
  return fmt::format("peer           {}\nid             {}\nsafety number  {}\ntrust          {}\n",
                     safe_text(name, Lines::fold), peer.text(), proto::safety_number(self, peer), trust);
}

std::string remark(std::string_view text) {
  return "sims: " + safe_text(text, Lines::fold) + "\n";
}

// An error here means that standard error is closed: nobody reads it.
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
