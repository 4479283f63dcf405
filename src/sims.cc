// sims, the client without a screen. See sims(1); the code is in src/cli and src/client.
#include <clocale>

#include "base/locked_memory.h"
#include "cli/output.h"
#include "cli/run.h"
#include "os/process.h"
#include "os/program.h"

int main(int argc, char** argv) {
  static_cast<void>(std::setlocale(LC_CTYPE, ""));
  sims::harden_process();
  auto parsed = sims::client::cli::parse_arguments(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  if (const auto enough = sims::check_descriptors(24); !enough) {
    sims::client::cli::tell(enough.error());
    return 1;
  }
  static_cast<void>(sims::lock_memory());  // sims-tui's /doctor shows how much was locked
  return sims::client::cli::run(std::move(std::get<sims::client::cli::Options>(parsed)));
}
