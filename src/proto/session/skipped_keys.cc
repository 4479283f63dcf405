// The bounded list of skipped keys, and the steps of a chain of message keys.
#include "proto/session/skipped_keys.h"

#include <algorithm>

#include "proto/limits.h"

namespace sims::proto {

ChainName epoch_chain(std::uint64_t epoch) {
  ChainName name{};
  store_u32be(name.data(), static_cast<std::uint32_t>(epoch));
  return name;
}

namespace {

auto is_at(const ChainName& chain, std::uint64_t n) {
  return [&chain, n](const SkippedKey& k) { return k.n == n && k.chain == chain; };
}

}  // namespace

const SkippedKey* SkippedKeys::find(const ChainName& chain, std::uint64_t n) const {
  auto at = std::find_if(keys_.begin(), keys_.end(), is_at(chain, n));
  return at == keys_.end() ? nullptr : &*at;
}

void SkippedKeys::remove(const ChainName& chain, std::uint64_t n) {
  auto at = std::find_if(keys_.begin(), keys_.end(), is_at(chain, n));
  if (at != keys_.end()) keys_.erase(at);
}

void SkippedKeys::add(std::vector<SkippedKey> keys) {
  for (auto& key : keys)
    keys_.push_back(std::move(key));
  while (keys_.size() > max_skipped_keys)
    keys_.pop_front();
}

void SkippedKeys::mix_into(StateHash& hash) const {
  hash.mix(keys_.size());
  for (const auto& k : keys_)
    hash.mix(k.chain).mix(k.n).mix(k.key.view());
}

MessageKey Chain::step() {
  constexpr std::uint8_t message_byte[] = {1}, next_byte[] = {2};  // as Signal's specification recommends
  crypto::HmacKey hmac(key.view());
  MessageKey message_key;
  for (auto [input, out] :
       {std::pair(message_byte, message_key.writable()), std::pair(next_byte, key.writable())}) {
    auto mac = hmac.mac({ByteView(input, 1)});
    std::memcpy(out.data(), mac.data(), mac.size());
    wipe(mac);
  }
  ++n;
  return message_key;
}

void Chain::skip_to(std::uint64_t end, const ChainName& name, std::vector<SkippedKey>& kept) {
  while (n < end) {
    auto at = n;
    kept.push_back({name, at, step()});
  }
}

}  // namespace sims::proto
