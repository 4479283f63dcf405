// The fast path for the two messages that a relay forwards for each text. It matches the exact form that our
// clients write, at a tenth of the cost of parsing JSON.
#include "proto/limits.h"
#include "proto/wire/decode.h"

namespace sims::proto {

namespace {

// Takes pieces off the front of a text, one by one. After a piece that is missing, all others fail.
class Pieces {
 public:
  // The text must be json_plain(): a string then ends at the next quote.
  explicit Pieces(std::string_view text) : rest_(text) {}

  Pieces& literal(std::string_view piece) {
    if (ok_ && rest_.starts_with(piece))
      rest_.remove_prefix(piece.size());
    else
      ok_ = false;
    return *this;
  }
  // A string's content and its closing quote.
  Pieces& string(std::string_view& out) {
    const std::size_t end = rest_.find('"');
    if (end == rest_.npos) ok_ = false;
    if (!ok_) return *this;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return *this;
  }
  Pieces& string() {
    std::string_view any;
    return string(any);
  }
  // An integer from 0 to 2^53-1 as JSON writes it.
  Pieces& number() {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<std::uint64_t>(rest_[digits] - '0');
      if (value > max_json_integer) return fail();
    }
    if (digits == 0 || (digits > 1 && rest_[0] == '0')) return fail();
    rest_.remove_prefix(digits);
    return *this;
  }
  bool next_is(std::string_view piece) const { return rest_.starts_with(piece); }
  bool all() const { return ok_ && rest_.empty(); }

 private:
  Pieces& fail() {
    ok_ = false;
    return *this;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<Forwarded> fast_path_forwarded(std::string_view text) {
  constexpr std::string_view com = R"({"type":"client-com","src":")", ack = R"({"type":"ack","src":")";
  if (!json_plain(text)) return std::nullopt;
  Pieces pieces(text);
  Forwarded out{{pieces.next_is(com) ? MessageType::client_com : MessageType::peer_ack, {}, {}}};
  pieces.literal(out.type == MessageType::client_com ? com : ack).string(out.src);
  pieces.literal(R"(,"dst":")").string(out.dst).literal(R"(,"id":)").number();
  if (out.type == MessageType::client_com) {
    constexpr std::string_view key = R"(,"ratchet":{"key":")", epoch = R"(,"ratchet":{"epoch":)";
    pieces.next_is(key) ? pieces.literal(key).string() : pieces.literal(epoch).number();
    pieces.literal(R"(,"pn":)").number().literal(R"(,"n":)").number();
    pieces.literal(R"(},"verification":")").string().literal(R"(,"data":")").string();
  } else {
    pieces.literal(R"(,"data":")").string().literal(R"(,"verification":")").string();
  }
  if (!pieces.literal("}").all()) return std::nullopt;
  return out;
}

}  // namespace sims::proto
