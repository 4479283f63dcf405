// SECURE's sender and receiver: the keys of each epoch, and the text around the payload.
#include "proto/channel/secure.h"

#include <cassert>
#include <charconv>

#include "crypto/aes.h"
#include "crypto/fernet.h"
#include "crypto/kdf.h"
#include "proto/labels.h"
#include "proto/limits.h"

namespace sims::proto {

namespace {

constexpr std::string_view before_epoch = R"({"type":"secure","sa-data":{"epoch":)";
constexpr std::string_view before_seq = R"(,"seq":)";
constexpr std::string_view before_payload = R"(},"payload":")";
constexpr std::string_view after_payload = "\"}\n";
constexpr std::size_t max_digits = 20;  // of a u64
constexpr std::size_t max_head =
    before_epoch.size() + before_seq.size() + before_payload.size() + 2 * max_digits;
constexpr std::size_t max_around = max_head + after_payload.size();

// One direction's keys and count. Holds the keys of message `count`; those of earlier epochs are wiped.
class Direction {
 public:
  explicit Direction(SecureChainKey chain) : Direction(chain, keys_of(chain)) {}

  std::uint64_t count() const { return count_; }
  std::uint64_t epoch() const { return count_ / messages_per_epoch; }
  const crypto::Fernet& fernet() const { return fernet_; }
  // AES over the message number: it never repeats under one key and is unpredictable without the key.
  ByteArray<16> iv() const {
    ByteArray<16> block{};
    store_u64be(block.data() + 8, count_);
    return iv_.encrypt_block(block);
  }
  // Called when message `count` is sealed or opened. At the end of an epoch the next epoch's keys replace
  // its.
  void advance() {
    if (++count_ % messages_per_epoch != 0) return;
    const auto keys = keys_of(next_chain_);
    fernet_ = crypto::Fernet(keys.part(0, 32));
    iv_ = crypto::Aes128Key(keys.part(32, 16));
    next_chain_ = derive<SecureChainKey>(next_chain_, labels::next);
  }

 private:
  using Keys = Secret<48>;  // signing(16) || encryption(16) || IV(16)

  Direction(const SecureChainKey& chain, const Keys& keys)
      : fernet_(keys.part(0, 32)),
        iv_(keys.part(32, 16)),
        next_chain_(derive<SecureChainKey>(chain, labels::next)) {}
  static Keys keys_of(const SecureChainKey& chain) {
    return crypto::hkdf_expand<48>(chain.view(), labels::token);
  }

  crypto::Fernet fernet_;
  crypto::Aes128Key iv_;
  SecureChainKey next_chain_;  // of the epoch after this one: this one's chain is already wiped
  std::uint64_t count_ = 0;
};

// The beginning of a frame, up to its payload.
class Head {
 public:
  explicit Head(const Direction& direction) {
    put(before_epoch);
    put(direction.epoch());
    put(before_seq);
    put(direction.count());
    put(before_payload);
  }
  std::string_view text() const { return {text_, static_cast<std::size_t>(end_ - text_)}; }

 private:
  void put(std::string_view text) {
    std::memcpy(end_, text.data(), text.size());
    end_ += text.size();
  }
  void put(std::uint64_t number) { end_ = std::to_chars(end_, end_ + max_digits, number).ptr; }
  char text_[max_head];
  char* end_ = text_;
};

}  // namespace

SecureChainKey secure_chain(const MasterSecret& master, bool client_to_server) {
  return derive<SecureChainKey>(master,
                                client_to_server ? labels::client_to_server : labels::server_to_client);
}

struct SecureSender::State {
  Direction direction;
};

SecureSender::SecureSender(SecureChainKey chain)
    : state_(std::make_unique<State>(State{Direction(std::move(chain))})) {}
SecureSender::SecureSender(SecureSender&&) noexcept = default;
SecureSender& SecureSender::operator=(SecureSender&&) noexcept = default;
SecureSender::~SecureSender() = default;

void SecureSender::seal(std::string_view plaintext, std::uint64_t unix_s, std::string& out) {
  assert(frame_size_max(plaintext.size()) <= max_frame);
  Direction& direction = state_->direction;
  const Head head(direction);
  const std::size_t token_size = crypto::Fernet::token_size(plaintext.size());
  const std::size_t old = out.size();
  out.resize(old + head.text().size() + token_size + after_payload.size());
  char* at = out.data() + old;
  std::memcpy(at, head.text().data(), head.text().size());
  at += head.text().size();
  direction.fernet().seal(bytes_of(plaintext), unix_s, direction.iv(), at);
  std::memcpy(at + token_size, after_payload.data(), after_payload.size());
  direction.advance();
}

std::uint64_t SecureSender::count() const {
  return state_->direction.count();
}

std::size_t SecureSender::frame_size_max(std::size_t plaintext_size) {
  return max_around - 1 + crypto::Fernet::token_size(plaintext_size);  // 1: the LF
}

struct SecureReceiver::State {
  Direction direction;

  // The token of the next message. Its plaintext buffer only grows: clearing it for each message is
  // costly.
  Result<void, crypto::FernetError> open(std::string_view token, std::string& out) {
    const std::size_t max_size = crypto::Fernet::plaintext_max(token.size());
    const ByteArray<16> iv = direction.iv();
    if (out.size() < max_size) out.resize(max_size);
    const auto size = direction.fernet().open(token, &iv, reinterpret_cast<std::uint8_t*>(out.data()));
    out.resize(size.value_or(0));
    TRY(size);
    direction.advance();
    return {};
  }
};

SecureReceiver::SecureReceiver(SecureChainKey chain)
    : state_(std::make_unique<State>(State{Direction(std::move(chain))})) {}
SecureReceiver::SecureReceiver(SecureReceiver&&) noexcept = default;
SecureReceiver& SecureReceiver::operator=(SecureReceiver&&) noexcept = default;
SecureReceiver::~SecureReceiver() = default;

bool SecureReceiver::open_canonical(std::string_view frame, std::string& out) {
  const Head head(state_->direction);
  constexpr auto tail = after_payload.substr(0, after_payload.size() - 1);  // the LF was cut off
  if (frame.size() < head.text().size() + tail.size() || !frame.starts_with(head.text()) ||
      !frame.ends_with(tail))
    return false;
  frame.remove_prefix(head.text().size());
  frame.remove_suffix(tail.size());
  return state_->open(frame, out).has_value();
}

Checked<void> SecureReceiver::open(const SecureFrame& frame, std::string& out) {
  Direction& direction = state_->direction;
  if (frame.seq != direction.count() || frame.epoch != direction.epoch())
    return fault(ErrorCode::bad_sequence, "epoch or seq");
  const auto opened = state_->open(frame.payload, out);
  if (opened) return {};
  if (opened.error() == crypto::FernetError::bad_iv) return fault(ErrorCode::bad_sequence, "IV");
  return fault(ErrorCode::bad_message, "token");
}

std::uint64_t SecureReceiver::count() const {
  return state_->direction.count();
}

}  // namespace sims::proto
