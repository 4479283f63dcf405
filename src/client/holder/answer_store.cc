// HolderAttempt: the answers from the store alone, for commands that cannot unlock it.
#include <algorithm>
#include <charconv>

#include "client/holder/attempt.h"
#include "client/model/look_alike.h"
#include "client/model/sent_time.h"
#include "client/model/words.h"
#include "client/state/history.h"
#include "client/state/waiting_texts.h"

namespace sims::client {

namespace {

std::uint64_t json_time(std::int64_t unix_ms) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms, 0));
}

void add_entry(proto::JsonWriter& json, const HistoryEntry& entry, bool incomplete) {
  json.begin_object().key("mine").boolean(entry.mine);
  json.field("kind", entry.action ? "action" : "text").field("body", entry.body);
  json.field("at", json_time(entry.at_unix_ms)).field("uid", entry.uid);
  if (!entry.mine && entry.sent_unix_ms != 0) {
    json.field("sent", json_time(entry.sent_unix_ms));
    if (const auto note = sent_note(entry); note != SentNote::none)
      json.field("sent_is", note == SentNote::sent ? "earlier" : "unlikely");
  }
  if (incomplete) json.key("incomplete").boolean(true);
  if (entry.mine) json.field("delivery", delivery_word(entry.delivery));
  if (entry.mine &&
      (entry.delivery == Delivery::failed || (entry.delivery == Delivery::queued && !entry.why.empty())))
    json.field("why", entry.why);
  json.end_object();
}

}  // namespace

// Of the server that the command wants, which need not be the connected one.
std::optional<Id> HolderAttempt::stored_server() {
  const std::string& wanted = session_.server_;
  const std::string& at = wanted.empty() && core_ != nullptr ? model().server : wanted;
  const auto server = at.empty() ? std::nullopt : host_.memory().server(at);
  return server ? std::optional(server->id) : std::nullopt;
}

// The newest first, as many as fit into an answer; `next` is the row at which to go on.
bool HolderAttempt::history() {
  const auto server = stored_server();
  if (!server) return error(Trouble::no_peer, "nothing is known of " + request_.to);
  Memory& memory = host_.memory();
  std::uint64_t before = 0;
  const auto* end = request_.after.data() + request_.after.size();
  const auto number = std::from_chars(request_.after.data(), end, before);
  if (!request_.after.empty() && (number.ec != std::errc() || number.ptr != end))
    return error(Trouble::bad_request, "\"after\" is not what an answer said");
  const PeerKey peer{*server, request_.to};
  const auto page = memory.before(peer, before, holder_history_page);
  if (!page) return error(Trouble::failure, page.error());
  if (page->empty() && before == 0 && !memory.peers(*server).contains(request_.to))
    return error(Trouble::no_peer, "nothing is known of " + request_.to);
  const std::size_t begun = output_.size();
  auto entry = page->rbegin();
  for (; entry != page->rend() && output_.size() - begun < holder_history_bytes; ++entry) {
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("row");
    add_entry(json, *entry, lacks_predecessor(memory, peer, *entry, host_.now().unix_ms));
    json.end_object();
    output_ += '\n';
  }
  const bool more = entry != page->rend() || page->size() == holder_history_page;
  return ok(more ? std::to_string(std::prev(entry)->row) : std::string{});
}

// A page ends with all rows of one name.
bool HolderAttempt::mail() {
  const auto server = stored_server();
  if (!server) return ok();
  const auto all = waiting_texts(host_.memory(), *server);
  if (!all) return error(Trouble::failure, all.error());
  std::size_t rows = 0;
  std::string last;
  for (const WaitingTexts& group : *all) {
    if (group.name <= request_.after) continue;
    if (rows >= holder_list_page && group.name != last) return ok(last);
    ++rows;
    last = group.name;
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("row").begin_object();
    json.field("name", group.name).field("key", group.id.text()).field("state", place_word(group.place));
    json.field("messages", group.count).field("oldest", json_time(group.oldest_unix_ms));
    if (group.since_unix_ms != 0) json.field("since", json_time(group.since_unix_ms));
    if (!group.why.empty()) json.field("why", group.why);
    if (group.again_unix_ms != 0) json.field("again", json_time(group.again_unix_ms));
    json.end_object().end_object();
    output_ += '\n';
  }
  return ok();
}

bool HolderAttempt::requests() {
  const auto server = stored_server();
  if (!server) return ok();
  Memory& memory = host_.memory();
  const auto peers = memory.peers(*server);
  std::size_t rows = 0;
  std::string last;
  for (auto at = peers.upper_bound(request_.after); at != peers.end(); ++at) {
    const auto& [name, pinned] = *at;
    if (pinned.standing != Standing::request) continue;
    if (rows++ == holder_list_page) break;
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("row").begin_object();
    json.field("name", name)
        .field("key", pinned.id.text())
        .field("since", json_time(pinned.first_seen_unix_ms));
    json.field("messages", static_cast<std::uint64_t>(memory.unread({*server, name}, 0)));
    if (const auto other = look_alike(name, peers)) json.field("looks_like", *other);
    json.end_object().end_object();
    output_ += '\n';
    last = name;
  }
  return ok(rows > holder_list_page ? last : std::string{});
}

}  // namespace sims::client
