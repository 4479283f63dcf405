// 1. the suites  2. intents  3. input  4. drawing  5. signals  6. start and end
#include "tui/app.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>

#include "client/dirs.h"
#include "client/keystore.h"
#include "client/link.h"
#include "crypto/suite.h"
#include "net/loop.h"
#include "net/stream.h"
#include "proto/limits.h"
#include "tui/keys.h"
#include "tui/screen.h"
#include "tui/ui.h"
#include "tui/view.h"

namespace sims::tui {
namespace {

constexpr std::int64_t leave_limit_ms = 2'000;  // for the last words to the server
constexpr std::int64_t frame_ms = 33;           // between two draws that no key asked for

int local_offset(std::int64_t unix_s) {
  const std::time_t t = unix_s;
  std::tm local{};
  return ::localtime_r(&t, &local) ? static_cast<int>(local.tm_gmtoff) : 0;
}

// --- 1. the suites -------------------------------------------------------------------------------

std::optional<crypto::SuiteList> parse_suites(const std::string& labels) {
  crypto::SuiteList out;
  for (std::size_t at = 0; at <= labels.size();) {
    const std::size_t comma = std::min(labels.find(',', at), labels.size());
    const crypto::Suite* suite = crypto::find_suite_by_label(labels.substr(at, comma - at));
    if (suite == nullptr || std::find(out.begin(), out.end(), suite) != out.end()) return std::nullopt;
    out.push_back(suite);
    at = comma + 1;
  }
  return out;
}

// Of a server: there is none at port 0.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = net::parse_port(text);
  return port && *port != 0 ? port : std::nullopt;
}

constexpr std::string_view name_rule = "a lower-case letter or digit, then up to 31 of a-z 0-9 . _ -";
constexpr std::string_view port_rule = "must be a number from 1 to 65535";

class App final : public Intents {
 public:
  App(const AppOptions& options, client::Keystore& keystore, Screen& screen, const ConnectFields& fields);
  int run();

  const client::Model& model() const override { return link_ ? link_->model() : idle_; }
  Result<void> connect(const ConnectFields& fields) override;
  void disconnect() override {
    with_core([&](auto& core) { core.disconnect(loop_.now()); });
  }
  void answer(bool accept) override {
    with_core([&](auto& core) { core.answer(accept, loop_.now()); });
  }
  Result<void> accept_changed_server(std::string_view fingerprint) override {
    return link_ ? link_->core().accept_changed_server(fingerprint, loop_.now()) : not_connected();
  }
  Result<void> send_text(const std::string& peer, std::string_view text, bool action) override;
  void looked_at(const std::string& peer) override {
    with_core([&](auto& core) { core.looked_at(peer); });
  }
  Result<void> verify(const std::string& peer, std::string_view number) override {
    return link_ ? link_->core().verify(peer, number, loop_.now()) : not_connected();
  }
  Result<void> unverify(const std::string& peer) override {
    return link_ ? link_->core().unverify(peer) : not_connected();
  }
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint) override {
    return link_ ? link_->core().accept_changed(peer, fingerprint, loop_.now()) : not_connected();
  }
  void end_session(const std::string& peer, std::string_view reason) override {
    with_core([&](auto& core) { core.end_session(peer, reason, loop_.now()); });
  }
  Result<std::string> safety_number(const std::string& peer) override;
  void clear(const std::string& peer) override;
  void notice(const std::string& peer, std::string text) override;
  Result<void> accept(const std::string&) override { return not_connected(); }
  Result<void> decline(const std::string&) override { return not_connected(); }
  Result<void> block(const std::string&) override { return not_connected(); }
  void typing(const std::string&, bool) override {}
  bool load_older(const std::string&) override { return false; }
  Result<void> erase_history(const std::string&) override { return not_connected(); }
  Result<void> export_history(const std::string&, const std::string&) override { return not_connected(); }
  void search(const std::string&, const std::string&) override {}
  void cancel_search() override {}
  Result<void> nick(const std::string&) override { return not_connected(); }
  void lock() override {}
  Result<void> change_passphrase() override { return not_connected(); }
  void options_changed() override {}
  Result<void> save_options() override { return not_connected(); }
  std::string doctor() override { return ""; }
  void quit() override;
  void suspend() override;
  void repaint() override;

 private:
  template <class F>
  void with_core(F f) {
    if (link_) f(link_->core());
  }
  static Result<void> not_connected() { return fail("There is no connection yet: /connect makes one."); }
  void new_link(const ConnectFields& fields, crypto::SuiteList suites);
  void on_input();
  void feed_keys(const std::vector<Key>& keys);
  void on_key_timeout();
  void schedule_draw(bool at_once);
  void draw();
  void on_signal(int number);
  void on_resize();

