// The intents: requests of the interface to the program, in four roles. A component takes only the roles that
// it needs. The program and the tests implement all of them (Intents). Most are intents of
// client::ClientCore with the time filled in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

// The model that the screen shows. A new connection has a new model: call model() again after each intent.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  virtual const client::Model& model() const = 0;
};

class ConnectionIntents {
 public:
  virtual ~ConnectionIntents() = default;
  // An error names the field that is wrong.
  virtual Result<void> connect(const ConnectFields& fields) = 0;
  virtual void disconnect() = 0;
  virtual Result<void> nick(const std::string& name) = 0;  // connects again under this name
  virtual void answer(bool accept) = 0;                    // the model's question about the server's key
  virtual Result<void> accept_changed_server(std::string_view fingerprint) = 0;
};

class ConversationIntents {
 public:
  virtual ~ConversationIntents() = default;
  virtual Result<void> send_text(const std::string& peer, std::string_view text, bool action) = 0;
  // Asks the server for the user with this name or id; the answer is a notice in `window` (empty: status).
  virtual Result<void> find(const std::string& asked, const std::string& window) = 0;
  // Enters a user who is not online, by the answer to find(): a peer of the model from then on.
  virtual Result<void> meet(const std::string& name) = 0;
  virtual void mark_read(const std::string& peer) = 0;
  virtual Result<void> verify(const std::string& peer, std::string_view number) = 0;
  virtual Result<void> unverify(const std::string& peer) = 0;
  virtual Result<void> accept_changed(const std::string& peer, std::string_view fingerprint) = 0;
  virtual void end_session(const std::string& peer, std::string_view reason) = 0;
  virtual Result<std::string> safety_number(const std::string& peer) = 0;
  virtual void clear(const std::string& peer) = 0;
  virtual void notice(const std::string& peer, std::string text) = 0;
  virtual Result<void> accept(const std::string& peer) = 0;
  virtual Result<void> decline(const std::string& peer) = 0;
  virtual Result<void> block(const std::string& peer) = 0;
  // Texts typed for an earlier key of the peer: send them to the current key, or drop them.
  virtual Result<void> resend_held(const std::string& peer) = 0;
  virtual Result<void> discard_held(const std::string& peer) = 0;
  virtual void typing(const std::string& peer, bool on) = 0;
};

class StoreIntents {  // history and passphrase
 public:
  virtual ~StoreIntents() = default;
  // Loads a page of older lines into the model; false: there are no more.
  virtual bool load_older(const std::string& peer) = 0;
  virtual Result<void> erase_history(const std::string& peer) = 0;
  // Writes the history as plain text. An error if the file exists.
  virtual Result<void> export_history(const std::string& peer, const std::string& file) = 0;
  // Searches the history of `peer` (empty: of all); the answer is Ui::found(). Another search or
  // cancel_search() ends it.
  virtual void search(const std::string& peer, const std::string& text) = 0;
  virtual void cancel_search() = 0;

  virtual bool has_passphrase() const = 0;  // the store has one
  // Stores Ui::kept(), drops all keys and the connection, and calls Ui::locked(). An error if the store has no
  // passphrase.
  virtual Result<void> lock() = 0;
  // unlock() and set_passphrase() take about half a second of another thread; the answer is
  // Ui::passphrase_answer().
  virtual void unlock(SecretBytes passphrase) = 0;
  virtual void set_passphrase(SecretBytes old, SecretBytes fresh) = 0;  // empty `fresh`: removes it
  virtual void cancel_passphrase() = 0;                                 // drops the answer to the last one
};

class ProgramIntents {
 public:
  virtual ~ProgramIntents() = default;
  // The files whose names have this beginning, as the user types them; a folder ends with a slash. For
  // completion.
  virtual std::vector<std::string> files(const std::string& beginning) = 0;
  virtual void options_changed() = 0;       // applies UiState::options
  virtual Result<void> save_options() = 0;  // writes the configuration file
  virtual std::string doctor() = 0;         // the text of /doctor
  virtual void quit() = 0;
  virtual void suspend() = 0;
  virtual void repaint() = 0;  // writes the whole screen again: the terminal's content may be wrong
};

class Intents : public ModelSource,
                public ConnectionIntents,
                public ConversationIntents,
                public StoreIntents,
                public ProgramIntents {};

}  // namespace sims::tui
