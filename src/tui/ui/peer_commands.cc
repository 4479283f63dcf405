// The handlers of commands about peers.
#include <fmt/format.h>

#include "proto/identity.h"
#include "tui/ui/command_handlers.h"
#include "tui/view/trust_panel.h"
#include "tui/view/view.h"
#include "tui/view/waiting.h"
#include "tui/view/wording.h"

namespace sims::tui::commands {

using client::Peer;
using client::Standing;

namespace {

// The most names that /names prints, so that those of a large server do not fill the window.
constexpr std::size_t max_names = 200;

std::string session_of(const Peer& peer) {
  switch (peer.session) {
    case client::SessionState::established:
      return fmt::format("{}, {}", suite_label(peer.suite),
                         count_words(peer.key_rotations, "key rotation", "key rotations"));
    case client::SessionState::calling:
      return "calling";
    case client::SessionState::none:
      break;
  }
  return "none yet: it begins with the first message";
}

// True for the beginning of a safety number, with or without hyphens between groups.
bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789-") == std::string::npos;
}

// Our texts that this peer does not have yet, as lines of /whois.
std::string waiting_of(CommandContext& with, const Peer& peer) {
  const Waiting count = waiting_texts(peer);
  std::string out;
  if (count.at_relay > 0)
    out += "\nrelay   keeps " + count_words(count.at_relay, "message", "messages") + " for " + peer.name;
  if (count.here == 0) return out;
  out += "\nhere    " + count_words(count.here, "message", "messages") + " not delivered yet";
  const client::Line* newest = newest_waiting(peer);
  if (newest == nullptr || newest->delivery == client::Delivery::mailed) return out;
  const std::string words = waiting_words(with.ui.model(), peer, *newest, with.ui.state.offset);
  return words.empty() ? out : out + ": " + words;
}

std::string warning_of(const Peer& peer) {
  return "The name looks like that of your contact " + *peer.looks_like + ", who is somebody else.";
}

// The peer that the first word names, or else the peer of this window. nullptr: no such peer; it has said so.
const Peer* named_peer(CommandContext& with, const Invocation& call) {
  return with.line.known(call.words.empty() ? with.ui.state.window().peer : call.words.front());
}

bool say(CommandContext& with, std::string text) {
  return with.notices.say(std::move(text)), true;
}

}  // namespace

bool names(CommandContext& with, const Invocation&) {
  std::string out;
  std::size_t online = 0;
  for (const auto& [name, peer] : with.ui.model().peers) {
    if (!peer.online) continue;
    if (++online <= max_names) out += (online > 1 ? ", " : "") + name;
  }
  if (online > max_names) out += fmt::format(" and {} more", online - max_names);
  with.notices.say(online == 0 ? "Nobody else is online." : fmt::format("{} online: {}", online, out));
  return true;
}

bool requests(CommandContext& with, const Invocation&) {
  std::string out;
  std::size_t count = 0;
  for (const auto& [name, peer] : with.ui.model().peers) {
    if (peer.standing != Standing::request) continue;
    ++count;
    out += fmt::format("\n{}  {}\n    first wrote {}", name, peer.id.str(),
                       format_date_time(peer.first_seen_unix_ms, with.ui.state.offset));
    if (peer.looks_like) out += "\n    " + warning_of(peer);
  }
  if (count == 0) return say(with, "Nobody waits for an answer.");
  with.notices.say(
      count_words(count, "request", "requests") + ":" + out +
      "\n/accept NAME makes NAME a contact, /decline NAME forgets the request, /block NAME blocks NAME. "
      "Until then nothing goes back.");
  return true;
}

bool whois(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const client::Model& model = with.ui.model();
  std::string out = peer->name + " on " + (model.server.empty() ? "no server" : model.server);
  out += "\nkey     " + peer->id.str();
  if (peer->changed_to) out += "\nnow     " + peer->changed_to->str();
  out += "\ntrust   " + std::string(trust_word(*peer));
  if (peer->first_seen_unix_ms > 0)
    out += ", first seen " + format_date_time(peer->first_seen_unix_ms, with.ui.state.offset);
  if (peer->looks_like) out += "\nbeware  " + warning_of(*peer);
  out += "\nonline  ";
  out += peer->online ? "since " + format_date_time(static_cast<std::int64_t>(peer->since) * 1000,
                                                    with.ui.state.offset)
                      : "no";
  out += "\nsession " + session_of(*peer);
  out += waiting_of(with, *peer);
  if (auto number = with.conversations.safety_number(peer->name)) {
    const auto [first, second] = number_halves(*number);
    out += "\nnumber  " + first + "\n        " + second;
  }
  with.notices.say(std::move(out));
  return true;
}

