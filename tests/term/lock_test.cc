// After /lock the program's memory holds no typed and no shown text.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/process_memory.h"
#include "support/vectors.h"
#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

// The number of copies in the process's writable memory, as bytes or as wchar_t; -1: cannot read that.
int copies(pid_t pid, const std::string& text) {
  const int memory = ::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return -1;
  std::string wide;
  for (const char c : text)
    wide.append({c, '\0', '\0', '\0'});
  int found = 0;
  for (const auto& [from, to] : writable_maps(pid)) {
    std::string bytes(to - from, '\0');
    const ssize_t size = ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(from));
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    for (const std::string& one : {text, wide})
      for (auto at = bytes.find(one); at != bytes.npos; at = bytes.find(one, at + 1))
        ++found;
  }
  ::close(memory);
  return found;
}

}  // namespace

TEST_CASE("lock: no typed text is left in memory") {
  if (heap_is_watched) return skip("a sanitizer keeps freed memory");
  World world;
  auto program = world.alone();
  program->type("/passphrase\r");
  program->see("Once more");
  for (int i = 0; i < 2; ++i)
    program->type("correct horse battery\r");
  program->see("has a new passphrase");
  program->type("/away with MARKED words as a reason\r");
  program->see("with MARKED words");
  program->type("/away\r");
  program->see_not("with MARKED words");
  program->type("a line with MARKED words in it\r");
  program->type("a draft with MARKED words in it");
  program->see("a draft with MARKED words in it");
  if (copies(program->pid(), "MARKED words") < 0) return skip("the memory of another process cannot be read");
  CHECK(copies(program->pid(), "MARKED words") > 0);
  program->type("\x15/lock\r");
  program->see("Locked");
  CHECK(copies(program->pid(), "MARKED words") == 0);
  CHECK(copies(program->pid(), "horse battery") == 0);
}
