// sims-tui(1): the client with a screen. Arguments only; the rest is tui/app's.
#include <CLI/CLI.hpp>

#include "base/process.h"
#include "base/version.h"
#include "tui/app.h"

int main(int argc, char** argv) {
  sims::harden_process();
  sims::tui::AppOptions options;
  CLI::App app("Secure instant messaging in a terminal.", "sims-tui");
  app.set_help_flag("--help", "show this help and exit");
  std::string version = sims::version_text("sims-tui");
  version.pop_back();  // CLI11 ends the line itself
  app.set_version_flag("--version", version, "show the version and exit");
  const CLI::Validator not_empty(
      [](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); },
      "");
  app.add_option("--server", options.server, "the server; default: the one used last")
      ->type_name("HOST[:PORT]")
      ->check(not_empty);
  app.add_option("--port", options.port, "its port (default: 7467)")->type_name("PORT");
  app.add_option("--name", options.name, "the name to use there; default: the one used last")
      ->type_name("NAME");
  app.add_option("--suite", options.suites, "cipher suites to accept, best first: ecdhe,rsa")
      ->type_name("LIST");
  app.add_option("--home", options.home, "keep everything in DIR instead of the XDG folders")
      ->type_name("DIR")
      ->check(not_empty);
  app.add_option("--query", options.query, "open the window with PEER as soon as it is known")
      ->type_name("PEER");
  app.add_flag("--accept-new", options.accept_new,
               "take the key of a server met for the first time without asking");
  app.add_flag("--connect", options.connect, "connect at once with what was used last");
  app.footer("With --server and --name it connects at once. See sims-tui(1).\n");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? sims::tui::exit_ok : sims::tui::exit_usage;
  }
  return sims::tui::run_app(options);
}
