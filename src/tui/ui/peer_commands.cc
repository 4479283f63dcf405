// Commands about somebody.
#include <fmt/format.h>

#include "proto/identity.h"
#include "tui/ui/ui.h"
#include "tui/view/panel.h"
#include "tui/view/view.h"
#include "tui/view/wording.h"

namespace sims::tui {

using client::Peer;
using client::Standing;

namespace {

// Of /names, so that a large server does not push everything else away.
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

// The beginning of a safety number, as it may be grouped.
bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789-") == std::string::npos;
}

std::string warning_of(const Peer& peer) {
  return "The name looks like that of your contact " + *peer.looks_like + ", who is somebody else.";
}

}  // namespace

const Peer* Ui::known(const std::string& name) {
  if (name.empty()) {
    refuse("This is the status window: say who, or go to a conversation first.");
    return nullptr;
  }
  const auto& peers = intents_.model().peers;
  const auto it = peers.find(name);
  if (it != peers.end()) return &it->second;
  const std::string who = name.substr(0, 64);
  if (intents_.find(name, state_.window().peer))
    refuse(who + " is not in the list: the server is asked whether there is such a user.");
  else
    refuse("Nobody called " + who + " is known here. /names lists who is online.");
  return nullptr;
}

std::string Ui::named(const Invocation& call) const {
  return call.words.empty() ? state_.window().peer : call.words.front();
}

bool Ui::names() {
  std::string out;
  std::size_t online = 0;
  for (const auto& [name, peer] : intents_.model().peers) {
    if (!peer.online) continue;
    if (++online <= max_names) out += (online > 1 ? ", " : "") + name;
  }
  if (online > max_names) out += fmt::format(" and {} more", online - max_names);
  say(online == 0 ? "Nobody else is online." : fmt::format("{} online: {}", online, out));
  return true;
}

bool Ui::requests() {
  std::string out;
  std::size_t count = 0;
  for (const auto& [name, peer] : intents_.model().peers) {
    if (peer.standing != Standing::request) continue;
    ++count;
    out += fmt::format("\n{}  {}\n    first wrote {}", name, peer.id.str(),
                       format_date_time(peer.first_seen_unix_ms, state_.offset));
    if (peer.looks_like) out += "\n    " + warning_of(peer);
  }
  if (count == 0) return say("Nobody waits for an answer."), true;
  say(count_words(count, "request", "requests") + ":" + out +
      "\n/accept NAME makes a contact, /decline NAME forgets it, /block NAME shuts the door. Until then "
      "nothing goes back.");
  return true;
}

bool Ui::whois(const std::string& name) {
  const Peer* peer = known(name);
  if (peer == nullptr) return false;
  const client::Model& model = intents_.model();
  std::string out = peer->name + " on " + (model.server.empty() ? "no server" : model.server);
  out += "\nkey     " + peer->id.str();
  if (peer->changed_to) out += "\nnow     " + peer->changed_to->str();
  out += "\ntrust   " + std::string(trust_word(*peer));
  if (peer->first_seen_unix_ms > 0)
    out += ", first seen " + format_date_time(peer->first_seen_unix_ms, state_.offset);
  if (peer->looks_like) out += "\nbeware  " + warning_of(*peer);
  out += "\nonline  ";
  out += peer->online
             ? "since " + format_date_time(static_cast<std::int64_t>(peer->since) * 1000, state_.offset)
             : "no";
  out += "\nsession " + session_of(*peer);
  if (auto number = intents_.safety_number(name)) {
    const auto [first, second] = number_halves(*number);
    out += "\nnumber  " + first + "\n        " + second;
  }
  say(std::move(out));
  return true;
}

