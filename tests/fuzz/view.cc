// Fuzz target `view`: everything that draws, with hostile text in every remote field of the model, at any size.
#include "tui/view/view.h"

#include "fuzz/fuzz.h"
#include "fuzz/shown.h"
#include "support/fixed_rng.h"
#include "tui/ui/fixture.h"

namespace sims::fuzz {
namespace {

using namespace tui;

int offset(std::int64_t unix_s) {
  return static_cast<int>(unix_s % 86'400) - 43'200;
}

client::Line line(Source& source, std::uint64_t serial) {
  client::Line out;
  out.kind = static_cast<client::Line::Kind>(source.pick(4));
  out.serial = serial;
  out.mine = source.coin();
  out.delivery = static_cast<client::Delivery>(source.pick(4));
  // Any time, also one outside of every calendar.
  out.at_unix_ms = static_cast<std::int64_t>(source.number(8));
  out.why = source.text();
  out.text = source.text();
  return out;
}

client::Peer peer(Source& source, const std::string& name) {
  client::Peer out;
  out.name = name;
  out.id = test::some_id('b');
  out.trust = static_cast<client::Trust>(source.pick(3));
  if (out.trust == client::Trust::changed) out.changed_to = test::some_id('c');
  out.standing = static_cast<client::Standing>(source.pick(4));
  if (source.coin()) out.looks_like = source.text();
  out.online = source.coin();
  out.session = static_cast<client::SessionState>(source.pick(3));
  out.suite = source.text();
  out.typing = source.coin();
  out.attention = source.coin();
  out.unread = source.byte();
  for (std::size_t i = source.pick(6); i > 0; --i)
    out.lines.push_back(line(source, 100 + out.lines.size()));
  out.read_to = 100 + source.pick(6);
  return out;
}

client::Model model(Source& source) {
  client::Model out;
  out.link = static_cast<client::LinkState>(source.pick(6));
  out.progress = source.text();
  out.problem = source.text();
  out.server = source.text();
  out.server_name = source.text();
  out.self = test::some_id('a');
  out.self_name = source.text();
  out.suite = source.text();
  out.round_trip_ms = static_cast<std::int64_t>(source.byte()) - 1;
  out.retry_at_ms = static_cast<std::int64_t>(source.byte()) * 1'000'000;
  out.catching_up = source.coin();
  if (out.link == client::LinkState::asking) {
    out.question.emplace();
    out.question->kind = static_cast<client::Question::Kind>(source.pick(2));
    out.question->server = source.text();
    out.question->shown = test::some_id('s');
    if (source.coin()) out.question->pinned = test::some_id('t');
  }
  for (std::size_t i = source.pick(4); i > 0; --i)
    out.status.push_back(line(source, 10 + out.status.size()));
  for (std::size_t i = source.pick(5); i > 0; --i) {
    const std::string name = source.text();
    out.peers[name] = peer(source, name);
  }
  return out;
}

Window window(Source& source, const std::string& of) {
  Window out;
  out.peer = of;
  out.input.set(source.text());
  out.answer.set(source.text());
  out.problem = source.text();
  out.verifying = source.coin();
  out.safety_number = source.text();
  out.qr = source.coin() ? source.text() : "";
  out.scroll = {source.coin(), 100 + source.pick(6), static_cast<int>(source.pick(8))};
  out.divider = 100 + source.pick(8);
  out.marked = 100 + source.pick(8);
  return out;
}

void find(Source& source, UiState& ui) {
  ui.find.open = true;
  ui.find.query.set(source.text());
  ui.find.searched = source.text();
  ui.find.running = source.coin();
  ui.find.problem = source.text();
  for (std::size_t i = source.pick(4); i > 0; --i) {
    client::SearchHit hit;
    hit.peer.name = source.text();
    hit.entry.body = source.text();
    hit.entry.mine = source.coin();
    ui.find.hits.push_back(hit);
  }
  ui.find.at = ui.find.hits.empty() ? 0 : source.pick(ui.find.hits.size());
}

void over(Source& source, UiState& ui) {
  switch (source.pick(8)) {
    case 0:
      return find(source, ui);
    case 1:
      ui.ask.about = static_cast<Ask::About>(1 + source.pick(3));
      ui.ask.words = source.text();
      ui.ask.text = source.text();
      return;
    case 2:
      ui.dialog.open = true;
      ui.dialog.focus = static_cast<int>(source.pick(ConnectDialog::fields));
      ui.dialog.server.set(source.text());
      ui.dialog.problem = source.text();
      return;
    case 3:
      ui.passphrase.kind = static_cast<PassphraseState::Kind>(1 + source.pick(2));
      ui.passphrase.problem = source.text();
      ui.passphrase.busy = source.coin();
      return;
    case 4:
      ui.history_find.open = true;
      ui.history_find.query.set(source.text());
      ui.history_find.found = source.text();
      return;
    case 5:
      ui.look.bare = source.coin();
      ui.look.list_over = source.coin();
      return;
    default:
      ui.hint = source.text();
      ui.away = source.coin();
      ui.away_reason = source.text();
  }
}

UiState state(Source& source, const client::Model& model) {
  UiState out;
  out.size = {static_cast<int>(source.byte()), static_cast<int>(source.pick(80))};
  out.options.theme = static_cast<ThemeId>(source.pick(4));
  out.options.ascii = source.coin();
  out.offset = offset;
  out.dialog.suites = {"ecdhe,rsa", "rsa"};
  out.windows.push_back(window(source, ""));
  for (const auto& [name, known] : model.peers)
    if (source.coin() && !name.empty()) out.windows.push_back(window(source, name));
  out.current = source.pick(out.windows.size());
  out.answer.set(source.text());
  out.panel_scroll = static_cast<int>(source.pick(40));
  over(source, out);
  return out;
}

void run(ByteView input) {
  Source source(input);
  Shown shown;
  // `shown` keeps the last screen, so later rounds draw changes.
  for (int i = 0; i < 4 && (i == 0 || !source.empty()); ++i) {
    const client::Model m = model(source);
    shown.check(m, state(source, m), {1'000'000 + i, 1'795'337'000'000 + i});
  }
}

// Random decisions, with hostile texts among them.
std::vector<std::string> seeds() {
  const std::vector<std::string> texts = {
      "bob",
      "\x1b[31m",
      "\x1b]0;x\x07",
      "\xc2\x9b"
      "5n",
      "\xe2\x80\xae rtl \xd7\xa9",
      "\xe6\xbc\xa2\xe5\xad\x97",
      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
      "e\xcc\x81\xcc\x81\xcc\x81",
      "two\nlines\r\tand",
      "\xff\xed\xa0\x80",
      "a longer text that is wrapped by words in all but the widest window"};
  test::FixedRng random(5);
  std::vector<std::string> out;
  for (int i = 0; i < 60; ++i) {
    std::string seed;
    while (seed.size() < 700) {
      if (random.pick(3) == 0)
        seed += sized(texts[random.pick(texts.size())]);
      else
        seed += static_cast<char>(random.pick(6));
    }
    out.push_back(seed);
  }
  return out;
}

const Register registered({"view", run, seeds, 5'000});

}  // namespace
}  // namespace sims::fuzz