  const AppOptions& options_;
  client::Keystore& keystore_;
  Screen& screen_;
  net::Loop loop_;
  client::Model idle_;  // before the first connection
  std::unique_ptr<client::Link> link_;
  std::unique_ptr<client::Link> leaving_;
  ConnectFields linked_;  // what link_ was made for
  Ui ui_;
  KeyDecoder decoder_;
  net::Timer key_timer_;
  net::Timer draw_timer_;
  net::Readable input_;
  std::vector<std::unique_ptr<net::Signal>> signals_;
  bool draw_scheduled_ = false;
  std::int64_t drawn_at_ = 0;
  bool quitting_ = false;
};

App::App(const AppOptions& options, client::Keystore& keystore, Screen& screen, const ConnectFields& fields)
    : options_(options),
      keystore_(keystore),
      screen_(screen),
      ui_(*this, fields, suite_choices(), local_offset),
      key_timer_(loop_, [this] { on_key_timeout(); }),
      draw_timer_(loop_, [this] { schedule_draw(true); }),
      input_(loop_, screen.input_fd(), [this] { on_input(); }) {
  idle_.self = keystore.id();
  idle_.self_name = fields.name;
  for (int number : {SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP, SIGCONT})
    signals_.push_back(std::make_unique<net::Signal>(loop_, number, [this, number] { on_signal(number); }));
  ui_.resize(screen.size());
}

// --- 2. intents ----------------------------------------------------------------------------------

Result<void> App::connect(const ConnectFields& fields) {
  if (fields.server.empty()) return fail("Server: a host name or an address is missing.");
  const auto port = fields.port.empty() ? proto::default_port : parse_port(fields.port);
  if (!port) return fail(fmt::format("Port: {}.", port_rule));
  auto endpoint = net::Endpoint::parse(fields.server, *port);
  if (!endpoint) return fail("Server: " + endpoint.error());
  if (!proto::valid_name(fields.name)) return fail(fmt::format("Name: {}", name_rule));
  auto suites = parse_suites(fields.suites);
  if (!suites) return fail("Ciphers: not a list of cipher suites.");
  if (auto saved = keystore_.save_settings({endpoint->str(), fields.name, fields.suites}); !saved)
    notice("", "The settings were not saved: " + saved.error());
  if (!link_ || linked_.name != fields.name || linked_.suites != fields.suites)
    new_link(fields, std::move(*suites));
  link_->core().connect(endpoint->str(), loop_.now());
  return {};
}

// A core has one name and one list of suites: for others there is a new one. The old says goodbye.
void App::new_link(const ConnectFields& fields, crypto::SuiteList suites) {
  if (link_) {
    leaving_ = std::move(link_);
    leaving_->leave(leave_limit_ms, [this] { leaving_.reset(); });
  }
  client::CoreOptions core;
  core.identity = &keystore_.identity();
  core.name = fields.name;
  core.suites = std::move(suites);
  core.accept_new = options_.accept_new;
  client::Link::Callbacks callbacks;
  callbacks.changed = [this] { schedule_draw(false); };
  link_ = std::make_unique<client::Link>(loop_, std::move(core), keystore_, crypto::fresh_ephemerals(),
                                         std::move(callbacks));
  linked_ = fields;
  for (const auto& line : std::exchange(idle_.status, {}))
    link_->core().notice("", line.text, loop_.now());
}

Result<void> App::send_text(const std::string& peer, std::string_view text, bool action) {
  if (!link_) return not_connected();
  auto sent = link_->core().send_text(peer, text, action, loop_.now());
  if (!sent) return fail(sent.error());
  return {};
}

Result<std::string> App::safety_number(const std::string& peer) {
  if (!link_) return fail("There is no connection yet: /connect makes one.");
  return link_->core().safety_number(peer);
}

void App::clear(const std::string& peer) {
  if (link_)
    link_->core().clear(peer);
  else
    idle_.status.clear();
}

void App::notice(const std::string& peer, std::string text) {
  if (link_) return link_->core().notice(peer, std::move(text), loop_.now());
  client::Line line;
  line.kind = client::Line::Kind::notice;
  line.serial = idle_.status.empty() ? 1 : idle_.status.back().serial + 1;
  line.at_unix_ms = loop_.now().unix_ms;
  line.text = std::move(text);
  idle_.status.push_back(std::move(line));
  schedule_draw(false);
}

void App::quit() {
  if (quitting_ || !link_) return loop_.stop();
  quitting_ = true;
  link_->leave(leave_limit_ms, [this] { loop_.stop(); });
}

void App::suspend() {
  screen_.suspend();
  on_resize();
}

void App::repaint() {
  screen_.repaint();
}

// --- 3. input ------------------------------------------------------------------------------------

void App::on_input() {
  std::string bytes;
  const bool alive = screen_.read_input(bytes);
  std::vector<Key> keys;
  decoder_.feed(bytes, keys);
  feed_keys(keys);
  if (decoder_.waiting_ms() >= 0)
    key_timer_.start(decoder_.waiting_ms());
  else
    key_timer_.stop();
  if (!alive) loop_.stop();  // the terminal is gone: nobody is there to say goodbye to
}

void App::on_key_timeout() {
  std::vector<Key> keys;
  decoder_.flush(keys);
  feed_keys(keys);
}

