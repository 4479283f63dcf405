// sims-tui(1): the client with a screen. This file parses the arguments; the program itself is in tui/app.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "base/locked_memory.h"
#include "os/process.h"
#include "os/program.h"
#include "tui/app/app.h"

int main(int argc, char** argv) {
  sims::harden_process();
  sims::tui::AppOptions options;
  CLI::App app("Secure instant messaging in a terminal. See sims-tui(1).", "sims-tui");
  sims::add_common_options(app);
  app.add_option("--server", options.server, "the server (default: the one used last)")
      ->type_name("HOST[:PORT]")
      ->check(sims::not_empty());
  app.add_option("--port", options.port, "the server's port (default: 7467)")->type_name("PORT");
  app.add_option("--name", options.name, "the name to log in with (default: the one used last)")
      ->type_name("NAME");
  app.add_option("--suite", options.suites,
                 "cipher suites, best first (default: those used last, else ecdhe,rsa)")
      ->type_name("LIST");
  app.add_option("--home", options.home, "keep everything in DIR instead of the XDG folders")
      ->type_name("DIR")
      ->check(sims::not_empty());
  app.add_option("--query", options.query, "open the window with PEER as soon as it is known")
      ->type_name("PEER");
  app.add_option("--config", options.config,
                 "the configuration file (default: sims-tui.toml in the XDG folder)")
      ->type_name("FILE")
      ->check(sims::not_empty());
  app.add_option("--key-file", options.key_file, "open the store with this key file (default: SIMS_KEY_FILE)")
      ->type_name("FILE")
      ->check(sims::not_empty());
  app.add_option("--invite", options.invite,
                 "an invitation, for the first login to a server that requires one")
      ->type_name("CODE")
      ->check(sims::not_empty());
  app.add_flag("--ascii", options.ascii, "draw with ASCII only");
  app.add_flag("--accept-new", options.accept_new,
               "accept an unknown server key without asking, but never a changed one");
  app.add_flag("--connect", options.connect, "connect at once, with the settings used last");
  app.add_flag("--plain", options.plain, "print lines instead of drawing a screen, for screen readers");
  app.add_flag("--demo", options.demo, "show a conversation with invented people, without a server");
  app.footer("With --server and --name it connects at once.");
  if (const auto status = sims::parse_arguments(app, argc, argv)) return *status;
  if (const auto enough = sims::check_descriptors(32); !enough) {
    static_cast<void>(std::fprintf(stderr, "sims-tui: %s\n", enough.error().c_str()));
    return 1;
  }
  options.memory = sims::words_for(sims::lock_memory());
  if (const auto enough = sims::check_threads(8); !enough) {
    static_cast<void>(std::fprintf(stderr, "sims-tui: %s\n", enough.error().c_str()));
    return 1;
  }
  return sims::tui::run_app(options);
}
