// Shared by the main functions of all programs: the command line's common part, standard output,
// and checks of resource limits.
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

// Writes the text to standard output and flushes. Fails in words.
Result<void> print(std::string_view text);

// Adds -h, --help and --version, and the format of the help. Call it before adding commands, which
// inherit it. The app's name is the program's.
void add_common_options(CLI::App& app);
// Checks that so many more files can be opened. Fails in words that say what to do.
Result<void> check_descriptors(int needed);
// Checks that so many threads can be started. (libuv aborts without a message when one of its own
// cannot.)
Result<void> check_threads(int needed);
// Makes a path of the command line independent of later changes of the working directory.
std::string absolute_path(const std::string& path);
// A validator for options whose value must not be empty.
const CLI::Validator& not_empty();
// If the first word of the command line is not a command, returns an error that suggests the
// nearest one. Call it after adding the app's options and commands.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv);
// Parses the command line. Returns nullopt to go on, or the exit status: 0 after --help or
// --version, 1 if they could not be printed, 2 after wrong usage, which it has reported in one line
// on standard error.
std::optional<int> parse_arguments(CLI::App& app, int argc, const char* const* argv);

}  // namespace sims
