// Reads seeds from the environment, and prints the command that replays a failed test.
#include "sim/seeds.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

namespace sims::test {

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* given = std::getenv(variable);
  if (given == nullptr || *given == '\0') return std::nullopt;
  return std::strtoull(given, nullptr, 10);
}

// The same for the whole run.
std::optional<std::uint64_t> fresh_seed() {
  static const std::optional<std::uint64_t> fresh = []() -> std::optional<std::uint64_t> {
    if (number_in("SIMS_FRESH_SEED").value_or(0) == 0) return std::nullopt;
    const std::uint64_t seed = std::random_device()();
    std::printf("fresh seed: %llu\n", static_cast<unsigned long long>(seed));
    return seed;
  }();
  return fresh;
}

std::uint64_t current = 0;

}  // namespace

std::vector<std::uint64_t> seeds(std::uint64_t first, std::uint64_t last) {
  if (const auto given = number_in("SIMS_SEED")) return {*given};
  std::vector<std::uint64_t> out;
  for (auto seed = first; seed <= last; ++seed)
    out.push_back(seed);
  if (const auto fresh = fresh_seed()) out.push_back(*fresh);
  return out;
}

std::uint64_t seed_or(std::uint64_t usual) {
  return number_in("SIMS_SEED").value_or(usual);
}

std::uint64_t size_in(const char* variable, std::uint64_t usual) {
  return number_in(variable).value_or(usual);
}

void playing(std::uint64_t seed) {
  current = seed;
}

namespace {

// A name as doctest's filter takes it inside a shell's quotes.
std::string pattern_of(std::string name) {
  for (char& c : name)
    if (std::string_view(",\"'`$\\").find(c) != std::string_view::npos) c = '?';
  return name;
}

struct Replay final : doctest::IReporter {
  explicit Replay(const doctest::ContextOptions&) {}
  void test_case_start(const doctest::TestCaseData& of) override {
    name_ = of.m_name;
    current = seed_or(0);
  }
  void log_assert(const doctest::AssertData& of) override {
    if (of.m_failed) failed();
  }
  void log_message(const doctest::MessageData& of) override {
    if (of.m_severity != doctest::assertType::is_warn) failed();
  }
  void test_case_exception(const doctest::TestCaseException&) override { failed(); }
  void test_run_end(const doctest::TestRunStats&) override {
    if (line_.empty()) return;
    std::printf("%s\n", line_.c_str());
    std::fflush(stdout);
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  void failed() {
    if (!line_.empty()) return;
    line_ = "replay: ";
    for (const std::string size : {"SIMS_STRESS_MESSAGES", "SIMS_STRESS_PEOPLE"})
      if (const auto given = number_in(size.c_str())) line_ += size + "=" + std::to_string(*given) + " ";
    line_ += "make test-sim SEED=" + std::to_string(current) + " ONLY=\"" + pattern_of(name_) + "\"";
  }
  std::string name_, line_;
};

DOCTEST_REGISTER_LISTENER("replay", 1, Replay);

}  // namespace

}  // namespace sims::test
