// simsctl(8)'s output: tables, and JSON. Pure. Text that may come from clients is made safe for
// terminals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proto/wire/json.h"

namespace sims::server {

using TimeWords = std::function<std::string(std::uint64_t unix_s)>;  // in the user's zone

struct CtlCommand;

// Columns as wide as their widest cell, two spaces between; the last one, and the end of a line,
// unpadded.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

// Rows of aligned columns, titles first, of a command that is a list.
class CtlTable {
 public:
  CtlTable(const CtlCommand& command, TimeWords time);  // the command outlives it
  void add(const proto::JsonValue& row);
  std::string str() const;

 private:
  const CtlCommand& command_;
  TimeWords time_;
  std::vector<std::vector<std::string>> rows_;
};

// Prints a value as one line of JSON, without the members that only the protocol needs ("ok",
// "next").
std::string ctl_json(const proto::JsonValue& value);
// Prints a value as JSON, for the next request.
std::string ctl_raw(const proto::JsonValue& value);

std::string duration_words(std::uint64_t seconds);  // "2 d 3 h", the two largest
std::string size_words(std::uint64_t bytes);        // "12.3 MiB"

}  // namespace sims::server
