// The client without a screen and without I/O: intents and network events in, effects out, the Model in
// between. One ClientCore per identity. Pure: the edges (client/link, a simulated network, a test) give it bytes,
// time and finished work, and carry out its effects. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/model/core_options.h"
#include "client/model/effects.h"
#include "client/model/memory.h"
#include "client/model/model.h"
#include "proto/limits.h"

namespace sims::client {

class ClientCore {
 public:
  ClientCore(CoreOptions options, Memory& memory, crypto::EphemeralSource& ephemerals, Effects& effects);
  ~ClientCore();
  const Model& model() const;

  // --- intents -----------------------------------------------------------------------------------
  void connect(const std::string& host_port, Now now);
  // For a server that takes new names by invitation only: before connect(). Used until it is redeemed, then
  // wiped; never stored.
  void invite(std::string_view code);
  // Who is known at this server and what was said there, into the model, without connecting. Only
  // while offline.
  void recall(const std::string& host_port, Now now);
  void disconnect(Now now);           // orderly; also cancels connecting and answers no to a question
  void answer(bool accept, Now now);  // the model's question; accept pins the shown server id
  // Of a question about a changed server key: nobody is here to answer it, and the other key may be
  // somebody's on the way. Whether the remembered one is there again is tried after 5 seconds to 5 minutes.
  void ask_later(Now now);
  // The only way past a changed server key: `fingerprint` must be the new id, typed or pasted. Pins it and
  // reconnects.
  Result<void> accept_changed_server(std::string_view fingerprint, Now now);
  // Writes it down (committed at once), puts the line into the peer's window as queued and sends it as soon
  // as it can be (calls the peer first when there is no session); a stranger or a request becomes a contact.
  // An error (in words) when it cannot be taken at all: unknown name, too long, changed key, not stored.
  // Returns the line's serial. `uid`: the name that the text gets, if its writer made one (empty: a new one);
  // a text of this uid that still waits is this one, and is not queued twice.
  Result<std::uint64_t> send_text(const std::string& peer, std::string_view text, bool action, Now now,
                                  const std::string& uid = {});
  // A text of ours that is not proved delivered is not sent again and becomes a failed one, also on disk.
  Result<void> give_up(const std::string& peer, const std::string& uid, Now now);
  // Asks the server who has this name or id, though the list does not show them. The answer comes in
  // Model::found and, with `window`, as a notice there (empty name: status). An error when there is nobody to
  // ask, or it is neither a name nor an id.
  Result<void> find(const std::string& asked, std::optional<std::string> window, Now now);
  // The window is in front: clears unread and attention, tells the peer if receipt_settings.receipts. The first time
  // it reads the newest page of what was said before.
  void looked_at(const std::string& peer, Now now);
  void typing(const std::string& peer, bool on,
              Now now);  // told if receipt_settings.typing, at most every 4 s
  void set_receipt_settings(ReceiptSettings receipt_settings);
  void set_keep_history(bool keep);  // from the next text on; see CoreOptions
  // The user did something, the network changed, or the machine woke up: a link that was silent is checked,
  // one that waits is tried again.
  void poke(Now now);

  // --- people
  // Makes a contact of a request, somebody blocked or a stranger: pinned; acks that were held back go out.
  Result<void> accept(const std::string& peer, Now now);
  // Forgets a request and what came with it, and the session. Nobody is told: what was said stays unproved at
  // the other side, and is not shown when it comes again.
  Result<void> decline(const std::string& peer, Now now);
  // Anybody in the model: what comes is dropped unread, also after a restart and under another key, and
  // nobody is told. Of a request also what was said is forgotten. Ended by accept().
  Result<void> block(const std::string& peer, Now now);
  // The peer's key is not remembered any more, nor that they were a contact or blocked: the next contact is a
  // first one. What was said is kept.
  Result<void> forget(const std::string& peer, Now now);
  std::size_t unsent(const std::string& peer) const;  // of ours to them, queued or not proved delivered yet
  // Compares with what the user typed or pasted; marks the peer verified when equal.
  Result<void> verify(const std::string& peer, std::string_view number, Now now);
  Result<void> unverify(const std::string& peer);
  // Ends trust == changed: `fingerprint` must be the new id, typed or pasted. The new key is pinned,
  // unverified.
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint, Now now);
  // Texts that were typed for an earlier key of this name: sent to the key of today, as the newest, or
  // dropped (they stay in the history as not sent). How many: Peer::held of them.
  Result<std::size_t> resend_held(const std::string& peer, Now now);
  Result<std::size_t> discard_held(const std::string& peer, Now now);
  void end_session(const std::string& peer, std::string_view reason, Now now);
  Result<std::string> safety_number(const std::string& peer) const;

  // --- windows
  // In front of the peer's lines; false: there are no more, or the window is full (max_lines, 4 MiB).
  bool load_older(const std::string& peer, std::size_t most);
  // On disk and in the window; what is still to be sent stays.
  Result<void> erase_history(const std::string& peer);
  // Drops the lines shown (empty name: the status window's). They stay in the history, but load_older() does
  // not bring them back before the next start.
  void clear(const std::string& peer);
  // Our own words into a window (empty name: status).
  void notice(const std::string& peer, std::string text, Now now);

  // --- events ------------------------------------------------------------------------------------
  void link_opened(Now now);
  void link_read(ByteView bytes, Now now);  // one read of the socket
  void link_closed(const std::string& reason, Now now);
  void work_done(std::unique_ptr<Work> work, Now now);
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms; INT64_MAX: nothing waits for time
  // What it costs to go on: conversations in memory, and how often one was looked at since the start.
  struct Load {
    std::size_t conversations;
    std::uint64_t looked_at;
  };
  Load load() const;

  // --- what must last ----------------------------------------------------------------------------
  // While this is so, nothing that write() was given may leave: it may ack what is not on disk yet.
  bool holds_writes() const;
  std::int64_t commit_at() const;  // steady ms: when to commit at the latest; INT64_MAX: nothing waits
  // An error: what was received since the last one is taken back, and the link is dropped without a word; its
  // senders try again. What was not written yet, also a last word, must not go out.
  Result<void> commit(Now now);

 private:
  struct State;
  class Turn;
  std::unique_ptr<State> state_;
};

}  // namespace sims::client
