// Gives the terminal back when the program crashes: a handler for the signals that end a program without its
// own doing. One terminal at a time.
#pragma once

#include <termios.h>

#include <string>

namespace sims::tui {

// From now on a crash writes `bytes` (at most 256) to standard output and sets `mode` there before it goes on
// as it would have.
void arm_crash(const termios& mode, const std::string& bytes);
void disarm_crash();

}  // namespace sims::tui