bool Ui::verify(const Invocation& call) {
  // The number alone is the one of this window; a peer may be called by digits, too.
  const bool alone = is_number(call.word(0)) && intents_.model().peers.count(call.word(0)) == 0;
  const std::string typed = alone ? call.word(0) + " " + call.word(1) : call.word(1);
  const Peer* peer = known(alone ? state_.window().peer : named(call));
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  const std::string qr = proto::safety_qr_text(intents_.model().self, peer->id);
  auto number = intents_.safety_number(name);
  if (!number) return refuse(number.error());
  if (!go_to_peer(name)) return false;
  Window& window = state_.window();
  window.passing = false;
  window.verifying = true;
  window.safety_number = *number;
  window.qr = qr;
  window.answer.clear();
  window.problem.clear();
  state_.panel_scroll = 0;
  if (!typed.empty()) {
    window.answer.set(typed);
    enter_answer();
  }
  return true;
}

bool Ui::trust(const Invocation& call) {
  const bool with_name = call.words.size() > 1;
  const Peer* peer = known(with_name ? call.word(0) : state_.window().peer);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (!done(intents_.accept_changed(name, call.word(with_name ? 1 : 0)))) return false;
  return say_elsewhere(name, "The new key of " + name + " is accepted, not verified."), true;
}

bool Ui::stand(const Invocation& call) {
  const Peer* peer = known(named(call));
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  // Blocked or declined, a request takes what it said with it.
  const bool request = peer->standing == Standing::request;
  const bool verified =
      peer->trust == client::Trust::verified || (peer->trust == client::Trust::changed && peer->was_verified);
  switch (call.command->id) {
    case CommandId::accept:
      if (!done(intents_.accept(name))) return false;
      return say_elsewhere(name, name + " is a contact now."), true;
    case CommandId::block:
      if (request && !sure("Block " + name + " and delete what was said?")) return false;
      if (!done(intents_.block(name))) return false;
      return say(name + " is blocked: nothing of theirs is shown or answered."), true;
    case CommandId::decline:
      if (request && !sure("Forget " + name + "'s request and what was said?")) return false;
      if (!done(intents_.decline(name))) return false;
      drop_window(name);
      return say("The request of " + name + " is forgotten."), true;
    case CommandId::resend:
      if (!done(intents_.resend_held(name))) return false;
      return say_elsewhere(name, "What was held for " + name + " is on its way."), true;
    case CommandId::discard:
      if (!sure("Drop what is held for " + name + "?")) return false;
      if (!done(intents_.discard_held(name))) return false;
      return say_elsewhere(name, "What was held for " + name + " is dropped."), true;
    default:
      if (verified && !sure("Take back that " + name + " is verified?")) return false;
      if (!done(intents_.unverify(name))) return false;
      return say(name + " does not count as verified any more."), true;
  }
}

// A name never holds a slash, so a word with one is a file.
bool Ui::history(const Invocation& call) {
  const std::string& what = call.word(0);
  const bool exports = what == "export";
  const bool file_first = call.word(1).find('/') != std::string::npos;
  const bool too_many = call.words.size() > (exports && !file_first ? 3 : 2);
  if ((!exports && what != "delete") || (file_first && !exports) || too_many)
    return refuse("Usage: /history export [NAME] [FILE] or /history delete [NAME]; FILE has a slash in it.");
  const Peer* peer = known(call.words.size() > 1 && !file_first ? call.word(1) : state_.window().peer);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (exports) {
    std::string file = call.word(file_first ? 1 : 2);
    if (file.empty()) file = "./sims-" + name + ".txt";
    if (auto written = intents_.export_history(name, file); !written) return refuse(written.error());
    say("What was said with " + name + " is in " + file + " now, readable for whoever has the file.");
    return true;
  }
  if (!sure("Delete all that was said with " + name + ", for good?")) return false;
  if (auto erased = intents_.erase_history(name); !erased) return refuse(erased.error());
  for (Window& window : state_.windows) {
    if (window.peer == name) window.scroll = Scroll{};
  }
  say("What was said with " + name + " is deleted here.");
  return true;
}

}  // namespace sims::tui
