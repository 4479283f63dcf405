// The options of simsd(8)'s command line and simsd.conf(5), in one table. An option's key in the
// file is its long name on the command line, which has no limits.*. The command line wins.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "os/config.h"
#include "os/log.h"
#include "server/relay/relay.h"

namespace sims::server {

struct Settings {
  std::vector<std::string> listen;  // empty: every address of the machine, default port
  std::string state_dir;            // absolute
  std::string name;                 // the server's own
  std::string pid_file;             // absolute, or empty
  std::string user;                 // the user that root becomes, or empty
  bool daemon = false;
  bool confine = true;
  log::Level log_level = log::Level::info;
  log::Sink log_sink = log::Sink::standard_error;
  std::string metrics_listen;  // a loopback address, or empty: no metrics over HTTP
  std::size_t rsa_keys = 32;   // kept ready
  Policy policy;
};

struct CommandLine {
  std::string config;                                     // absolute, or empty
  std::map<std::string, std::vector<std::string>> given;  // by key
  bool check_config = false;
  bool print_id = false;
};

// The command line has no numbers: a number is a limit, which only the file has.
using OptionSetter =
    std::variant<ConfigSetter<std::string>, ConfigSetter<std::vector<std::string>>, ConfigSetter<bool>>;

// One option: a row of the table from which the file, the command line and --help are made.
struct ServerOption {
  enum class Form { text, path, list, comma_list, flag };  // on the command line; a list may be repeated
  std::string_view key;                                    // in the file
  Form form;
  const char* value;  // its name in --help; of a flag: the value that it gives, "true" or "false"
  const char* help;
  OptionSetter (*setter)(Settings& settings);

  std::string name() const;  // "--listen"; of a flag that gives "false": "--no-confine"
};

// All options that the command line has; the limits are in the file only.
std::span<const ServerOption> server_options();
// The same and the limits, for a file: each setter checks its value and puts it into `settings`,
// which outlives the table.
std::vector<ConfigOption> settings_table(Settings& settings);

// Defaults, then the file, then the command line. An error names the file and line, or the option.
Result<Settings> load_settings(const CommandLine& line);
// The same while serving. The file must be a regular one: a server cannot wait for a pipe.
Result<Settings> reload_settings(const CommandLine& line);

// Makes a valid name from `host`: lower case, '-' for other characters, at most 32; "simsd" if
// nothing is left.
std::string server_name_of(std::string_view host);

}  // namespace sims::server
