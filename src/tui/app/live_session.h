// sims-tui with a store and a server: everything but the demonstration.
//   live_session.cc   the server and the peers
//   live_store.cc     the store: passphrase, saved windows, history, settings
//   live_commands.cc  the `sims` commands that go through this program
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client/holder/holder_socket.h"
#include "client/holder/service.h"
#include "client/link/link.h"
#include "client/store/check_schedule.h"
#include "client/store/store.h"
#include "tui/app/app.h"
#include "tui/app/config_file.h"
#include "tui/app/session.h"

namespace sims::tui {

class Live final : public Session, client::HolderHost {
 public:
  // The arguments outlive it. This program holds the store, which may be locked.
  Live(const AppOptions& options, const Config& config, std::string config_path, std::string store_path,
       client::Store& store, Display& display);
  void run();

  // --- live_session.cc
  const client::Model& model() const override { return link_ ? link_->model() : idle_; }
  Result<void> connect(const ConnectFields& fields) override;
  void disconnect() override;
  void answer(bool accept) override;
  Result<void> accept_changed_server(std::string_view fingerprint) override;
  Result<void> send_text(const std::string& peer, std::string_view text, bool action) override;
  void mark_read(const std::string& peer) override;
  Result<void> verify(const std::string& peer, std::string_view number) override;
  Result<void> unverify(const std::string& peer) override;
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint) override;
  void end_session(const std::string& peer, std::string_view reason) override;
  Result<std::string> safety_number(const std::string& peer) override;
  void clear(const std::string& peer) override;
  void notice(const std::string& peer, std::string text) override;
  Result<void> accept(const std::string& peer) override;
  Result<void> decline(const std::string& peer) override;
  Result<void> resend_held(const std::string& peer) override;
  Result<void> discard_held(const std::string& peer) override;
  Result<void> block(const std::string& peer) override;
  void typing(const std::string& peer, bool on) override;
  bool load_older(const std::string& peer) override;
  Result<void> erase_history(const std::string& peer) override;
  Result<void> nick(const std::string& name) override;
  Result<void> find(const std::string& asked, const std::string& window) override;
  Result<void> meet(const std::string& name) override;
  // --- live_store.cc
  Result<void> export_history(const std::string& peer, const std::string& file) override;
  void search(const std::string& peer, const std::string& text) override;
  void cancel_search() override;
  bool has_passphrase() const override;
  Result<void> lock() override;
  void unlock(SecretBytes passphrase) override;
  void set_passphrase(SecretBytes old, SecretBytes fresh) override;
  void cancel_passphrase() override { ++passphrase_number_; }
  void options_changed() override;
  Result<void> save_options() override;
  std::string doctor() override;

 private:
  template <class F>
  Result<void> with_core(F f);  // calls f(core); fails without a connection
  void new_link(const ConnectFields& fields, crypto::SuiteList suites);
  void leave(std::function<void()> done) override;
  void keys_handled() override;
  void before_draw() override;

  void opened();  // the store is unlocked
  void show_remembered(const ConnectFields& fields);
  // --- live_commands.cc
  static client::Greeting greeting();
  client::ClientCore* core() override;
  std::string locked() const override;
  client::Memory& memory() override { return store_; }
  Result<bool> forget_server(const std::string& host_port) override;
  Now now() const override { return loop_.now(); }
  void serve_commands();

  // Runs the derivation on a worker thread, then `then` on the loop, unless a newer request superseded it.
  void derive(std::unique_ptr<client::Derivation> job, std::function<void(const client::Derivation&)> then);
  void set_new_passphrase(SecretBytes fresh);
  void save_windows();  // writes the values that changed since the last time
  void arm_lock();
  void store_was_checked(const client::StoreCheck& check);

  const AppOptions& options_;
  const std::string config_path_, store_path_;
  client::Store& store_;
  client::Model idle_;  // before the first connection, and while locked
  std::unique_ptr<client::Link> link_;
  std::unique_ptr<client::Link> leaving_;
  ConnectFields linked_;                             // the fields that link_ was made for
  bool connect_again_ = false;                       // was connected when the user locked it
  std::map<std::string, std::string> saved_values_;  // as in the store
  net::Timer save_timer_, lock_timer_;
  client::StoreWatch store_watch_;
  std::string damage_;  // of the store, in words
  bool identity_reported_ = false, restored_reported_ = false;
  bool save_due_ = false, save_failed_ = false;
  bool locking_ = false;                // the link is leaving; then the keys are wiped
  std::function<void()> unlock_later_;  // set when the user unlocks before that
  std::shared_ptr<client::HistorySearch> search_;
  std::uint64_t passphrase_number_ = 0;  // of the newest derivation; answers to older ones are ignored
  client::HolderService service_;
  std::unique_ptr<client::HolderSocket> commands_;
};

}  // namespace sims::tui
