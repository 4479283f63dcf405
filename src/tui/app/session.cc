// The interface on the event loop.
// 1. input  2. drawing  3. notifications  4. signals  5. start and end
#include "tui/app/session.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/secret.h"
#include "os/files.h"

namespace sims::tui {
namespace {

constexpr std::int64_t frame_ms = 35;        // between two draws, unless a key caused them
constexpr std::size_t max_files = 1'000;     // that completion offers
constexpr std::int64_t brackets_ms = 1'000;  // for a terminal's answer about bracketed paste
constexpr std::int64_t blocked_ms = 50;      // until the next try on a terminal that takes no output

int local_offset(std::int64_t unix_s) {
  const std::time_t t = unix_s;
  std::tm local{};
  return ::localtime_r(&t, &local) ? static_cast<int>(local.tm_gmtoff) : 0;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

Passthrough passthrough() {
  return is_set("TMUX") ? Passthrough::tmux : is_set("STY") ? Passthrough::screen : Passthrough::none;
}

}  // namespace

Session::Session(Display& display, const ConnectFields& fields, std::vector<std::string> suites)
    : display_(display),
      ui_(*this, fields, std::move(suites), local_offset),
      key_timer_(loop_, [this] { on_key_timeout(); }),
      draw_timer_(loop_, [this] { schedule_draw(true); }),
      notify_timer_(loop_, [this] { notify(); }),
      brackets_timer_(loop_, [this] { decoder_.no_brackets(); }),
      input_(loop_, display.input_fd(), [this] { on_input(); }),
      passthrough_(passthrough()) {
  for (int number : {SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP, SIGCONT})
    signals_.push_back(std::make_unique<net::Signal>(loop_, number, [this, number] { on_signal(number); }));
  ui_.resize(display.size());
  if (!display.unicode()) ui_.only_ascii();
}

// --- 1. input ------------------------------------------------------------------------------------

void Session::on_input() {
  std::string bytes;
  const bool alive = display_.read_input(bytes);
  std::vector<Key> keys;
  decoder_.guess_pastes(ui_.takes_lines());
  decoder_.feed(bytes, keys);
  wipe(bytes);
  feed_keys(keys);
  if (decoder_.waiting_ms() >= 0)
    key_timer_.start(decoder_.waiting_ms());
  else
    key_timer_.stop();
  if (!alive) quit();
}

void Session::on_key_timeout() {
  std::vector<Key> keys;
  decoder_.flush(keys);
  feed_keys(keys);
}

// The keys may be those of a passphrase: no copy stays behind in freed memory.
void Session::feed_keys(std::vector<Key>& keys) {
  bool typed = true;  // all keys changed only the draft
  for (Key& key : keys) {
    if (key.code == KeyCode::focus_in || key.code == KeyCode::focus_out)
      notifier_.focus(key.code == KeyCode::focus_in);
    ui_.key(key);
    typed = typed && ui_.typed();
    wipe(&key.ch, sizeof key.ch);
    wipe(key.text);
  }
  if (keys.empty()) return;
  keys_handled();
  if (typed)
    draw_at_turn_end();
  else
    schedule_draw(true);
}

// --- 2. drawing ----------------------------------------------------------------------------------

void Session::schedule_draw(bool at_once) {
  const std::int64_t wait = loop_.now().ms_until(drawn_at_ + frame_ms);
  if (!at_once && wait > 0) return draw_timer_.start(wait);
  whole_ = true;
  draw_at_turn_end();
}

void Session::draw_at_turn_end() {
  if (std::exchange(draw_scheduled_, true)) return;
  loop_.at_turn_end([this] {
    draw_scheduled_ = false;
    if (whole_ || !display_.draw_input(model(), ui_.state())) draw();
  });
}

void Session::model_changed() {
  model_changed_ = true;
  schedule_draw(false);
}

void Session::draw() {
  whole_ = false;
  before_draw();
  if (std::exchange(model_changed_, false)) ui_.model_changed();
  const Now now = loop_.now();
  notify();
  drawn_at_ = now.steady_ms;
  if (!display_.draw(model(), ui_.state(), now)) return draw_timer_.start(blocked_ms);
  draw_timer_.stop();
  if (model().link == client::LinkState::waiting) {  // the next second of the countdown
    const std::int64_t left = now.ms_until(model().retry_at_ms);
    draw_timer_.start(left > 0 ? (left - 1) % 1'000 + 1 : 1'000);
  }
}

// --- 3. notifications ----------------------------------------------------------------------------

void Session::message_received(const std::string& peer, std::string_view text) {
  const auto at = model().peers.find(peer);
  const bool request = at != model().peers.end() && at->second.standing == client::Standing::request;
  notifier_.set_options(ui_.state().options);
  notifier_.message(peer, text, request, loop_.now());
}

void Session::forget_notifications() {
  notifier_.forget();
  notify_timer_.stop();
}

// While the client catches up after a reconnect, messages are only collected; then there is one summary.
void Session::notify() {
  const UiState& ui = ui_.state();
  const Now now = loop_.now();
  notifier_.in_front(ui.window().peer);
  notifier_.away(ui.away);
  notifier_.link(model().link == client::LinkState::online, now);
  if (model().catching_up) return;
  if (const auto next = notifier_.next(now)) {
    // A terminal that does not know the sequence would print it.
    const NotifyBy by = display_.modern() ? ui.options.notify : NotifyBy::bell;
    display_.write(encode(*next, by, passthrough_, ui.options.ascii || ui.look.ascii));
  }
  const int wait = notifier_.wait_ms(now);
  if (wait >= 0)
    notify_timer_.start(std::max(1, wait));
  else
    notify_timer_.stop();
}

// --- 4. signals ----------------------------------------------------------------------------------

void Session::on_resize() {
  ui_.resize(display_.resized());
  schedule_draw(true);
}

void Session::on_signal(int number) {
  switch (number) {
    case SIGWINCH:
      return on_resize();
    case SIGTSTP:
      return suspend();
    case SIGCONT:
      display_.resume();
      return on_resize();
    default:
      return quit();
  }
}

void Session::suspend() {
  display_.suspend();
  on_resize();
}

std::vector<std::string> Session::files(const std::string& beginning) {
  namespace fs = std::filesystem;
  const auto slash = beginning.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : beginning.substr(0, slash + 1);
  const std::string there = folder.empty() ? "." : home_expanded(folder);
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at(there, error), end; at != end && !error; at.increment(error)) {
    std::string name = folder + at->path().filename().string();
    if (!name.starts_with(beginning)) continue;
    if (at->is_directory(error)) name += '/';
    out.push_back(std::move(name));
    if (out.size() == max_files) break;
  }
  std::sort(out.begin(), out.end());
  return out;
}

// --- 5. start and end ----------------------------------------------------------------------------

void Session::run() {
  // TERM, too: behind ssh the environment has no TMUX.
  const char* term = std::getenv("TERM");
  const bool tmux =
      passthrough_ == Passthrough::tmux || (term != nullptr && std::string_view(term).starts_with("tmux"));
  if (!display_.modern())
    decoder_.no_brackets();  // we did not enable them
  else if (tmux)
    decoder_.has_brackets();  // tmux brackets its pastes, but does not answer the question
  else
    brackets_timer_.start(brackets_ms);
  schedule_draw(true);
  loop_.run();
  display_.close();
}

void Session::quit() {
  if (quitting_) return loop_.stop();
  quitting_ = true;
  leave([this] { loop_.stop(); });
}

}  // namespace sims::tui
