// The core's conversations by peer name, with an index of those that a turn must look at, so that
// no turn walks over all of them. Pure; owned by the core.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "client/conversation/conversation.h"
#include "client/core/due_times.h"

namespace sims::client {

class ConversationTable {
 public:
  explicit ConversationTable(Context& context) : context_(context) {}

  // Both mark the conversation as used, so that its index entry is renewed.
  Conversation& get(const std::string& name);   // makes a missing one; the peer must be in the model
  Conversation* find(const std::string& name);  // nullptr: none
  void touch(const std::string& name) { touched_.insert(name); }  // its peer changed
  template <class F>
  void touch_each(F f) {  // f(Conversation&)
    for (auto& [name, conversation] : conversations_) {
      f(conversation);
      touched_.insert(name);
    }
  }
  template <class Is>
  Conversation* find_if(Is is) {  // is(Conversation&) changes nothing; nullptr: none is
    for (auto& [name, conversation] : conversations_) {
      if (!is(conversation)) continue;
      touched_.insert(name);
      return &conversation;
    }
    return nullptr;
  }
  bool in_use(const std::string& name) const;
  // Makes room for one more caller by dropping a conversation with nothing left. False: no room.
  // Contacts always find room.
  bool make_room(const Peer& caller, Now now);
  void drop(const std::string& name);
  void clear();

  void server_took(std::uint64_t seq, Now now);        // cumulative
  Conversation* awaiting(std::uint64_t seq, Now now);  // see Conversation::awaits(); nullptr: nobody's
  void tick(Now now);                                  // runs those that are due, drops the idle
  std::int64_t next_tick(Now now);                     // steady ms; INT64_MAX: nothing is due
  std::size_t size() const { return conversations_.size(); }
  std::uint64_t examined() const { return examined_; }  // index entries renewed so far

 private:
  void renew_index(Now now);

  Context& context_;
  std::map<std::string, Conversation> conversations_;  // by name; dropped when nothing is left of them
  std::set<std::string> touched_;                      // index entries to renew before the index is asked
  DueTimes due_;                                       // when each needs tick()
  DueTimes idle_;                                      // when each idle one is dropped
  std::set<std::string> in_flight_;                    // names of those in_flight()
  std::uint64_t examined_ = 0;
};

}  // namespace sims::client
