// A model with something of everything in it, and Intents that write down what was asked.
#pragma once

#include <string>
#include <vector>

#include "tui/term/cells.h"
#include "tui/ui/ui.h"

namespace sims::test {

inline int utc(std::int64_t) {
  return 0;
}

// Valid in shape; whose key it is does not matter to a screen.
proto::Id some_id(char fill);
client::Model some_model();

class FakeIntents final : public tui::Intents {
 public:
  client::Model fake;
  tui::ConnectFields connected;         // of the last connect()
  std::vector<std::string> log;         // "send bob hello"
  std::vector<std::string> typing_log;  // apart from it: it comes with each key
  std::string refuse;                   // not empty: what can fail, fails so
  std::string passphrase;               // empty: none is set
  int older_pages = 0;                  // of ten lines each, that load_older() has
  std::uint64_t older_row = 1'000;      // of the newest line in them
  std::vector<std::string> folder;      // what files() knows

  const client::Model& model() const override { return fake; }
  Result<void> connect(const tui::ConnectFields& f) override;
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
  Result<void> accept(const std::string& peer) override { return note("accept " + peer); }
  Result<void> decline(const std::string& peer) override { return note("decline " + peer); }
  Result<void> resend_held(const std::string& peer) override { return note("resend_held " + peer); }
  Result<void> discard_held(const std::string& peer) override { return note("discard_held " + peer); }
  Result<void> block(const std::string& peer) override { return note("block " + peer); }
  void typing(const std::string& peer, bool on) override {
    typing_log.push_back(peer + (on ? " on" : " off"));
  }
  bool load_older(const std::string& peer) override;
  Result<void> erase_history(const std::string& peer) override { return note("erase_history " + peer); }
  Result<void> export_history(const std::string& peer, const std::string& file) override {
    return note("export_history " + peer + " " + file);
  }
  void search(const std::string& peer, const std::string& text) override {
    log.push_back("search " + peer + ": " + text);
  }
  void cancel_search() override { log.emplace_back("cancel_search"); }
  Result<void> nick(const std::string& name) override { return note("nick " + name); }
  Result<void> find(const std::string& asked, const std::string& window) override {
    if (fake.link != client::LinkState::online) return fail("not connected");
    return note("find " + asked + " for " + (window.empty() ? "status" : window));
  }
  Result<void> meet(const std::string& name) override;
  std::vector<std::string> files(const std::string& beginning) override;
  bool has_passphrase() const override { return !passphrase.empty(); }
  Result<void> lock() override;
  void unlock(SecretBytes passphrase) override;
  void set_passphrase(SecretBytes old, SecretBytes fresh) override;
  void cancel_passphrase() override { log.emplace_back("cancel_passphrase"); }
  void options_changed() override { log.emplace_back("options_changed"); }
  Result<void> save_options() override { return note("save_options"); }
  std::string doctor() override { return "doctor"; }
  void quit() override { log.emplace_back("quit"); }
  void suspend() override { log.emplace_back("suspend"); }
  void repaint() override { log.emplace_back("repaint"); }

  std::string last() const { return log.empty() ? "" : log.back(); }
  bool logged(const std::string& what) const;
  void add(const std::string& peer, client::Line line);  // with the next serial

 private:
  Result<void> note(std::string what);
  std::uint64_t serial_ = 1'000'000;
};

// Keys from bytes, as a terminal would send them.
void type(tui::Ui& ui, std::string_view bytes);

// The screen as text: rows between bars, the cursor, the title, and one letter a cell for the styles.
std::string dump(const tui::Grid& grid, bool styles = true);
std::string dump_row(const tui::Grid& grid, int y);
// Every cell holds what a terminal can show: one spacing character of the cell's width and marks.
bool printable(const tui::Grid& grid);

}  // namespace sims::test
