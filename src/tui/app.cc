// 1. the suites  2. intents  3. start and end
#include "tui/app.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "client/dirs.h"
#include "client/link.h"
#include "client/store.h"
#include "crypto/suite.h"
#include "net/loop.h"
#include "net/stream.h"
#include "proto/limits.h"
#include "tui/demo.h"
#include "tui/front.h"

namespace sims::tui {
namespace {

constexpr std::int64_t leave_limit_ms = 2'000;  // for the last words to the server
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

class App final : public Front {
 public:
  App(const AppOptions& options, client::Store& store, Face& face, const ConnectFields& fields);
  void run();

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
    with_core([&](auto& core) { core.looked_at(peer, loop_.now()); });
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
  bool has_passphrase() const override { return false; }
  Result<void> lock() override { return fail("There is no passphrase: /passphrase sets one."); }
  void unlock(SecretBytes) override {}
  void set_passphrase(SecretBytes, SecretBytes) override {}
  void cancel_passphrase() override {}
  void options_changed() override {}
  Result<void> save_options() override { return not_connected(); }
  std::string doctor() override { return ""; }

 private:
  template <class F>
  void with_core(F f) {
    if (link_) f(link_->core());
  }
  static Result<void> not_connected() { return fail("There is no connection yet: /connect makes one."); }
  Result<void> save_settings(const client::Settings& settings) {
    if (auto put = store_.save_settings(settings); !put) return put;
    return store_.save();
  }
  void new_link(const ConnectFields& fields, crypto::SuiteList suites);

  void leave(std::function<void()> done) override;

  const AppOptions& options_;
  client::Store& store_;
  client::Model idle_;  // before the first connection
  std::unique_ptr<client::Link> link_;
  std::unique_ptr<client::Link> leaving_;
  ConnectFields linked_;  // what link_ was made for
};

App::App(const AppOptions& options, client::Store& store, Face& face, const ConnectFields& fields)
    : Front(face, fields, suite_choices()), options_(options), store_(store) {
  idle_.self = store.id();
  idle_.self_name = fields.name;
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
  if (auto saved = save_settings({endpoint->str(), fields.name, fields.suites}); !saved)
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
  core.identity = &store_.identity();
  core.name = fields.name;
  core.suites = std::move(suites);
  core.accept_new = options_.accept_new;
  client::Link::Callbacks callbacks;
  callbacks.changed = [this] { schedule_draw(false); };
  link_ = std::make_unique<client::Link>(loop_, std::move(core), store_, crypto::fresh_ephemerals(),
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

// --- 3. start and end ----------------------------------------------------------------------------

void App::leave(std::function<void()> done) {
  if (!link_) return done();
  link_->leave(leave_limit_ms, std::move(done));
}

void App::run() {
  if (!options_.query.empty()) ui_.open_when_known(options_.query);
  if (store_.made_identity())
    notice("", "A new identity key was made. Its fingerprint is " + store_.id().str());
  notice("", "/help shows the commands and keys.");
  ui_.open_dialog();
  const bool given = !options_.server.empty() && !options_.name.empty();
  if (given || options_.connect) ui_.submit_dialog();
  Front::run();
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
  if (!folder && !options.demo) return complain(folder.error(), exit_failure);
  auto face = Face::open(options.plain);
  if (!face) return complain(face.error(), exit_usage);
  if (options.demo) return run_demo(**face), exit_ok;
  auto failed = [&](const std::string& why) {
    (*face)->close();
    return complain(why, exit_failure);
  };
  auto store = client::Store::open(*folder, client::state_folder());
  if (!store) return failed(store.error());
  if (!(*store)->unlocked()) return failed("the store needs its passphrase: unlock it with sims(1)");
  if (auto locked = (*store)->hold(); !locked) return failed(locked.error());
  App app(options, **store, **face, first_fields(options, (*store)->settings()));
  app.run();
  return exit_ok;
}

}  // namespace sims::tui
