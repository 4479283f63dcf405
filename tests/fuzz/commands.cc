// Fuzz target `commands`: any line of input, typed and as raw bytes, through command parsing and completion.
#include "tui/ui/commands.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "tui/edit/editor.h"
#include "tui/ui/completion.h"

namespace sims::fuzz {
namespace {

using namespace tui;

void check_parsed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(" \n\t");
  const bool slash = begin != line.npos && line[begin] == '/';
  const Parsed parsed = parse_line(line);
  HOLDS(std::holds_alternative<Nothing>(parsed) == (begin == line.npos));
  if (const auto* text = std::get_if<Text>(&parsed)) {
    // A line that looks like a command is never sent as a text.
    HOLDS(slash ? line.starts_with("//") && text->body == line.substr(1) : text->body == line);
  } else if (const auto* call = std::get_if<Invocation>(&parsed)) {
    HOLDS(line.starts_with(call->command->name));
    const auto count = static_cast<int>(call->words.size());
    HOLDS(count >= call->command->needs && count <= call->command->takes);
    for (const auto& word : call->words)
      HOLDS(!word.empty() && line.find(word) != line.npos);
  } else if (const auto* refused = std::get_if<Refused>(&parsed)) {
    HOLDS(line.front() == '/' && !refused->why.empty());
  } else if (const auto* doubtful = std::get_if<AmbiguousSlash>(&parsed)) {
    HOLDS(slash && line.front() != '/' && doubtful->command.front() == '/');
  }
}

void check_completed(const std::string& line, std::size_t cursor, const Completables& with) {
  const Completion found = complete(line, cursor, with);
  HOLDS(found.from <= found.to && found.to <= line.size());
  for (const auto& candidate : found.candidates) {
    HOLDS(!candidate.empty());
    Editor editor;
    editor.set(line);
    if (editor.text() != line) continue;  // this line cannot be typed
    editor.replace(found.from, found.to, candidate);
    HOLDS(utf8_valid(editor.text()) && editor.cursor() <= editor.text().size());
  }
}

void check_nearest(const std::string& word) {
  std::vector<std::string_view> names;
  for (const Command& command : all_commands())
    names.push_back(command.name);
  const auto near = nearest(word, names);
  HOLDS(near.empty() || std::find(names.begin(), names.end(), near) != names.end());
  HOLDS(!no_such_command(word).empty());
}

void run(ByteView input) {
  Source source(input);
  Completables with;
  with.peers = {"alice", "bob", source.text()};
  with.requests = {"carol"};
  with.windows = source.pick(20);
  with.files = [file = source.text()](const std::string& beginning) {
    return std::vector<std::string>{beginning + file, beginning};
  };
  const std::size_t cursor = source.byte();
  const std::string raw = source.rest();
  for (const std::string& line : {raw, safe_text(raw, Lines::keep)}) {
    check_parsed(line);
    check_completed(line, std::min(cursor, line.size()), with);
    check_completed(line, line.size(), with);
    check_nearest(line.substr(0, line.find(' ')));
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  const auto add = [&](const std::string& line) {
    out.push_back(sized("dave") + '\x03' + sized("notes.txt") + '\x05' + line);
  };
  for (const Command& command : all_commands()) {
    add(std::string(command.name));
    add(std::string(command.name) + " bob  and more ");
  }
  for (const char* line : {"hello", "//me", " /quit", "/", "/ x", "/qurey bob", "/set theme li",
                           "/bind ctrl-x se", "/history export bob no", "", "   ", "say :smi", "bo"})
    add(line);
  return out;
}

const Register registered({"commands", run, seeds, 6'000});

}  // namespace
}  // namespace sims::fuzz
