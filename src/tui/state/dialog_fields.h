// The fields of the connect dialog, in the order in which Tab visits them: the one table for the box, the
// keys and --plain. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tui/state/state.h"

namespace sims::tui {

struct DialogField {
  std::string_view label;
  Editor ConnectDialog::*editor;      // nullptr: a choice of cipher suites
  std::string ConnectFields::*value;  // the value that connect() gets
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
// The labels of the chosen suites: "ecdhe,rsa"; empty if there are no choices.
inline std::string chosen_suites(const ConnectDialog& dialog) {
  return dialog.suites.empty() ? std::string() : dialog.suites[dialog.suite];
}
inline std::string value_of(const ConnectDialog& dialog, const DialogField& field) {
  return field.editor ? (dialog.*field.editor).text() : chosen_suites(dialog);
}

}  // namespace sims::tui
