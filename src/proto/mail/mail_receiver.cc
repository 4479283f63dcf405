// Opening letters: the checks in their order, the keys of one letter staged and then committed, and the
// stored form of a session.
#include "proto/mail/mail_receiver.h"

#include "proto/channel/key_schedule.h"
#include "proto/labels.h"
#include "proto/limits.h"
#include "proto/mail/mail_schedule.h"
#include "proto/mail/receipt.h"
#include "proto/session/message_keys.h"
#include "proto/wire/encode.h"

namespace sims::proto {

namespace {

crypto::Digest opening_of(const ClientMail& letter, ByteView header) {
  return crypto::sha256({bytes_of(letter.src.text()), bytes_of(letter.dst.text()), header});
}

Result<OpenedLetter, LetterRefusal> open_with(const MessageKey& key, const ClientMail& letter,
                                              ByteView header) {
  const MessageKeys keys(key);
  if (!keys.verify(letter, header)) return fail(LetterRefusal::verification);
  auto plaintext = keys.open(letter.data);
  if (!plaintext) return fail(LetterRefusal::token);
  return OpenedLetter{std::move(*plaintext), encode(make_receipt(letter, keys.ack_key()))};
}

}  // namespace

bool counts_against_sender(LetterRefusal why) {
  return why == LetterRefusal::signature || why == LetterRefusal::verification || why == LetterRefusal::token;
}

MailOpener opener_of(const ClientMail& letter) {
  return {letter.src, letter.header.nonce};
}

std::optional<LetterRefusal> refuse_unread(const ClientMail& letter, const Prekey* own,
                                           const std::optional<MailOpener>& opened_by) {
  if (own == nullptr || own->number != letter.header.number) return LetterRefusal::unknown_prekey;
  if (own->use == PrekeyUse::once && opened_by && *opened_by != opener_of(letter))
    return LetterRefusal::used_prekey;
  if (letter.id >= letters_per_session) return LetterRefusal::past_session;
  return std::nullopt;
}

Result<MailSession::First, LetterRefusal> MailSession::open_first(const ClientMail& letter,
                                                                  const OwnPrekey& own, const Id& owner,
                                                                  crypto::Rng& rng) {
  const Prekey& prekey = own.record;
  const crypto::Suite* suite = crypto::find_suite(prekey.suite);
  if (suite == nullptr || letter.header.number != prekey.number) return fail(LetterRefusal::unknown_prekey);
  if (letter.id >= letters_per_session) return fail(LetterRefusal::past_session);
  const auto tm = mail_transcript(letter.src, owner, prekey, letter.header.nonce);
  if (letter.dst != owner ||
      !verify_key(labels::sender, letter.src, tm, letter.header.key, letter.header.signature))
    return fail(LetterRefusal::signature);
  const auto z = suite->agree_stored(prekey.key, own.secret.bytes(), letter.header.key, rng);
  if (!z) return fail(LetterRefusal::verification);  // not a point, so no chain can verify it

  const Bytes header = header_bytes(letter.header);
  MailSession session(opening_of(letter, header), mail_chain(*suite, z->view(), tm, letter.header.key));
  auto opened = session.open(letter);
  TRY(opened);
  return First{std::move(*opened), std::move(session)};
}

Result<OpenedLetter, LetterRefusal> MailSession::open(const ClientMail& letter) {
  if (letter.id >= letters_per_session) return fail(LetterRefusal::past_session);
  const Bytes header = header_bytes(letter.header);
  if (!crypto::equal(opening_of(letter, header), opening_)) return fail(LetterRefusal::signature);

  if (letter.id < chain_.n) {
    const auto at = skipped_.find(letter.id);
    if (at == skipped_.end()) return fail(LetterRefusal::again);
    auto opened = open_with(at->second, letter, header);
    if (opened) skipped_.erase(at);
    return opened;
  }
  Chain next = chain_.clone();
  std::map<std::uint64_t, MessageKey> passed;
  while (next.n < letter.id) {
    const auto n = next.n;
    passed.emplace(n, next.step());
  }
  auto opened = open_with(next.step(), letter, header);
  if (!opened) return opened;
  if (next.n == letters_per_session) next.key = ChainKey();  // it has no more keys to give
  chain_ = std::move(next);
  skipped_.merge(passed);
  return opened;
}

bool MailSession::finished() const {
  return chain_.n == letters_per_session && skipped_.empty();
}

// --- storage -------------------------------------------------------------------------------------
//
// version(1) || opening(32) || next M(1) || chain key(32), then for each skipped key, ascending: M(1) ||
// key(32)

namespace {

constexpr std::uint8_t stored_version = 1;
constexpr std::size_t stored_head = 1 + 32 + 1 + 32;
constexpr std::size_t stored_skipped = 1 + 32;

}  // namespace

SecretBytes MailSession::to_bytes() const {
  SecretBytes out(stored_head + skipped_.size() * stored_skipped);
  auto at = out.writable().begin();
  const auto put = [&at](ByteView bytes) { at = std::copy(bytes.begin(), bytes.end(), at); };
  *at++ = stored_version;
  put(opening_);
  *at++ = static_cast<std::uint8_t>(chain_.n);
  put(chain_.key.view());
  for (const auto& [n, key] : skipped_) {
    *at++ = static_cast<std::uint8_t>(n);
    put(key.view());
  }
  return out;
}

std::optional<MailSession> MailSession::from_bytes(ByteView stored) {
  if (stored.size() < stored_head || (stored.size() - stored_head) % stored_skipped != 0) return std::nullopt;
  if (stored[0] != stored_version) return std::nullopt;
  crypto::Digest opening;
  std::copy_n(stored.begin() + 1, opening.size(), opening.begin());
  const std::uint64_t next = stored[33];
  if (next > letters_per_session) return std::nullopt;
  MailSession out(opening, {ChainKey(stored.subspan(34, 32)), next});
  for (ByteView rest = stored.subspan(stored_head); !rest.empty(); rest = rest.subspan(stored_skipped)) {
    const std::uint64_t n = rest[0];
    if (n >= next || (!out.skipped_.empty() && n <= out.skipped_.rbegin()->first)) return std::nullopt;
    out.skipped_.emplace(n, MessageKey(rest.subspan(1, 32)));
  }
  return out;
}

}  // namespace sims::proto
