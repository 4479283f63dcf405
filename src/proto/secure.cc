#include "proto/secure.h"

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
constexpr std::size_t max_around =
    before_epoch.size() + before_seq.size() + before_payload.size() + after_payload.size() + 2 * max_digits;

// One direction's keys and count. The keys of message `count` are ready; those of the epochs before are gone.
class Direction {
 public:
  explicit Direction(Secret<32> chain) : Direction(chain, keys_of(chain)) {}

  std::uint64_t count() const { return count_; }
  std::uint64_t epoch() const { return count_ / messages_per_epoch; }
  crypto::Fernet& fernet() { return fernet_; }
  // AES over the message's number: never repeats under one key, and nobody without the key can foretell it.
  ByteArray<16> iv() const {
    ByteArray<16> block{};
    store_u64be(block.data() + 8, count_);
    return iv_.encrypt(block);
  }
  // Message `count` is sealed or opened. At an epoch's end its keys give way to the next one's.
  void advance() {
    if (++count_ % messages_per_epoch != 0) return;
    const auto keys = keys_of(next_chain_);
    fernet_ = crypto::Fernet(keys.part(0, 32));
    iv_ = crypto::Aes128Block(keys.part(32, 16));
    next_chain_ = crypto::hkdf_expand<32>(next_chain_.view(), labels::next);
  }

 private:
  using Keys = Secret<48>;  // signing(16) || encryption(16) || IV(16)

  Direction(const Secret<32>& chain, const Keys& keys)
      : fernet_(keys.part(0, 32)),
        iv_(keys.part(32, 16)),
        next_chain_(crypto::hkdf_expand<32>(chain.view(), labels::next)) {}
  static Keys keys_of(const Secret<32>& chain) {
    return crypto::hkdf_expand<48>(chain.view(), labels::token);
  }

  crypto::Fernet fernet_;
  crypto::Aes128Block iv_;
  Secret<32> next_chain_;  // of the epoch after this one: this one's chain is already wiped
  std::uint64_t count_ = 0;
};

char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
char* put(char* at, std::uint64_t number) {
  return std::to_chars(at, at + max_digits, number).ptr;
}

}  // namespace

Secret<32> secure_chain(const Secret<32>& master, bool client_to_server) {
  return crypto::hkdf_expand<32>(master.view(),
                                 client_to_server ? labels::client_to_server : labels::server_to_client);
}

struct SecureSender::State {
  Direction direction;
};

SecureSender::SecureSender(Secret<32> chain)
    : state_(std::make_unique<State>(State{Direction(std::move(chain))})) {}
SecureSender::SecureSender(SecureSender&&) noexcept = default;
SecureSender& SecureSender::operator=(SecureSender&&) noexcept = default;
SecureSender::~SecureSender() = default;

void SecureSender::seal(std::string_view plaintext, std::uint64_t unix_s, std::string& out) {
  assert(frame_size_max(plaintext.size()) <= max_frame);
  Direction& direction = state_->direction;
  char head[max_around];
  char* end = put(head, before_epoch);
  end = put(end, direction.epoch());
  end = put(end, before_seq);
  end = put(end, direction.count());
  end = put(end, before_payload);
  const auto head_size = static_cast<std::size_t>(end - head);
  const std::size_t token_size = crypto::Fernet::token_size(plaintext.size());

  const std::size_t old = out.size();
  out.resize(old + head_size + token_size + after_payload.size());
  char* at = put(out.data() + old, {head, head_size});
  direction.fernet().seal(bytes_of(plaintext), unix_s, direction.iv(), at);
  put(at + token_size, after_payload);
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
};

SecureReceiver::SecureReceiver(Secret<32> chain)
    : state_(std::make_unique<State>(State{Direction(std::move(chain))})) {}
SecureReceiver::SecureReceiver(SecureReceiver&&) noexcept = default;
SecureReceiver& SecureReceiver::operator=(SecureReceiver&&) noexcept = default;
SecureReceiver::~SecureReceiver() = default;

Checked<void> SecureReceiver::open(const SecureFrame& frame, std::string& out) {
  Direction& direction = state_->direction;
  out.clear();
  if (frame.seq != direction.count() || frame.epoch != direction.epoch())
    return fault(ErrorCode::bad_sequence, "epoch or seq");
  const ByteArray<16> iv = direction.iv();
  out.resize(crypto::Fernet::plaintext_max(frame.payload.size()));
  const auto size = direction.fernet().open(frame.payload, &iv, reinterpret_cast<std::uint8_t*>(out.data()));
  if (!size) {
    out.clear();
    if (size.error() == crypto::FernetError::bad_iv) return fault(ErrorCode::bad_sequence, "IV");
    return fault(ErrorCode::bad_message, "token");
  }
  out.resize(*size);
  direction.advance();
  return {};
}

std::uint64_t SecureReceiver::count() const {
  return state_->direction.count();
}

}  // namespace sims::proto
