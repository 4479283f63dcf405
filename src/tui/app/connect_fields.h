// The fields of the connect dialog: from options and what was used last, and to what a connection needs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "client/store/store.h"
#include "crypto/suite.h"
#include "tui/app/app.h"
#include "tui/state/state.h"

namespace sims::tui {

struct Wanted {
  std::string host_port;
  crypto::SuiteList suites;
};
Result<Wanted> parse_fields(const ConnectFields& fields);  // an error names the field that is wrong

// What the dialog shows first: options, then what was used last.
ConnectFields first_fields(const AppOptions& options, const client::Settings& settings);
// What is wrong with an option that goes into a field, where it would be cut to fit. Empty: nothing.
std::string wrong_field(const AppOptions& options);
// The dialog's choices, best first, as labels: the list in the table's order, each other order of two, each
// one alone.
std::vector<std::string> suite_choices();

}  // namespace sims::tui