void App::feed_keys(const std::vector<Key>& keys) {
  for (const Key& key : keys)
    ui_.key(key);
  if (!keys.empty()) schedule_draw(true);
}

// --- 4. drawing ----------------------------------------------------------------------------------

// A key is answered at once; what comes from the network is drawn at most every frame_ms.
void App::schedule_draw(bool at_once) {
  const std::int64_t wait = drawn_at_ + frame_ms - loop_.now().steady_ms;
  if (!at_once && wait > 0) return draw_timer_.start(wait);
  if (draw_scheduled_) return;
  draw_scheduled_ = true;
  loop_.at_turn_end([this] {
    draw_scheduled_ = false;
    draw();
  });
}

void App::draw() {
  ui_.model_changed();
  const Now now = loop_.now();
  drawn_at_ = now.steady_ms;
  screen_.draw(render(model(), ui_.state(), now));
  draw_timer_.stop();
  if (model().link == client::LinkState::waiting) {  // the countdown's next second
    const std::int64_t left = model().retry_at_ms - now.steady_ms;
    draw_timer_.start(left > 0 ? (left - 1) % 1'000 + 1 : 1'000);
  }
}

// --- 5. signals ----------------------------------------------------------------------------------

void App::on_resize() {
  ui_.resize(screen_.resized());
  schedule_draw(true);
}

void App::on_signal(int number) {
  switch (number) {
    case SIGWINCH:
      return on_resize();
    case SIGTSTP:
      return suspend();
    case SIGCONT:
      screen_.resume();
      return on_resize();
    default:
      return quit();
  }
}

// --- 6. start and end ----------------------------------------------------------------------------

int App::run() {
  if (!options_.query.empty()) ui_.open_when_known(options_.query);
  if (keystore_.made_identity())
    notice("", "A new identity key was made. Its fingerprint is " + keystore_.id().str());
  notice("", "/help shows the commands and keys.");
  ui_.open_dialog();
  const bool given = !options_.server.empty() && !options_.name.empty();
  if (given || options_.connect) ui_.submit_dialog();
  schedule_draw(true);
  loop_.run();
  screen_.close();
  return exit_ok;
}

int complain(const std::string& what, int code) {
  static_cast<void>(std::fprintf(stderr, "sims-tui: %s\n", what.c_str()));
  return code;
}

// What is wrong with an option that goes into a field of the dialog, where it would be cut to fit.
std::string wrong_field(const AppOptions& options) {
  if (!options.suites.empty() && !parse_suites(options.suites))
    return "--suite: a list of ecdhe and rsa, joined by commas";
  if (!options.port.empty() && !parse_port(options.port)) return fmt::format("--port: {}", port_rule);
  if (!options.name.empty() && !proto::valid_name(options.name)) return fmt::format("--name: {}", name_rule);
  if (options.server.empty()) return "";
  const auto at = net::Endpoint::parse(options.server, proto::default_port);
  return at ? "" : "--server: " + at.error();
}

}  // namespace

std::vector<std::string> suite_choices() {
  std::vector<std::string> out;
  const auto suites = crypto::all_suites();
  for (const auto& first : suites) {
    std::string list(first.label);
    for (const auto& other : suites) {
      if (&other != &first) list += "," + std::string(other.label);
    }
    out.push_back(std::move(list));
  }
  for (const auto& suite : suites)
    out.emplace_back(suite.label);
  return out;
}

ConnectFields first_fields(const AppOptions& options, const client::Settings& settings) {
  ConnectFields out;
  out.name = options.name.empty() && proto::valid_name(settings.name) ? settings.name : options.name;
  out.suites = options.suites.empty() ? settings.suite : options.suites;
  if (!parse_suites(out.suites)) out.suites = suite_choices().front();
  out.server = options.server.empty() ? settings.server : options.server;
  out.port = std::to_string(proto::default_port);
  // A port in the server goes to its own field; --port beats that of a remembered server.
  if (const auto at = net::Endpoint::parse(out.server, 0); at && at->port != 0) {
    out.port = std::to_string(at->port);
    out.server = at->host;
    if (!options.server.empty()) return out;
  }
  if (!options.port.empty()) out.port = options.port;
  return out;
}

int run_app(const AppOptions& options) {
  if (const auto wrong = wrong_field(options); !wrong.empty()) return complain(wrong, exit_usage);
  auto folder = client::data_folder(options.home);
  if (!folder) return complain(folder.error(), exit_failure);
  auto screen = Screen::open();
  if (!screen) return complain(screen.error(), exit_usage);
  auto failed = [&](const std::string& why) {
    (*screen)->close();
    return complain(why, exit_failure);
  };
  auto keystore = client::Keystore::open(*folder);
  if (!keystore) return failed(keystore.error());
  if (auto locked = (*keystore)->lock(); !locked) return failed(locked.error());
  App app(options, **keystore, **screen, first_fields(options, (*keystore)->settings()));
  return app.run();
}

}  // namespace sims::tui
