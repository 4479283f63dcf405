// Groups the rows of the outbox, with what is known of their letters.
#include "client/state/waiting_texts.h"

#include <algorithm>
#include <tuple>

namespace sims::client {
namespace {

using Place = WaitingTexts::Place;
using Letters = std::map<std::uint64_t, const MailDelivery*>;  // by the text's row

Place place_of(const HistoryEntry& text, const MailDelivery* letter, const PinnedPeer* pin) {
  if (letter != nullptr && letter->message.empty() && letter->mailed_unix_ms != 0) return Place::mailed;
  return pin != nullptr && pin->id == text.peer_id ? Place::queued : Place::held;
}

void count(WaitingTexts& group, const HistoryEntry& text, const MailDelivery* letter) {
  const auto earlier = [&](std::int64_t& oldest, std::int64_t unix_ms) {
    oldest = group.count == 0 ? unix_ms : std::min(oldest, unix_ms);
  };
  earlier(group.oldest_unix_ms, text.at_unix_ms);
  if (group.place == Place::mailed) earlier(group.since_unix_ms, letter->mailed_unix_ms);
  if (group.place == Place::queued) {
    if (group.why.empty()) group.why = text.why;
    // The next try is the peer's, not the text's.
    if (letter != nullptr) group.again_unix_ms = std::max(group.again_unix_ms, letter->next_unix_ms);
  }
  ++group.count;
}

}  // namespace

Result<std::vector<WaitingTexts>> waiting_texts(Memory& memory, const Id& server) {
  TRY_LET(outbox, memory.outbox(server));
  TRY_LET(deliveries, memory.deliveries(server));
  const auto pins = memory.peers(server);
  Letters letters;
  for (const MailDelivery& letter : deliveries)
    letters[letter.row] = &letter;
  std::map<std::tuple<std::string, Place, Id>, WaitingTexts> groups;
  for (const auto& [name, texts] : outbox) {
    const auto pin = pins.find(name);
    for (const HistoryEntry& text : texts) {
      const auto at = letters.find(text.row);
      const MailDelivery* letter = at == letters.end() ? nullptr : at->second;
      const Place place = place_of(text, letter, pin == pins.end() ? nullptr : &pin->second);
      WaitingTexts& group = groups[{name, place, text.peer_id}];
      group.place = place;
      group.name = name;
      group.id = text.peer_id;
      count(group, text, letter);
    }
  }
  std::vector<WaitingTexts> out;
  out.reserve(groups.size());
  for (auto& [key, group] : groups)
    out.push_back(std::move(group));
  return out;
}

std::string_view place_word(Place place) {
  switch (place) {
    case Place::mailed:
      return "mailed";
    case Place::queued:
      return "queued";
    case Place::held:
      break;
  }
  return "held";
}

Place place_of(std::string_view word) {
  for (const auto place : {Place::mailed, Place::held})
    if (place_word(place) == word) return place;
  return Place::queued;
}

}  // namespace sims::client
