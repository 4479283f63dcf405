// Reports changes of the connection in the status window. After a refused /nick, connects again under the
// name before.
#pragma once

#include <string>

#include "tui/ui/notices.h"

namespace sims::tui {

class LinkStatus {
 public:
  LinkStatus(UiContext& ui, ConnectionIntents& intents, Notices& notices)
      : ui_(ui), intents_(intents), notices_(notices) {}

  void model_changed();
  void connecting();                         // the user asked for a connection
  void asked_here() { asked_here_ = true; }  // by a command: reports the outcome also in its window
  void renaming();                           // the user asked for another name
  bool been_online() const { return been_online_; }
  void wipe();

 private:
  void came_online();
  void report_problem();
  void report(std::string text);  // into the status window, and here if the user asked for it
  bool back_to_name();            // after /nick was refused; false: there is no name to go back to

  UiContext& ui_;
  ConnectionIntents& intents_;
  Notices& notices_;
  bool was_online_ = false;
  client::LinkState was_link_ = client::LinkState::offline;
  bool been_online_ = false;  // since the user asked for this connection
  bool asked_here_ = false;
  std::string was_at_;            // the server of the last connection
  std::string reported_problem_;  // the last reported error, while there is no connection
  std::string name_before_;       // the name before /nick; empty: no /nick is under way
};

}  // namespace sims::tui
