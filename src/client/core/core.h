// The client core: intents and network events in, effects out, the Model in between. No screen, no
// I/O. One ClientCore per identity. The edges (client/link, a simulated network, a test) give it
// bytes, time and finished work, and carry out its effects. Not thread-safe.
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
  // An invitation for a server that takes new names by invitation only. Call before connect(). Used
  // until it is redeemed, then wiped; never stored.
  void invite(std::string_view code);
  // Loads the known peers and the history of a server into the model, without connecting. Only
  // while offline.
  void show_remembered(const std::string& host_port, Now now);
  void disconnect(Now now);           // orderly; also cancels connecting and answers no to a question
  void answer(bool accept, Now now);  // the model's question; accept pins the shown server id
  // Postpones a question about a changed server key when no user is here to answer it: the other
  // key may be an attacker's. The client reconnects after 5 seconds to 5 minutes, in case the
  // remembered key is back.
  void ask_later(Now now);
  // The only way to accept a changed server key: `fingerprint` must be the new id, typed or pasted.
  // Pins it and reconnects.
  Result<void> accept_changed_server(std::string_view fingerprint, Now now);
  // Stores the text (committed at once), shows it as queued in the peer's window and sends it as
  // soon as possible; calls the peer first if there is no session. A stranger or a request becomes
  // a contact. Returns the line's serial. An error, in words: unknown name, too long, changed key,
  // not stored. `uid`: the text's uid if its writer made one (empty: a new one). If a text of this
  // uid still waits, nothing is queued twice.
  Result<std::uint64_t> send_text(const std::string& peer, std::string_view text, bool action, Now now,
                                  const std::string& uid = {});
  // Stops sending a text that is not proved delivered. It becomes a failed one, also on disk.
  Result<void> give_up(const std::string& peer, const std::string& uid, Now now);
  // Asks the server who has this name or id, for users that the list does not show. The answer is
  // put into Model::found and, with `window`, shown there as a notice (empty name: status). An
  // error if we are offline, or if it is neither a name nor an id.
  Result<void> find(const std::string& asked, std::optional<std::string> window, Now now);
  // Enters a user whom the list does not show as a peer, by the server's answer to find(name), so that texts can
  // be queued. An error, in words: there is no such answer in this connection, or the list shows another key.
  Result<void> meet(const std::string& name, Now now);
  // The window is in front: clears unread and attention, and tells the peer if
  // receipt_settings.receipts. The first call reads the newest page of the history.
  void mark_read(const std::string& peer, Now now);
  void typing(const std::string& peer, bool on,
              Now now);  // sent if receipt_settings.typing, at most every 4 s
  void set_receipt_settings(ReceiptSettings receipt_settings);
  void set_keep_history(bool keep);  // for later texts; see CoreOptions
  // Call when the user did something, the network changed, or the machine woke up. Checks a link
  // that was silent, and reconnects at once if the client was waiting to.
  void check_link(Now now);

  // --- people
  // Accepts a request, a blocked peer or a stranger as a contact: pins the key and sends the acks
  // held back.
  Result<void> accept(const std::string& peer, Now now);
  // Forgets a request, its texts and its session. The peer is not told: its texts stay unproved
  // there, and are not shown if they come again.
  Result<void> decline(const std::string& peer, Now now);
  // Blocks anybody in the model: messages are dropped unread, also after a restart and under
  // another key, and the peer is not told. The texts of a request are forgotten. Ended by accept().
  Result<void> block(const std::string& peer, Now now);
  // Forgets the peer's key, and that they were a contact or blocked: the next contact is a first
  // contact. The history is kept.
  Result<void> forget(const std::string& peer, Now now);
  // The number of our texts to this peer that are not proved delivered yet, and that the relay does not keep.
  std::size_t unsent(const std::string& peer) const;
  // Compares the number that the user typed or pasted, and marks the peer verified if it is equal.
  Result<void> verify(const std::string& peer, std::string_view number, Now now);
  Result<void> unverify(const std::string& peer);
  // Ends Trust::changed: `fingerprint` must be the new id, typed or pasted. Pins the new key as
  // unverified.
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint, Now now);
  // Texts that were typed for an earlier key of this name: resend to the current key as the newest,
  // or drop (they stay in the history as not sent). Returns how many of Peer::held there were.
  Result<std::size_t> resend_held(const std::string& peer, Now now);
  Result<std::size_t> discard_held(const std::string& peer, Now now);
  void end_session(const std::string& peer, std::string_view reason, Now now);
  Result<std::string> safety_number(const std::string& peer) const;

  // --- windows
  // Loads older lines in front of the peer's. False: there are no more, or the window is full
  // (max_lines, 4 MiB).
  bool load_older(const std::string& peer, std::size_t most);
  // Erases the history on disk and in the window. Texts that are still to be sent stay.
  Result<void> erase_history(const std::string& peer);
  // Drops the lines shown (empty name: those of the status window). They stay in the history, but
  // load_older() does not bring them back before the next start.
  void clear(const std::string& peer);
  // Adds our own words to a window (empty name: status).
  void notice(const std::string& peer, std::string text, Now now);

  // --- events ------------------------------------------------------------------------------------
  void link_opened(Now now);
  void link_read(ByteView bytes, Now now);  // one read of the socket
  void link_closed(const std::string& reason, Now now);
  void work_done(std::unique_ptr<Work> work, Now now);
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms, may be past; INT64_MAX: nothing waits for time
  // Measures of the load: conversations in memory, and index entries examined since the start.
  struct Load {
    std::size_t conversations;
    std::uint64_t examined;
  };
  Load load() const;

  // --- what must last ----------------------------------------------------------------------------
  // While true, nothing given to write() may leave: it may ack texts that are not on disk yet.
  bool holds_writes() const;
  std::int64_t commit_at() const;  // steady ms: the deadline of the next commit; INT64_MAX: nothing waits
  // On error, everything received since the last commit is taken back and the link is dropped, so
  // senders send again. Output not yet written, even a goodbye, must not go out.
  Result<void> commit(Now now);

 private:
  struct State;
  class Turn;
  std::unique_ptr<State> state_;
};

}  // namespace sims::client
