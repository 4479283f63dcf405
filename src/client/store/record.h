// The fields of one row as bytes, in an order that writer and reader know: numbers of 8 bytes,
// texts after their length. The writer wipes its bytes when it dies; neither wipes the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace sims::client {

class RecordWriter {
 public:
  RecordWriter() = default;
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  ~RecordWriter() { wipe(bytes_); }

  // Reserves before the fields are added, so that growing leaves no copy in memory.
  void reserve(std::size_t size) { bytes_.reserve(size); }
  RecordWriter& number(std::uint64_t value) { return rest(text_of(u64be(value))); }
  RecordWriter& text(std::string_view value) {
    return rest(text_of(u32be(static_cast<std::uint32_t>(value.size())))).rest(value);
  }
  RecordWriter& rest(std::string_view value) {  // up to the end: must be the last field
    bytes_ += value;
    return *this;
  }
  std::string_view view() const { return bytes_; }

 private:
  std::string bytes_;
};

// A missing field reads as 0 or empty and makes ok() false. So do bytes left over.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : left_(bytes) {}
  explicit RecordReader(std::string&& bytes) = delete;  // the bytes must outlive the reader

  std::uint64_t number() {
    const auto bytes = take(8);
    return bytes.size() == 8 ? load_u64be(bytes_of(bytes).data()) : 0;
  }
  std::string_view text() {
    std::uint64_t size = 0;
    for (char c : take(4))
      size = size << 8 | static_cast<std::uint8_t>(c);
    return take(size);
  }
  std::string_view rest() { return take(left_.size()); }
  bool more() const { return !missed_ && !left_.empty(); }
  bool ok() const { return !missed_ && left_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (missed_ || size > left_.size()) {
      missed_ = true;
      return {};
    }
    const auto out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }
  std::string_view left_;
  bool missed_ = false;
};

}  // namespace sims::client
