// simsctl(8)'s commands: one row each, from which the command line, --help, the request and the
// output are made. The server's side of each is a row in server/admin/requests.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/output.h"
#include "ctl/request.h"

namespace sims::server {

struct CtlCommand {
  const char* name;
  const char* help;
  struct Flag {
    const char* name;
    const char* help;
    bool CtlOptions::*value;
  };
  // Its one argument; value is null if it has none.
  struct Argument {
    const char* name = "";
    const char* help = "";
    std::string CtlOptions::*value = nullptr;
    Result<void> (*check)(const CtlOptions&) = nullptr;  // fails in words
    bool required = true;
  } argument = {};
  const char* for_help = nullptr;  // of --for; null: the command has no such option
  bool has_reason = false;         // --reason
  std::span<const Flag> flags = {};
  bool may_take_long = false;  // no time limit for its answer
  // A list: the titles of its columns and the cells of a row. No titles: the command is no list.
  std::vector<std::string> (*titles)() = nullptr;
  std::vector<std::string> (*cells)(const proto::JsonValue& row, const TimeWords& time) = nullptr;
  // Any other command: its answer in words; null: it prints nothing.
  std::string (*words)(const proto::JsonValue& answer, const TimeWords& time) = nullptr;

  bool is_list() const { return titles != nullptr; }
};

// In the order of --help.
std::span<const CtlCommand> ctl_commands();
// The row of a command; `name` must be one of theirs.
const CtlCommand& ctl_command(std::string_view name);

}  // namespace sims::server
