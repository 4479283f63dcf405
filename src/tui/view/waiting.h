// Our texts that are not delivered: which wait, where, and why, in words. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "client/model/model.h"
#include "tui/state/scroll.h"

namespace sims::tui {

// The numbers of our texts to a peer.
struct Waiting {
  std::size_t here = 0;      // queued, or sent to the server and not proved delivered
  std::size_t at_relay = 0;  // the server keeps them: this program need not run
};
Waiting waiting_texts(const client::Peer& peer);

// The newest of our texts that is neither delivered nor failed, among the newest 1,000 lines; nullptr: none.
const client::Line* newest_waiting(const client::Peer& peer);
// "waits for bob at the relay", "the mailbox of bob is full; tried again at 14:20". Empty: it goes as soon as it
// can, or the screen says elsewhere why it cannot.
std::string waiting_words(const client::Model& model, const client::Peer& peer, const client::Line& text,
                          UtcOffset offset);

}  // namespace sims::tui
