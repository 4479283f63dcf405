// Live: the server and the peers.
// 1. the connection  2. intents about peers  3. start and end
#include "tui/app/live_session.h"

#include <fmt/format.h>

#include "proto/limits.h"
#include "tui/app/connect_fields.h"

namespace sims::tui {
namespace {

constexpr std::int64_t leave_limit_ms = 2'000;  // for goodbye to the server
constexpr std::size_t older_page = 200;
constexpr std::int64_t save_delay_ms = 1'000;  // from a key to its draft on disk

Result<void> not_connected() {
  return fail("There is no connection yet: connect with /connect.");
}

}  // namespace

template <class F>
Result<void> Live::with_core(F f) {
  if (!link_) return not_connected();
  if constexpr (std::is_void_v<decltype(f(link_->core()))>) {
    f(link_->core());
    return {};
  } else {
    TRY(f(link_->core()));
    return {};
  }
}

Live::Live(const AppOptions& options, const Config& config, std::string config_path, std::string store_path,
           client::Store& store, Display& display)
    : Session(display, first_fields(options, {}), suite_choices()),
      options_(options),
      config_path_(std::move(config_path)),
      store_path_(std::move(store_path)),
      store_(store),
      save_timer_(loop_, [this] { save_windows(); }),
      lock_timer_(loop_,
                  [this] {
                    if (auto done = lock(); !done) notice("", done.error());
                  }),
      store_watch_(loop_, store_, [this](const client::StoreCheck& check) { store_was_checked(check); }),
      service_(*this, greeting()) {
  ui_.set_options(config.options);
  ui_.set_keys(config.keys);
  idle_.self = store.id();
}

// --- 1. the connection ---------------------------------------------------------------------------

Result<void> Live::connect(const ConnectFields& fields) {
  TRY_LET(wanted, parse_fields(fields));
  auto saved = store_.save_settings({wanted.host_port, fields.name, fields.suites});
  if (saved) saved = store_.save();
  if (!saved) notice("", "The settings were not saved: " + saved.error());
  if (!link_ || linked_.name != fields.name || linked_.suites != fields.suites)
    new_link(fields, std::move(wanted.suites));
  linked_ = fields;
  linked_.invitation.clear();
  link_->core().invite(fields.invitation);
  link_->core().connect(wanted.host_port, loop_.now());
  return {};
}

// A core has one name and one list of suites: others need a new core. The old one says goodbye to its server.
void Live::new_link(const ConnectFields& fields, crypto::SuiteList suites) {
  client::CoreOptions core;
  core.status = model().status;
  idle_.status.clear();
  if (link_) {
    leaving_ = std::move(link_);
    leaving_->leave(leave_limit_ms, [this] { leaving_.reset(); });
  }
  const Options& set = ui_.state().options;
  core.identity = &store_.identity();
  core.name = fields.name;
  core.suites = std::move(suites);
  core.accept_new = options_.accept_new;
  core.receipt_settings = {set.receipts, set.typing};
  core.keep_history = set.history;
  core.restored = store_.restored() && !std::exchange(restored_reported_, true);
  client::Link::Callbacks callbacks;
  callbacks.changed = [this] {
    model_changed();
    service_.changed();
  };
  callbacks.received = [this](const std::string& peer, const client::Line& line) {
    message_received(peer, line.text);
    service_.received(peer, line);
  };
  callbacks.delivery_changed = [this](const std::string& peer, const client::Line& line) {
    service_.delivery_changed(peer, line);
  };
  link_ = std::make_unique<client::Link>(loop_, std::move(core), store_, crypto::fresh_ephemerals(),
                                         std::move(callbacks));
}

void Live::disconnect() {
  static_cast<void>(with_core([&](auto& core) { core.disconnect(loop_.now()); }));
}
void Live::answer(bool accept) {
  static_cast<void>(with_core([&](auto& core) { core.answer(accept, loop_.now()); }));
}
Result<void> Live::accept_changed_server(std::string_view fingerprint) {
  return with_core([&](auto& core) { return core.accept_changed_server(fingerprint, loop_.now()); });
}

Result<void> Live::nick(const std::string& name) {
  if (!link_) return not_connected();
  ConnectFields fields = linked_;
  fields.name = name;
  return connect(fields);
}

// --- 2. intents about peers ----------------------------------------------------------------------

Result<void> Live::send_text(const std::string& peer, std::string_view text, bool action) {
  return with_core([&](auto& core) { return core.send_text(peer, text, action, loop_.now()); });
}
Result<void> Live::find(const std::string& asked, const std::string& window) {
  return with_core([&](auto& core) { return core.find(asked, window, loop_.now()); });
}
Result<void> Live::meet(const std::string& name) {
  return with_core([&](auto& core) { return core.meet(name, loop_.now()); });
}
void Live::mark_read(const std::string& peer) {
  static_cast<void>(with_core([&](auto& core) { core.mark_read(peer, loop_.now()); }));
}
void Live::typing(const std::string& peer, bool on) {
  static_cast<void>(with_core([&](auto& core) { core.typing(peer, on, loop_.now()); }));
}
Result<void> Live::verify(const std::string& peer, std::string_view number) {
  return with_core([&](auto& core) { return core.verify(peer, number, loop_.now()); });
}
Result<void> Live::unverify(const std::string& peer) {
  return with_core([&](auto& core) { return core.unverify(peer); });
}
Result<void> Live::accept_changed(const std::string& peer, std::string_view fingerprint) {
  return with_core([&](auto& core) { return core.accept_changed(peer, fingerprint, loop_.now()); });
}
Result<void> Live::accept(const std::string& peer) {
  return with_core([&](auto& core) { return core.accept(peer, loop_.now()); });
}
Result<void> Live::decline(const std::string& peer) {
  return with_core([&](auto& core) { return core.decline(peer, loop_.now()); });
}
Result<void> Live::resend_held(const std::string& peer) {
  return with_core([&](auto& core) { return core.resend_held(peer, loop_.now()); });
}
Result<void> Live::discard_held(const std::string& peer) {
  return with_core([&](auto& core) { return core.discard_held(peer, loop_.now()); });
}
Result<void> Live::block(const std::string& peer) {
  return with_core([&](auto& core) { return core.block(peer, loop_.now()); });
}
void Live::end_session(const std::string& peer, std::string_view reason) {
  static_cast<void>(with_core([&](auto& core) { core.end_session(peer, reason, loop_.now()); }));
}
bool Live::load_older(const std::string& peer) {
  return link_ && link_->core().load_older(peer, older_page);
}
Result<void> Live::erase_history(const std::string& peer) {
  return with_core([&](auto& core) { return core.erase_history(peer); });
}

Result<std::string> Live::safety_number(const std::string& peer) {
  if (!link_) return fail(not_connected().error());
  return link_->core().safety_number(peer);
}

void Live::clear(const std::string& peer) {
  if (link_)
    link_->core().clear(peer);
  else
    idle_.status.clear();
}

void Live::notice(const std::string& peer, std::string text) {
  if (link_) return link_->core().notice(peer, std::move(text), loop_.now());
  client::Line line;
  line.kind = client::Line::Kind::notice;
  line.serial = idle_.status.empty() ? 1 : idle_.status.back().serial + 1;
  line.at_unix_ms = loop_.now().unix_ms;
  line.text = std::move(text);
  idle_.status.push_back(std::move(line));
  model_changed();
}

// --- 3. start and end ----------------------------------------------------------------------------

void Live::run() {
  serve_commands();
  if (store_.unlocked())
    opened();
  else
    ui_.locked();
  Session::run();
}

void Live::keys_handled() {
  if (!store_.unlocked()) return;
  if (link_) link_->core().check_link(loop_.now());
  if (!std::exchange(save_due_, true)) save_timer_.start(save_delay_ms);
  arm_lock();
}

// Messages are stored before they are shown: a crash must not take back a line that the user saw.
void Live::before_draw() {
  if (link_) link_->commit();
}

void Live::leave(std::function<void()> done) {
  save_windows();
  cancel_search();
  commands_.reset();
  if (!link_) return done();
  link_->leave(leave_limit_ms, std::move(done));
}

}  // namespace sims::tui
