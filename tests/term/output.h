// A strict parser for the bytes that a program writes to its terminal. It accepts printable text, and the
// sequences that our screen and the terminfo entries of the tested terminals may use. It records everything
// else as a violation, so every test in this folder also tests attack 39. It follows the modes and titles
// that the sequences set.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sims::test {

class Output {
 public:
  void feed(std::string_view bytes);

  // The violations, a line each, with their offset in the stream; empty: none.
  const std::string& violations() const { return violations_; }

  bool mode(int number) const { return modes_.contains(number); }  // "CSI ? number h" came last
  const std::string& title() const { return title_; }
  // All titles that were set, in order; title() changes when the program restores the old one.
  const std::vector<std::string>& titles() const { return titles_; }
  int title_depth() const { return title_depth_; }  // saved and not restored yet
  // Bodies of OSC 9, 99 and 777.
  const std::vector<std::string>& notifications() const { return notifications_; }
  int bells() const { return bells_; }
  std::size_t offset() const { return offset_; }  // bytes so far

 private:
  enum class State { ground, escape, charset, csi, osc, osc_escape, dcs, dcs_escape };
  void byte(unsigned char c);
  void ground(unsigned char c);
  void character(char32_t c);
  void escape(unsigned char c);
  void csi(unsigned char c);
  void end_csi();
  void mode_sequence(char final);
  void end_osc(const std::string& body);
  void end_dcs();
  void wrong(const std::string& what);

  State state_ = State::ground;
  std::string sequence_;  // bytes of the CSI, OSC, DCS or character so far
  std::size_t utf8_need_ = 0;
  int marks_ = 0;  // zero-width characters in a row
  std::set<int> modes_;
  std::string title_;
  std::vector<std::string> titles_, notifications_;
  std::string violations_;
  int wrong_ = 0;
  int title_depth_ = 0;
  int bells_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace sims::test
