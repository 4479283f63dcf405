// sims: the client without a screen. See sims(1); everything is in src/client.
#include <clocale>

#include "base/process.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  static_cast<void>(std::setlocale(LC_CTYPE, ""));
  sims::harden_process();
  auto parsed = sims::client::cli::parse_arguments(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  return sims::client::cli::run(std::get<sims::client::cli::Options>(parsed));
}
