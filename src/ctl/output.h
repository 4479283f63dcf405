// What simsctl(8) prints of a server's answers: for people, or as JSON. Pure. Text that may come from
// somebody else is made safe for terminals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proto/wire/json.h"

namespace sims::server {

using TimeWords = std::function<std::string(std::uint64_t unix_s)>;  // in the user's zone

// Rows of aligned columns, titles first, for `clients`, `bans` and `names`.
class CtlTable {
 public:
  CtlTable(std::string_view command, TimeWords time);
  void add(const proto::JsonValue& row);
  std::string str() const;

 private:
  std::string_view command_;
  TimeWords time_;
  std::vector<std::vector<std::string>> rows_;
};

// Any other command's answer.
std::string ctl_words(std::string_view command, const proto::JsonValue& answer, const TimeWords& time);

// The value as one line of JSON, without the members that only the protocol needs ("ok", "next").
std::string ctl_json(const proto::JsonValue& value);
// The value itself, for the next request.
std::string ctl_raw(const proto::JsonValue& value);

std::string duration_words(std::uint64_t seconds);  // "2 d 3 h", the two largest
std::string size_words(std::uint64_t bytes);        // "12.3 MiB"

}  // namespace sims::server
