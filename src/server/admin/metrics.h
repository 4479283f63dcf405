// The metrics in Prometheus' text format 0.0.4 and as JSON, from one table. Pure.
#pragma once

#include <string>

#include "proto/wire/json.h"
#include "server/admin/operations.h"

namespace sims::server {

std::string metrics_text(const Stats& stats, const Status& status);

// Writes members of an open object: the metrics' names without "sims_", an object for each label,
// histograms in microseconds.
void write_stats(proto::JsonWriter& json, const Stats& stats, const Status& status);

}  // namespace sims::server
