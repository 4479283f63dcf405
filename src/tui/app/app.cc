// The start of sims-tui: configuration, terminal, store. An error at the start leaves the terminal untouched.
#include "tui/app/app.h"

#include <cstdio>
#include <cstdlib>

#include "client/link/xdg_dirs.h"
#include "client/store/store.h"
#include "tui/app/connect_fields.h"
#include "tui/app/demo_session.h"
#include "tui/app/live_session.h"

namespace sims::tui {
namespace {

int complain(const std::string& what, int code) {
  static_cast<void>(std::fprintf(stderr, "sims-tui: %s\n", what.c_str()));
  return code;
}

Result<std::unique_ptr<client::Store>> open_store(const AppOptions& options) {
  TRY_LET(folder, client::data_folder(options.home));
  auto store = client::Store::open(folder, client::state_folder());
  if (!store) return store;
  TRY((*store)->hold());
  std::string key_file = options.key_file;
  if (const char* set = std::getenv("SIMS_KEY_FILE"); key_file.empty() && set != nullptr) key_file = set;
  if ((*store)->lock_kind() != client::Store::Lock::key_file) return store;
  if (key_file.empty()) return fail("the store is sealed with a key file: pass --key-file FILE");
  TRY((*store)->unlock_with_file(key_file));
  return store;
}

}  // namespace

int run_app(const AppOptions& options) {
  if (const auto wrong = wrong_field(options); !wrong.empty()) return complain(wrong, exit_usage);
  std::string path = options.config;
  if (path.empty()) {
    auto folder = client::config_folder(options.home);
    if (!folder && !options.demo) return complain(folder.error(), exit_failure);
    if (folder) path = *folder + "/sims-tui.toml";
  }
  auto config = load_config_file(path);
  if (!config) return complain(config.error(), exit_usage);
  if (options.ascii) config->options.ascii = true;
  auto display = Display::open(options.plain);
  if (!display) return complain(display.error(), exit_usage);
  if (options.demo) {
    run_demo(**display, *config);
    return exit_ok;
  }
  auto store = open_store(options);
  if (!store) {
    (*display)->close();
    return complain(store.error(), exit_failure);
  }
  Live(options, *config, path, *client::data_folder(options.home) + "/store.db", **store, **display).run();
  return exit_ok;
}

}  // namespace sims::tui
