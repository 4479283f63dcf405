// What the relay counts as Prometheus' text format 0.0.4 and as JSON: one table for both. Pure.
#pragma once

#include <string>

#include "proto/wire/json.h"
#include "server/admin/operations.h"

namespace sims::server {

std::string metrics_text(const Stats& stats, const Status& status);

// Members of an object that is open: the metrics' names without "sims_", with an object for each label, and
// histograms in microseconds.
void write_stats(proto::JsonWriter& json, const Stats& stats, const Status& status);

}  // namespace sims::server
