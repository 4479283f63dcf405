// Conversation: the peer's texts, each shown once and in the order in which they were written
// (sims-protocol(7) section 6).
//
// 1. receive_text(): a uid that was seen before is acked again, and no more
// 2. its predecessor is missing: the text is stored, its line waits
// 3. else it is shown
// 4. came(): shows the texts that waited for it, and removes the notice that it was missing
#include <algorithm>

#include "client/conversation/conversation.h"
#include "proto/wire/content.h"

namespace sims::client {

bool Conversation::receive_text(const proto::TextContent& text, Now now) {
  Peer& p = peer();
  if (context_.history.seen(p, p.id, text.uid)) return reacks_.take(text.uid, now.steady_ms);
  if (!p.known() && !let_in(now)) return turn_away();
  stops_typing();
  if (may_overtake_letter(text)) {
    first_waits_ = true;
    return keep_waiting(text, now);
  }
  return store_text(text, false, now);
}

Conversation::Letter Conversation::receive_letter(std::string_view plaintext, Now now) {
  meet(now);
  Peer& p = peer();
  const auto content = proto::decode_content(plaintext);
  const auto* text = content ? std::get_if<proto::TextContent>(&*content) : nullptr;
  if (text) {
    if (context_.history.seen(p, p.id, text->uid)) return Letter::taken;
    if (!p.known() && !let_in(now)) return Letter::turned_away;
    return store_text(*text, true, now) ? Letter::taken : Letter::not_stored;
  }
  if (!p.known()) return Letter::turned_away;
  // Typing and read notices never go by letter; they say nothing here.
  if (!content || std::holds_alternative<proto::UnsupportedContent>(*content))
    context_.windows.caused(p, Line::Kind::notice, "unsupported message from " + name_, now);
  return Letter::taken;
}

// False: not stored.
bool Conversation::store_text(const proto::TextContent& text, bool by_letter, Now now) {
  Peer& p = peer();
  if (misses_predecessor(text, by_letter)) return keep_waiting(text, now);
  auto shown = context_.history.receive(p, text, now);
  if (!shown) {
    not_stored(shown.error(), now);
    return false;
  }
  was_shown();
  came(p.id, text.uid, now);
  return true;
}

void Conversation::not_stored(const std::string& why, Now now) {
  context_.windows.fault(&peer(), "A message from " + name_ + " could not be stored: " + why, now);
}

// The first text of an author starts the chain; while live ones wait for letters, the first letter.
bool Conversation::misses_predecessor(const proto::TextContent& text, bool by_letter) {
  if (!text.after || text.after->empty()) return false;
  const Peer& p = peer();
  if (order_.has(p.id, *text.after)) return true;
  if (by_letter && first_waits_) return false;
  const auto last = context_.history.last_from(p);
  return last && last->uid != *text.after && !context_.history.seen(p, p.id, *text.after);
}

// The text before it may be in a letter. The first text of an author would start the chain.
bool Conversation::may_overtake_letter(const proto::TextContent& text) {
  if (!text.after || text.after->empty() || context_.history.last_from(peer())) return false;
  return context_.core.awaits_mail(peer().id);
}

bool Conversation::keep_waiting(const proto::TextContent& text, Now now) {
  Peer& p = peer();
  auto kept = context_.history.keep_waiting(p, text, now);
  if (!kept) {
    not_stored(kept.error(), now);
    return false;
  }
  // If a gap in the session's numbers was noted just now, it is about the same text.
  if (Line* gap = hole_serial_ != 0 ? Windows::find(p, hole_serial_) : nullptr; gap && gap->missing.empty())
    context_.windows.says_missing(p, *gap, *text.after);
  order_.add(std::move(*kept), now.steady_ms + TextOrder::longest_ms);
  show_due(now);
  return true;
}

void Conversation::was_shown() {
  ++peer().unread;
  peer().attention = true;
}

void Conversation::show_waiting(HistoryEntry entry, bool incomplete, Now now) {
  Peer& p = peer();
  if (incomplete) context_.windows.missing(p, entry.after.value_or(""), now);
  const Id author = entry.peer_id;
  const std::string uid = entry.uid;
  auto shown = context_.history.show_waiting(p, std::move(entry), incomplete, now);
  // The commit fails too, and waiting texts are read again.
  if (!shown) return not_stored(shown.error(), now);
  was_shown();
  came(author, uid, now);
}

// A line was shown: show the texts that waited for it, then those that waited for these.
void Conversation::came(const Id& author, const std::string& uid, Now now) {
  first_waits_ = false;
  context_.windows.came(peer(), uid);
  while (auto next = order_.take_after(author, uid))
    show_waiting(std::move(*next), false, now);
}

void Conversation::show_due(Now now) {
  while (auto due = order_.take_due(now.steady_ms))
    show_waiting(std::move(*due), !std::exchange(first_waits_, false), now);
}

void Conversation::show_all_waiting(Now now) {
  while (auto next = order_.take_oldest())
    show_waiting(std::move(*next), false, now);
}

void Conversation::start_chain(Now now) {
  if (!std::exchange(first_waits_, false)) return;
  if (auto first = order_.take_oldest()) show_waiting(std::move(*first), false, now);
}

void Conversation::restore_waiting(std::vector<HistoryEntry> entries, std::int64_t wait_ms, Now now) {
  order_.clear();
  for (HistoryEntry& entry : entries) {
    const std::int64_t left = entry.at_unix_ms + TextOrder::longest_ms - now.unix_ms;
    order_.add(std::move(entry),
               now.steady_ms + std::clamp<std::int64_t>(left, wait_ms, TextOrder::longest_ms));
  }
}

}  // namespace sims::client
