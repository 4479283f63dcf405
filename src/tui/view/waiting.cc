// Finds and counts the texts that wait, and words the reason.
#include "tui/view/waiting.h"

#include <algorithm>

#include "tui/view/chat.h"

namespace sims::tui {
namespace {

using client::Delivery;
using client::Line;
using client::Peer;

constexpr std::size_t max_examined = 1'000;  // lines, for each frame; an outbox holds no more texts

bool waits(const Line& line) {
  return line.mine && !client::is_settled(line.delivery);
}

// True unless something shows that the peer has accepted us.
bool may_be_request(const Peer& peer) {
  if (peer.older) return false;  // lines that are not loaded may show it
  return std::none_of(peer.lines.begin(), peer.lines.end(), [](const Line& line) {
    const bool said = line.kind == Line::Kind::text || line.kind == Line::Kind::action;
    return said && (!line.mine || line.delivery == Delivery::delivered);
  });
}

std::string time_words(std::int64_t unix_ms, std::int64_t typed_unix_ms, UtcOffset offset) {
  const bool same_day = format_day(unix_ms, offset) == format_day(typed_unix_ms, offset);
  return same_day ? "at " + format_clock(unix_ms, offset) : format_date_time(unix_ms, offset);
}

}  // namespace

Waiting waiting_texts(const Peer& peer) {
  Waiting out;
  for (const Line& line : peer.lines)
    if (waits(line)) ++(line.delivery == Delivery::mailed ? out.at_relay : out.here);
  return out;
}

const Line* newest_waiting(const Peer& peer) {
  const auto count = std::min(peer.lines.size(), max_examined);
  const auto end = peer.lines.rbegin() + static_cast<std::ptrdiff_t>(count);
  const auto at = std::find_if(peer.lines.rbegin(), end, waits);
  return at == end ? nullptr : &*at;
}

std::string waiting_words(const client::Model& model, const Peer& peer, const Line& text, UtcOffset offset) {
  const bool online = model.link == client::LinkState::online;
  switch (text.delivery) {
    case Delivery::mailed:
      return "waits for " + peer.name + " at the relay" +
             (may_be_request(peer) ? ", then to be accepted" : "");
    case Delivery::sent:
      return may_be_request(peer) ? "waits until " + peer.name + " accepts it" : "";
    case Delivery::queued:
      if (!text.why.empty())
        return text.why + (online && text.again_unix_ms > 0
                               ? "; tried again " + time_words(text.again_unix_ms, text.at_unix_ms, offset)
                               : "");
      // The server does not keep letters. Held texts have a warning of their own.
      if (online && model.mail_known && !model.mail && !peer.online && peer.held == 0)
        return "waits until " + peer.name + " is online";
      return "";
    case Delivery::delivered:
    case Delivery::failed:
      break;
  }
  return "";
}

}  // namespace sims::tui
