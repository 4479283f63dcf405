// The fields of the connect dialog: filled from options and the last settings, parsed for a connection.
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
Result<Wanted> parse_fields(const ConnectFields& fields);  // an error names the wrong field

// The first content of the dialog: options, else the last settings.
ConnectFields first_fields(const AppOptions& options, const client::Settings& settings);
// The error of an option that fills a field; empty: none. Checked before, since the field would cut a long
// value.
std::string wrong_field(const AppOptions& options);
// The choices of cipher suites, as labels: for each suite a list of all with that one first, then each suite
// alone.
std::vector<std::string> suite_choices();

}  // namespace sims::tui
