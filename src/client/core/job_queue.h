// Work items of conversations for other threads. Work that makes a costly key (up to a second of
// CPU) is queued here: one item for a contact and one for a stranger run at a time. Pure; owned by
// the core.
#pragma once

#include <deque>
#include <memory>

#include "client/core/conversation_table.h"
#include "client/model/rate.h"

namespace sims::client {

class JobQueue {
 public:
  JobQueue(Effects& effects, ConversationTable& conversations)
      : effects_(effects), conversations_(conversations) {}

  bool start(std::unique_ptr<PeerWork> work, Now now);  // false: no room, the work is dropped
  void start(std::unique_ptr<RekeyWork> work);
  void start(std::unique_ptr<OpeningWork> work) { effects_.start_work(std::move(work)); }
  void work_done(Work& work, Now now);  // passes it to its conversation

 private:
  void start_next();

  Effects& effects_;
  ConversationTable& conversations_;
  bool costly_out_ = false;           // a contact's costly key is being made
  bool strangers_out_ = false;        // a stranger's, in spare time: it may take long
  Ration strangers_keys_{2, 60'000};  // costly keys for strangers, who prove no identity first
  std::deque<std::unique_ptr<PeerWork>> calls_;
  std::deque<std::unique_ptr<RekeyWork>> rekeys_;
};

}  // namespace sims::client
