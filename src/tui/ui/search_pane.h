// /search and Ctrl-S: searches the history, and goes to a hit.
#pragma once

#include <string>
#include <vector>

#include "tui/ui/chat_pane.h"
#include "tui/ui/component.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class SearchPane final : public Component {
 public:
  SearchPane(UiContext& ui, StoreIntents& store, Windows& windows, ChatPane& chat, ReadTracker& tracker)
      : ui_(ui), store_(store), windows_(windows), chat_(chat), tracker_(tracker) {}

  bool handle_key(const Key& key) override;
  void open(const std::string& text);  // empty: the user types it
  // The answer to StoreIntents::search().
  void found(std::vector<client::SearchHit> hits, std::string problem);
  void step(int by);  // 1: to the next older hit

 private:
  void start();
  void close();
  void enter();
  void go_to_hit();

  UiContext& ui_;
  StoreIntents& store_;
  Windows& windows_;
  ChatPane& chat_;
  ReadTracker& tracker_;
};

}  // namespace sims::tui