bool verify(CommandContext& with, const Invocation& call) {
  // A number without a name is for this window. But a name may consist of digits, too.
  const bool alone = is_number(call.word(0)) && with.ui.model().peers.count(call.word(0)) == 0;
  const std::string typed = alone ? call.word(0) + " " + call.word(1) : call.word(1);
  const Peer* peer = alone ? with.line.known(with.ui.state.window().peer) : named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  const std::string qr = proto::safety_qr_text(with.ui.model().self, peer->id);
  const std::string id(peer->id.text());
  auto number = with.conversations.safety_number(name);
  if (!number) return with.notices.refuse(number.error());
  if (!with.windows.go_to_peer(name)) return false;
  Window& window = with.ui.state.window();
  window.passing = false;
  window.verifying = true;
  window.verifying_id = id;
  window.safety_number = *number;
  window.qr = qr;
  window.answer.clear();
  window.problem.clear();
  with.ui.state.panel_scroll = 0;
  if (!typed.empty()) {
    window.answer.set(typed);
    with.trust.enter();
  }
  return true;
}

bool trust(CommandContext& with, const Invocation& call) {
  const bool with_name = call.words.size() > 1;
  const Peer* peer = with.line.known(with_name ? call.word(0) : with.ui.state.window().peer);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (!with.notices.done(with.conversations.accept_changed(name, call.word(with_name ? 1 : 0)))) return false;
  return with.notices.say_elsewhere(name, "The new key of " + name + " is accepted, not verified."), true;
}

// Blocking or declining a request deletes its texts, so these two ask first.
bool accept(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (!with.notices.done(with.conversations.accept(name))) return false;
  return with.notices.say_elsewhere(name, name + " is a contact now."), true;
}

bool block(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  const bool request = peer->standing == Standing::request;
  if (request && !with.line.sure("Block " + name + " and delete the messages?")) return false;
  if (!with.notices.done(with.conversations.block(name))) return false;
  return say(with, name + " is blocked: nothing of theirs is shown or answered.");
}

bool decline(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  const bool request = peer->standing == Standing::request;
  if (request && !with.line.sure("Forget " + name + "'s request and its messages?")) return false;
  if (!with.notices.done(with.conversations.decline(name))) return false;
  with.windows.close(name);
  return say(with, "The request of " + name + " is forgotten.");
}

bool resend(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (!with.notices.done(with.conversations.resend_held(name))) return false;
  return with.notices.say_elsewhere(name, "The messages held for " + name + " are on their way."), true;
}

bool discard(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (!with.line.sure("Drop the messages held for " + name + "?")) return false;
  if (!with.notices.done(with.conversations.discard_held(name))) return false;
  return with.notices.say_elsewhere(name, "The messages held for " + name + " are dropped."), true;
}

bool distrust(CommandContext& with, const Invocation& call) {
  const Peer* peer = named_peer(with, call);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  const bool verified =
      peer->trust == client::Trust::verified || (peer->trust == client::Trust::changed && peer->was_verified);
  if (verified && !with.line.sure("Mark " + name + " as unverified?")) return false;
  if (!with.notices.done(with.conversations.unverify(name))) return false;
  return say(with, name + " is not verified any more.");
}

// A name never contains a slash, so a word with a slash is a file.
bool history(CommandContext& with, const Invocation& call) {
  const std::string& what = call.word(0);
  const bool exports = what == "export";
  const bool file_first = call.word(1).find('/') != std::string::npos;
  const bool too_many = call.words.size() > (exports && !file_first ? 3 : 2);
  if ((!exports && what != "delete") || (file_first && !exports) || too_many)
    return with.notices.refuse(
        "Usage: /history export [NAME] [FILE] or /history delete [NAME]; FILE has a slash in it.");
  const Peer* peer =
      with.line.known(call.words.size() > 1 && !file_first ? call.word(1) : with.ui.state.window().peer);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (exports) {
    std::string file = call.word(file_first ? 1 : 2);
    if (file.empty()) file = "./sims-" + name + ".txt";
    if (auto written = with.store.export_history(name, file); !written)
      return with.notices.refuse(written.error());
    with.notices.say("The history with " + name + " is in " + file +
                     " now. Anyone who has the file can read it.");
    return true;
  }
  if (!with.line.sure("Delete the history with " + name + ", for good?")) return false;
  if (auto erased = with.store.erase_history(name); !erased) return with.notices.refuse(erased.error());
  if (Window* window = with.windows.find(name)) window->scroll = Scroll{};
  with.notices.say("The history with " + name + " is deleted here.");
  return true;
}

}  // namespace sims::tui::commands
