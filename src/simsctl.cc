// simsctl(8): monitors and controls a running simsd. The code is in src/ctl.
#include "ctl/client.h"
#include "ctl/options.h"
#include "os/process.h"

int main(int argc, char** argv) {
  sims::harden_process();
  const auto parsed = sims::server::parse_ctl_arguments(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  return sims::server::run_ctl(std::get<sims::server::CtlOptions>(parsed));
}
