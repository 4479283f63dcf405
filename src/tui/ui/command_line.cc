// CommandLine: takes the line from its window, sends or runs it, and puts it back if it is refused.
#include "tui/ui/command_line.h"

#include <fmt/format.h>

#include <utility>

#include "base/secret.h"

namespace sims::tui {

CommandLine::CommandLine(UiContext& ui, ConversationIntents& intents, const Uses& uses, Run run)
    : ui_(ui), intents_(intents), uses_(uses), run_(std::move(run)) {
  using enum Ask::About;
  uses_.prompt.answer_with({slash, cut},
                           [this](const Ask& asked, char32_t key) { answer_draft(asked, key); });
  uses_.prompt.answer_with({command}, [this](const Ask& asked, char32_t) { answer_command(asked); });
  uses_.prompt.answer_with({request, new_key}, [this](const Ask& asked, char32_t) { answer_text(asked); });
}

// --- a line ----------------------------------------------------------------------------------------

// A command may close or change the window, so its line is taken out first, and put back when it was refused.
void CommandLine::enter() {
  const std::string line = ui_.state.window().input.text();
  const std::string peer = ui_.state.window().peer;
  const Parsed parsed = parse_line(line);
  if (std::holds_alternative<Nothing>(parsed)) return;
  if (std::holds_alternative<AmbiguousSlash>(parsed)) return ask_about_slash();
  if (std::holds_alternative<Text>(parsed) && ui_.state.window().left_out > 0) return ask_about_cut();
  Editor typed = ui_.state.window().input;
  ui_.state.window().input.clear();
  const bool done = carry_out(parsed, {peer, line, line});
  entered(peer, std::move(typed), done);
}

// A command may carry out another one: /verify with a number that is a command.
bool CommandLine::carry_out(const Parsed& parsed, Typed typed) {
  Typed outer = std::exchange(typed_, std::move(typed));
  const bool done = carry_out(parsed);
  wipe_and_assign(typed_, std::move(outer));
  return done;
}

bool CommandLine::carry_out(const Parsed& parsed) {
  if (const auto* refused = std::get_if<Refused>(&parsed)) return uses_.notices.refuse(refused->why);
  if (const auto* text = std::get_if<Text>(&parsed)) return send(typed_.window, text->body, false);
  const auto* call = std::get_if<Invocation>(&parsed);
  return call != nullptr && run_(*call);
}

// `typed` was taken out of the window with `peer`.
void CommandLine::entered(const std::string& peer, Editor typed, bool done) {
  Window* window = uses_.windows.find(peer);
  if (window == nullptr) return;  // the command closed it
  if (!done) {
    window->input = std::move(typed);
    return;
  }
  window->history.add(typed.text());
  window->typed_for.clear();
  window->passing = false;
  uses_.typing.stop_to(peer);
}

void CommandLine::run_typed_elsewhere(const std::string& line) {
  const Parsed parsed = parse_line(line);
  if (!std::holds_alternative<Text>(parsed)) carry_out(parsed, {ui_.state.window().peer, "", line});
}

// --- a text ----------------------------------------------------------------------------------------

bool CommandLine::send(const std::string& peer, std::string_view text, bool action) {
  if (peer.empty())
    return uses_.notices.refuse(
        "This is the status window: nobody reads what is typed here. /query NAME opens a conversation.");
  const client::Peer* to = known(peer);
  if (to == nullptr) return false;
  if (to->standing == client::Standing::request)
    return hold(
        *to, text, action,
        question(Ask::About::request, "An answer accepts " + peer + "'s request: send it? y yes, n no"));
  const Window& window = ui_.state.window();
  if (window.peer == peer && !window.typed_for.empty() && window.typed_for != to->id.text())
    return hold(*to, text, action,
                question(Ask::About::new_key,
                         "This was typed for an earlier key of " + peer + ": send it? y yes, n no"));
  return deliver(peer, text, action);
}

bool CommandLine::deliver(const std::string& peer, std::string_view text, bool action) {
  if (auto sent = intents_.send_text(peer, text, action); !sent)
    return uses_.notices.refuse("Not sent: " + sent.error());
  if (Window* window = uses_.windows.find(peer)) window->scroll = Scroll{};
  const client::Peer* to = ui_.peer(peer);
  const bool waits = to == nullptr || !to->online;
  const char* how = !waits             ? ""
                    : ui_.model().mail ? ", who is offline (by letter)"
                                       : ", who is offline (it waits)";
  uses_.notices.say_elsewhere(peer, fmt::format("To {}{}: {}", peer, how, text));
  return true;
}

const client::Peer* CommandLine::known(const std::string& name) {
  if (name.empty()) {
    uses_.notices.refuse("This is the status window: say who, or go to a conversation first.");
    return nullptr;
  }
  if (const client::Peer* peer = ui_.peer(name)) return peer;
  const std::string who = name.substr(0, 64);
  if (intents_.find(name, ui_.state.window().peer)) {
    uses_.notices.refuse(who + " is not in the list: the server is asked whether there is such a user.");
    asked_for_ = ui_.model().mail ? name : "";
    asked_by_ = typed_;
  } else {
    uses_.notices.refuse("Nobody called " + who + " is known here. /names lists who is online.");
  }
  return nullptr;
}

// --- a user who is offline -------------------------------------------------------------------------

// Once: the peer is known then, or the line is refused for another reason.
void CommandLine::model_changed() {
  if (asked_for_.empty()) return;
  using Outcome = client::FindAnswer::Outcome;
  const auto& found = ui_.model().found;
  const auto at = found.find(asked_for_);
  if (at != found.end() && at->second.outcome == Outcome::asked) return;
  const std::string name = std::exchange(asked_for_, std::string());
  const Typed typed = std::exchange(asked_by_, Typed());
  if (at == found.end()) return;  // the connection was lost
  const bool away = at->second.outcome == Outcome::offline || at->second.outcome == Outcome::registered;
  if (away && at->second.name == name && intents_.meet(name)) carry_out_again(typed);
}

// Unless the user does something else by now.
void CommandLine::carry_out_again(const Typed& typed) {
  if (ui_.focus() != Focus::input || ui_.state.window().peer != typed.window) return;
  Editor line;
  if (!typed.draft.empty()) {
    if (ui_.state.window().input.text() != typed.draft) return;
    line = ui_.state.window().input;
    ui_.state.window().input.clear();
  }
  const bool done = carry_out(parse_line(typed.line), typed);
  if (!line.empty()) entered(typed.window, std::move(line), done);
}

// --- questions -------------------------------------------------------------------------------------

// About the line that is carried out.
Ask CommandLine::question(Ask::About about, std::string words) const {
  Ask out{about, std::move(words)};
  out.window = typed_.window;
  out.draft = typed_.draft;
  return out;
}

bool CommandLine::hold(const client::Peer& to, std::string_view text, bool action, Ask question) {
  question.to = to.name;
  question.to_id = to.id.text();
  question.text = text;
  question.action = action;
  uses_.prompt.ask(std::move(question));
  return false;
}

bool CommandLine::sure(const std::string& words) {
  if (typed_.confirmed) return true;
  Ask asked = question(Ask::About::command, words + " y yes, n no");
  asked.text = typed_.line;
  uses_.prompt.ask(std::move(asked));
  return false;
}

void CommandLine::ask_about_slash() {
  const Window& window = ui_.state.window();
  Ask question{Ask::About::slash, "A slash after a space: s send as text, r run as command, Esc back"};
  question.window = window.peer;
  question.draft = window.input.text();
  uses_.prompt.ask(std::move(question));
}

void CommandLine::ask_about_cut() {
  const Window& window = ui_.state.window();
  Ask question{Ask::About::cut,
               fmt::format("Not all of it fitted ({} bytes too many): send without the rest? y yes, n no",
                           window.left_out)};
  question.window = window.peer;
  question.draft = window.input.text();
  uses_.prompt.ask(std::move(question));
}

// --- answers ---------------------------------------------------------------------------------------

// A server's question over the one that is answered lets the user go to another window.
void CommandLine::answer_draft(const Ask& asked, char32_t key) {
  Window& window = ui_.state.window();
  if (window.peer != asked.window || window.input.text() != asked.draft) return say_elsewhere();
  if (asked.about == Ask::About::cut) {
    window.left_out = 0;
    return enter();
  }
  if (key == U's') return send_spaced_slash();
  window.input.set(std::get<AmbiguousSlash>(parse_line(asked.draft)).command);
  enter();
}

void CommandLine::send_spaced_slash() {
  Editor typed = ui_.state.window().input;
  const std::string peer = ui_.state.window().peer;
  ui_.state.window().input.clear();
  const bool sent = carry_out(Text{typed.text()}, {peer, typed.text(), typed.text()});
  entered(peer, std::move(typed), sent);
}

void CommandLine::answer_command(const Ask& asked) {
  if (ui_.state.window().peer != asked.window) return say_elsewhere();
  Editor typed = take_draft(asked);
  const bool done = carry_out(parse_line(asked.text), {asked.window, asked.draft, asked.text, true});
  if (!typed.empty()) entered(asked.window, std::move(typed), done);
}

// Sends also when another window is in front: the question named the receiver.
void CommandLine::answer_text(const Ask& asked) {
  Editor typed = take_draft(asked);
  const client::Peer* to = ui_.peer(asked.to);
  const bool same = to != nullptr && to->id.text() == asked.to_id;
  const bool done =
      same ? deliver(asked.to, asked.text, asked.action)
           : uses_.notices.refuse("Not sent: " + asked.to + " has another key than when you were asked.");
  if (!typed.empty()) entered(asked.window, std::move(typed), done);
}

// The line that was asked about, out of its window; empty: it is not there any more.
Editor CommandLine::take_draft(const Ask& asked) {
  Editor typed;
  Window* window = uses_.windows.find(asked.window);
  if (window == nullptr || window->input.text() != asked.draft) return typed;
  typed = window->input;
  window->input.clear();
  return typed;
}

void CommandLine::say_elsewhere() {
  ui_.state.hint = "nothing was done: this is not the window where it was asked";
}

void CommandLine::wipe() {
  wipe_and_assign(typed_);
  wipe_and_assign(asked_by_);
  asked_for_.clear();
}

}  // namespace sims::tui
