// The connect dialog: its fields, and the attempt to connect that Enter starts.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/link_status.h"
#include "tui/ui/notices.h"

namespace sims::tui {

class ConnectBox final : public Component {
 public:
  ConnectBox(UiContext& ui, ConnectionIntents& intents, Notices& notices, LinkStatus& link)
      : ui_(ui), intents_(intents), notices_(notices), link_(link) {}

  bool handle_key(const Key& key) override;
  void set_fields(const ConnectFields& fields);
  void open();
  void submit();  // works also when closed; opens if a field is wrong

 private:
  void close();  // ends the attempt to connect; closes the dialog if there is none
  void choose_suite(const Key& key);

  UiContext& ui_;
  ConnectionIntents& intents_;
  Notices& notices_;
  LinkStatus& link_;
};

// Moves the dialog's focus to the invitation if the server asked for one.
void focus_missing_invitation(UiContext& ui);

}  // namespace sims::tui
