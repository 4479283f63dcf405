// The fields of the connect dialog, in the order in which Tab goes through them: the one table for the box,
// the keys and --plain. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tui/state/state.h"

namespace sims::tui {

struct DialogField {
  std::string_view label;
  Editor ConnectDialog::*editor;      // where it is typed; nullptr: a choice of the cipher suites
  std::string ConnectFields::*value;  // what it is in the end
};

inline constexpr std::array<DialogField, ConnectDialog::fields> dialog_fields = {{
    {"Server", &ConnectDialog::server, &ConnectFields::server},
    {"Port", &ConnectDialog::port, &ConnectFields::port},
    {"Name", &ConnectDialog::name, &ConnectFields::name},
    {"Ciphers", nullptr, &ConnectFields::suites},
    {"Invitation", &ConnectDialog::invitation, &ConnectFields::invitation},
}};

inline const DialogField& focused_field(const ConnectDialog& dialog) {
  return dialog_fields[static_cast<std::size_t>(dialog.focus)];
}
// The label of the suites that are chosen: "ecdhe,rsa"; empty if there is nothing to choose.
inline std::string chosen_suites(const ConnectDialog& dialog) {
  return dialog.suites.empty() ? std::string() : dialog.suites[dialog.suite];
}
inline std::string value_of(const ConnectDialog& dialog, const DialogField& field) {
  return field.editor ? (dialog.*field.editor).text() : chosen_suites(dialog);
}

}  // namespace sims::tui
