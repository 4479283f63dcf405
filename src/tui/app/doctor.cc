// The sections of the report, each with its facts and advice.
#include "tui/app/doctor.h"

#include <fmt/format.h>

#include "tui/view/chat.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::LinkState;
using client::Model;

class Report {
 public:
  void line(std::string_view what, std::string words) {
    text_ += fmt::format("{}{:<11}{}", text_.empty() ? "" : "\n", what, words);
  }
  void advice(std::string_view words) { text_ += fmt::format("\n           -> {}", words); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string_view yes(bool on) {
  return on ? "yes" : "no";
}

void terminal(Report& out, const DoctorFacts& f, const UiState& ui) {
  out.line("terminal", fmt::format("TERM={}, {}x{}{}{}", f.term.empty() ? "(not set)" : f.term, ui.size.width,
                                   ui.size.height, f.multiplexer ? ", inside tmux or screen" : "",
                                   f.plain ? ", plain lines" : ""));
  if (f.plain) return;
  out.line("colours", fmt::format("{}{}", f.colours > 0 ? std::to_string(f.colours) : std::string("none"),
                                  f.no_colour ? ", not used: NO_COLOR is set" : ""));
  if (f.colours > 0 && f.colours < 256) out.advice("most terminals have 256: set TERM=xterm-256color");
  out.line("paste", fmt::format("bracketed paste, title and focus reports: {}", yes(f.modern)));
  if (!f.modern)
    out.advice("without bracketed paste, lines that come at once count as a paste: Enter sends them");
}

void characters(Report& out, const DoctorFacts& f) {
  out.line("locale", f.locale);
  if (f.locale.find("UTF-8") == std::string::npos && f.locale.find("utf8") == std::string::npos)
    out.advice("not UTF-8: set LANG=C.UTF-8, or /set ascii on");
  out.line("widths",
           fmt::format("the C library and SIMS differ about {} of {} characters", f.odd_widths, f.widths));
  if (f.odd_widths * 20 > f.widths) out.advice("these are drawn as ?, so that no line shifts");
}

void connection(Report& out, const Model& m, Now now) {
  switch (m.link) {
    case LinkState::online:
      out.line("server", fmt::format("online at {}, {}, round trip {}", m.server, suite_label(m.suite),
                                     m.round_trip_ms < 0 ? std::string("not measured yet")
                                                         : fmt::format("{} ms", m.round_trip_ms)));
      break;
    case LinkState::waiting:
      out.line("server", fmt::format("not connected to {}: {}; next try in {} s", m.server, m.problem,
                                     (now.ms_until(m.retry_at_ms) + 999) / 1'000));
      break;
    default:
      out.line("server", m.problem.empty() ? "not connected" : "not connected: " + m.problem);
      out.advice("/connect opens the dialog");
  }
  if (!m.server_id.empty()) out.line("server key", m.server_id.str());
  out.line("own key", m.self.str());
}

void session(Report& out, const Model& m, const UiState& ui) {
  const auto at = m.peers.find(ui.window().peer);
  if (at == m.peers.end()) return;
  const client::Peer& peer = at->second;
  out.line("session",
           peer.session == client::SessionState::established
               ? fmt::format("{}: {}, {} key rotation{} so far", peer.name, suite_label(peer.suite),
                             peer.key_rotations, peer.key_rotations == 1 ? "" : "s")
               : peer.name + ": none yet, it begins with the first message");
}

void clock(Report& out, const UiState& ui, Now now) {
  const int offset = ui.offset(now.unix_ms / 1'000) / 60;
  out.line("clock", fmt::format("{} (UTC{:+03}:{:02})", format_date_time(now.unix_ms, ui.offset), offset / 60,
                                std::abs(offset) % 60));
  if (now.unix_ms < 1'750'000'000'000)
    out.advice("this is in the past: set the clock, which gives messages their times");
}

void store(Report& out, const DoctorFacts& f, const UiState& ui) {
  out.line("store", fmt::format("{}, {} KiB, {}", f.store, f.store_bytes / 1'024,
                                f.passphrase ? "sealed with a passphrase or key file" : "no passphrase"));
  if (!f.damage.empty()) out.advice(f.damage);
  if (!f.passphrase) out.advice("anyone who can read the file can read all of it: /passphrase seals it");
  if (f.restored) out.advice("it was restored from a backup: newer messages are not in it");
  if (!f.memory.empty()) out.line("memory", f.memory);
  out.line("history", ui.options.history ? "kept" : "not kept");
  out.line("settings", f.config);
}

}  // namespace

std::string doctor_text(const DoctorFacts& facts, const Model& model, const UiState& ui, Now now) {
  Report out;
  terminal(out, facts, ui);
  characters(out, facts);
  clock(out, ui, now);
  connection(out, model, now);
  session(out, model, ui);
  store(out, facts, ui);
  return out.take();
}

}  // namespace sims::tui
