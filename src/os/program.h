// What the mains of the three programs share: the command line around their own options, and standard output.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace sims {

// Writes all of it to standard output, now. Fails in words.
Result<void> print(std::string_view text);

// -h, --help and --version, and what help looks like. To be called first, for commands take it over; the app
// has the bare name of the program.
void add_common_options(CLI::App& app);
// Whether so many more files can be opened; else the words for it, with what to do.
Result<void> check_descriptors(int needed);
// Likewise whether so many threads can be started. (libuv ends the program without words when one of its own
// cannot.)
Result<void> check_threads(int needed);
// A path of the command line, whatever the working directory will be.
std::string absolute_path(const std::string& path);
// For an option whose value must not be empty.
const CLI::Validator& not_empty();
// The command line begins with a word that is no command: the error in words, with the command that may have
// been meant. The app's options and commands have been added before.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv);
// Nothing: go on. Else the exit status: 0 after --help or --version, 1 if that could not be printed, 2 after
// wrong usage, of which standard error says in one line what it was.
std::optional<int> parse_arguments(CLI::App& app, int argc, const char* const* argv);

}  // namespace sims
