// Restores the terminal when the program crashes: a handler for the signals that kill a program. One terminal
// at a time.
#pragma once

#include <termios.h>

#include <string>

namespace sims::tui {

// From now on a crash first writes `bytes` (at most 256) to standard output and sets the terminal mode
// `mode`. Then the signal takes its default action.
void arm_crash(const termios& mode, const std::string& bytes);
void disarm_crash();

}  // namespace sims::tui
