// The windows of each server: swaps them when the server changes, and gives the state to save at the end. The
// same name is another user at another server, so windows and drafts never mix.
#pragma once

#include <string>

#include "tui/state/saved_windows.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class ServerWindows {
 public:
  ServerWindows(UiContext& ui, Windows& windows, TypingSignal& typing, ReadTracker& tracker)
      : ui_(ui), windows_(windows), typing_(typing), tracker_(tracker) {}

  SavedWindows kept() const;
  bool restore(
      const SavedWindows& kept);  // replaces all windows; false: `kept` is empty, and nothing changed
  void model_changed();           // shows the windows of the model's server
  void wipe();

 private:
  void show(const SavedServerWindows& kept);

  UiContext& ui_;
  Windows& windows_;
  TypingSignal& typing_;
  ReadTracker& tracker_;
  std::string server_id_;   // of the shown windows
  SavedWindows elsewhere_;  // the windows of other servers
};

}  // namespace sims::tui
