// The common options and help format for CLI11, and the checks of descriptors and threads.
#include "os/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/nearest.h"
#include "base/text.h"
#include "os/version.h"

namespace sims {

namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return CLI::detail::find_and_replace(Formatter::make_option_name(option, is_positional), ",", ", ");
  }
  // An argument's name is enough; the usage line shows whether it is required.
  std::string make_option_opts(const CLI::Option* option) const override {
    const bool has_value = option->get_type_size() != 0 && !option->get_positional();
    return has_value ? " " + option->get_type_name() : "";
  }
};

// The text that CLI11 prints, with exactly one line end at its end.
std::string text_of(const CLI::App& app, const CLI::ParseError& asked) {
  std::ostringstream out;
  app.exit(asked, out, out);
  std::string text = out.str();
  while (text.ends_with('\n'))
    text.pop_back();
  return text + "\n";
}

}  // namespace

Result<void> print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return fail(fmt::format("standard output: {}", std::strerror(errno)));
}

Result<void> check_descriptors(int needed) {
  std::vector<int> opened;
  int fd = -1;
  while (static_cast<int>(opened.size()) < needed && (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    opened.push_back(fd);
  const int why = errno;
  for (const int one : opened)
    ::close(one);
  if (static_cast<int>(opened.size()) == needed) return {};
  return fail(
      fmt::format("only {} more files can be opened ({}), {} are needed; raise the limit with ulimit -n",
                  opened.size(), std::strerror(why), needed));
}

Result<void> check_threads(int needed) {
  std::mutex all_there;
  std::unique_lock hold(all_there);
  std::vector<std::thread> started;
  std::string why;
  try {
    while (static_cast<int>(started.size()) < needed)
      started.emplace_back([&all_there] { const std::lock_guard wait(all_there); });
  } catch (const std::system_error& error) {
    why = error.code().message();
  }
  hold.unlock();
  for (auto& thread : started)
    thread.join();
  if (why.empty()) return {};
  return fail(fmt::format(
      "only {} threads can be started ({}), {} are needed; raise the limit with ulimit -u or ulimit -v",
      started.size(), why, needed));
}

void add_common_options(CLI::App& app) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "show this help and exit");
  app.set_version_flag("--version", version_text(app.get_name().c_str()), "show the version and exit");
}

const CLI::Validator& not_empty() {
  static const CLI::Validator validator(
      [](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); },
      "");
  return validator;
}

std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({}))
    names.push_back(command->get_name());
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with('-')) {
      const auto* option = app.get_option_no_throw(std::string(word));
      if (option != nullptr && option->get_expected_max() > 0) ++i;  // the next word is its value
      continue;
    }
    if (std::find(names.begin(), names.end(), word) != names.end()) return std::nullopt;
    const std::vector<std::string_view> known(names.begin(), names.end());
    return fmt::format("there is no command {}.{} ({} --help tells more)", word.substr(0, 40),
                       did_you_mean(nearest(word, known)), app.get_name());
  }
  return std::nullopt;
}

std::optional<int> parse_arguments(CLI::App& app, int argc, const char* const* argv) {
  const auto say = [&](std::string_view what) {
    static_cast<void>(
        std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), safe_text(what, Lines::fold).c_str()));
  };
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) {
      say(fmt::format("{} ({} --help tells more)", e.what(), app.get_name()));
      return 2;
    }
    const auto printed = print(text_of(app, e));
    if (printed) return 0;
    say(printed.error());
    return 1;
  }
}

std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::absolute(path, ignored);
  return ignored ? path : full.lexically_normal().string();
}

}  // namespace sims
