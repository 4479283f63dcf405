// FrameCutter: finds the end of a line, and keeps the beginning of an incomplete one.
#include "proto/wire/frame.h"

#include <algorithm>
#include <utility>

#include "proto/limits.h"

namespace sims::proto {

// The result for the line in room.frame. nullopt: skip the line.
std::optional<FrameCutter::Cut> FrameCutter::cut_line(const FrameRoom& room) {
  if (room.frame.empty()) return ++empty_ > max_empty_lines ? std::optional(Cut::too_empty) : std::nullopt;
  empty_ = 0;
  return Cut::frame;
}

FrameCutter::Cut FrameCutter::next(ByteView& input, std::size_t limit, FrameRoom& room) {
  for (;;) {
    // The kept bytes hold a whole line only after keep(), whose bound makes it no longer than the limit.
    if (const std::size_t lf = kept_.empty() ? kept_.npos : kept_.find('\n', scanned_); lf != kept_.npos) {
      room.joined.assign(kept_, begin_, lf - begin_);
      room.frame = room.joined;
      begin_ = scanned_ = lf + 1;
      if (begin_ == kept_.size()) clear();
      if (const auto cut = cut_line(room)) return *cut;
      continue;
    }
    scanned_ = kept_.size();
    if (kept() > limit) return Cut::too_long;

    const std::size_t left = limit - kept();  // before the LF
    const std::string_view text = text_of(input);
    const std::size_t lf = text.substr(0, left + 1).find('\n');
    if (lf == text.npos) {
      if (text.size() > left) return Cut::too_long;
      if (begin_ > 0) kept_.erase(0, std::exchange(begin_, 0));
      if (kept_.capacity() < text.size() && kept_.empty()) kept_ = room.spare.take();
      kept_.append(text);
      scanned_ = kept_.size();
      input = {};
      return Cut::need_input;
    }
    if (kept_.empty()) {
      room.frame = text.substr(0, lf);
    } else {
      room.joined.assign(kept_, begin_).append(text, 0, lf);
      room.frame = room.joined;
      room.spare.give(kept_);
      begin_ = scanned_ = 0;
    }
    input = input.subspan(lf + 1);
    if (const auto cut = cut_line(room)) return *cut;
  }
}

bool FrameCutter::keep(ByteView& input, std::size_t limit) {
  const std::size_t room = limit + 1 - std::min(kept(), limit + 1);
  const bool fits = input.size() <= room;
  kept_.append(text_of(input.first(std::min(input.size(), room))));
  input = {};
  return fits;
}

void FrameCutter::clear() {
  if (kept_.capacity() > 0) std::string().swap(kept_);
  begin_ = scanned_ = 0;
}

}  // namespace sims::proto
