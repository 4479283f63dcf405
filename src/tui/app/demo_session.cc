// Demo: the Session and the Intents of --demo, on a DemoWorld.
#include "tui/app/demo_session.h"

#include "tui/app/demo_world.h"
#include "tui/app/session.h"

namespace sims::tui {
namespace {

class Demo final : public Session {
 public:
  Demo(Display& display, const Config& config)
      : Session(display, {}, {}),
        world_(crypto::system_rng(), loop_.now()),
        timer_(loop_, [this] { tick(); }) {
    ui_.set_options(config.options);
    ui_.set_keys(config.keys);
    ui_.open_when_known("bob");
    world_.on_received(
        [this](const std::string& peer, std::string_view text) { message_received(peer, text); });
    arm();
  }

  const client::Model& model() const override { return world_.model(); }
  Result<void> connect(const ConnectFields&) override { return none("a server"); }
  void disconnect() override { say_none("a server"); }
  void answer(bool) override {}
  Result<void> accept_changed_server(std::string_view) override { return none("a server"); }
  Result<void> send_text(const std::string& peer, std::string_view text, bool action) override {
    return changed(world_.say(peer, text, action, loop_.now()));
  }
  void mark_read(const std::string& peer) override { world_.mark_read(peer); }
  Result<void> verify(const std::string& peer, std::string_view number) override {
    return changed(world_.verify(peer, number));
  }
  Result<void> unverify(const std::string& peer) override { return changed(world_.unverify(peer)); }
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint) override {
    return changed(world_.accept_changed(peer, fingerprint));
  }
  void end_session(const std::string&, std::string_view) override {}
  Result<std::string> safety_number(const std::string& peer) override { return world_.safety_number(peer); }
  void clear(const std::string& peer) override { world_.clear(peer); }
  void notice(const std::string& peer, std::string text) override {
    world_.notice(peer, std::move(text), loop_.now());
    model_changed();
  }
  Result<void> accept(const std::string& peer) override {
    return changed(world_.stand(peer, client::Standing::contact));
  }
  Result<void> resend_held(const std::string& peer) override { return fail("nothing is held for " + peer); }
  Result<void> discard_held(const std::string& peer) override { return fail("nothing is held for " + peer); }
  Result<void> decline(const std::string& peer) override { return changed(world_.remove(peer)); }
  Result<void> block(const std::string& peer) override {
    return changed(world_.stand(peer, client::Standing::blocked));
  }
  void typing(const std::string&, bool) override {}
  bool load_older(const std::string&) override { return false; }
  Result<void> erase_history(const std::string& peer) override {
    world_.clear(peer);
    return {};
  }
  Result<void> export_history(const std::string&, const std::string&) override { return none("a history"); }
  void search(const std::string&, const std::string&) override {
    ui_.found({}, "the demonstration keeps no history");
  }
  void cancel_search() override {}
  Result<void> nick(const std::string&) override { return none("a server"); }
  Result<void> find(const std::string&, const std::string&) override { return none("a server"); }
  Result<void> meet(const std::string&) override { return none("a server"); }
  bool has_passphrase() const override { return false; }
  Result<void> lock() override { return none("a passphrase"); }
  void unlock(SecretBytes) override {}
  void set_passphrase(SecretBytes, SecretBytes) override { say_none("a store"); }
  void cancel_passphrase() override {}
  void options_changed() override {}
  Result<void> save_options() override { return none("a configuration file"); }
  std::string doctor() override { return "This is a demonstration: there is nothing to check."; }

 private:
  static Result<void> none(std::string_view what) {
    return fail("this is a demonstration, without " + std::string(what));
  }
  void say_none(std::string_view what) {
    notice("", "This is a demonstration, without " + std::string(what));
  }
  void leave(std::function<void()> done) override { done(); }
  Result<void> changed(Result<void> result) {
    arm();
    model_changed();
    return result;
  }
  void tick() {
    if (world_.tick(loop_.now())) model_changed();
    arm();
  }
  void arm() {
    const std::int64_t next = world_.next_tick();
    if (next == INT64_MAX) return timer_.stop();
    timer_.start(std::max<std::int64_t>(loop_.now().ms_until(next), 1));
  }

  DemoWorld world_;
  net::Timer timer_;
};

}  // namespace

void run_demo(Display& display, const Config& config) {
  Demo(display, config).run();
}

}  // namespace sims::tui
