// Our texts that are neither delivered nor failed, summed up by receiver and place: `sims mail`. Reads the Memory
// alone, so it needs no connection. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/model/memory.h"

namespace sims::client {

struct WaitingTexts {
  enum class Place {
    mailed,  // the relay keeps them
    queued,  // here, to be sent
    held,    // here, typed for a key that the peer does not have now
  } place = Place::queued;
  std::string name;
  Id id;  // the key that they were typed for
  std::uint64_t count = 0;
  std::int64_t oldest_unix_ms = 0;  // when the oldest one was typed
  std::int64_t since_unix_ms = 0;   // mailed: when the relay took the first of them
  std::string why;                 // queued: the reason; empty: they go as soon as we and the peer are online
  std::int64_t again_unix_ms = 0;  // queued: when they are tried next; 0: no time is set
};
// Of one server, by name, then by place and key.
Result<std::vector<WaitingTexts>> waiting_texts(Memory& memory, const Id& server);

// "mailed", "queued", "held"
std::string_view place_word(WaitingTexts::Place place);
WaitingTexts::Place place_of(std::string_view word);  // queued for any other word

}  // namespace sims::client
