// LetterLoad: letters, their acks, and the owners who collect them.
#include "letter_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "base/base64.h"
#include "crypto/fernet.h"
#include "login_load.h"
#include "proto/wire/content.h"
#include "proto/wire/encode.h"

namespace sims::bench {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t limit = 60 * second;  // for logins, and for the letters of one owner
constexpr std::size_t logins_at_once = 32;
constexpr std::size_t key_size = 120;  // of an ECDHE key of phase 5

double thread_cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

template <std::size_t N>
ByteArray<N> random_array() {
  ByteArray<N> out;
  crypto::system_rng().fill(out);
  return out;
}

// A client-mail. All fields that differ between the letters of one sender have a fixed width, so that making
// and checking a letter is a copy and a comparison.
class Letter {
 public:
  Letter(const proto::Id& src, std::size_t text_size) {
    proto::TextContent text;
    text.uid = std::string(22, 'u');
    text.body = std::string(text_size, 'x');
    text.sent = 1'767'225'600'000;
    const auto content = proto::encode_content(text);
    if (!content) die(content.error().detail);
    proto::ClientMail letter;
    letter.src = letter.dst = src;
    letter.id = first_m;
    letter.header = {random_array<16>(), random_array<32>(), Bytes(key_size), random_array<64>()};
    crypto::system_rng().fill(letter.header.key);
    letter.verification = random_array<32>();
    // Characters of the alphabet, as many as the token has: what could be compressed could be less to write.
    const auto size = crypto::Fernet::token_size(content->size());
    Bytes random(size);
    crypto::system_rng().fill(random);
    letter.data = base64_encode(random, Base64::url_unpadded).substr(0, size);
    text_ = encode(letter);
    dst_at_ = after("\"dst\":\"");
    m_at_ = after("\"id\":");
    nonce_at_ = after("\"nonce\":\"");
    data_at_ = after("\"data\":\"");
  }
  // The `n`th letter of this sender to this owner.
  std::string_view to(const proto::Id& owner, std::uint64_t n, std::size_t session) {
    put(dst_at_, owner.text());
    put(m_at_, fmt::format_int(first_m + n % session).str());
    put(nonce_at_, fmt::format_int(first + n / session).str());
    put(data_at_, fmt::format_int(first + n).str());
    return text_;
  }
  std::size_t size() const { return text_.size(); }

 private:
  // M of a real letter begins at 0; here it always has two digits.
  static constexpr std::uint64_t first_m = 10, first = 1'000'000'000;
  std::size_t after(std::string_view name) const { return text_.find(name) + name.size(); }
  void put(std::size_t at, std::string_view field) {
    std::memcpy(text_.data() + at, field.data(), field.size());
  }
  std::string text_;
  std::size_t dst_at_ = 0, m_at_ = 0, nonce_at_ = 0, data_at_ = 0;
};

}  // namespace

struct LetterLoad::Sender {
  crypto::SigningKey key;
  std::unique_ptr<Client> client;
  Letter letter;
  std::size_t first_owner = 0;
  std::uint64_t sent = 0;
  std::deque<std::pair<std::uint64_t, std::int64_t>> waiting;  // of letters: its seq, and when it was due
};

struct LetterLoad::Owner {
  crypto::SigningKey key;
  std::string name;
  std::unique_ptr<Client> client;
  std::vector<std::uint64_t> from;  // letters, by sender
  std::uint64_t letters = 0, came = 0;
};

LetterLoad::LetterLoad(Loop& loop, const sockaddr_in& to, const crypto::Suite& suite,
                       crypto::EphemeralSource& ephemerals, const LetterOptions& options)
    : loop_(loop), to_(to), suite_(suite), ephemerals_(ephemerals), options_(options) {
  handlers_.connected = [this](Client& c) { connected(c); };
  handlers_.message = [this](Client& c, std::string_view plaintext) { given(c, plaintext); };
  handlers_.ended = [this](Client&) { ++logged_out_; };
  handlers_.acked = [this](Client& c, std::uint64_t seq) { acked(c, seq); };
}
LetterLoad::~LetterLoad() = default;

std::size_t LetterLoad::letter_size() const {
  return senders_.empty() ? 0 : senders_[0].letter.size();
}

void LetterLoad::pass_until(const std::function<bool()>& done, const char* what) {
  for (const auto until = now_ns() + limit; !done();) {
    loop_.pass(now_ns() + second / 10);
    if (now_ns() > until) die(fmt::format("{} takes too long", what));
  }
}

void LetterLoad::connected(Client& client) {
  ++logged_in_;
  if (client.name().starts_with("bench-owner") && collecting_ == nullptr) client.finish();
}

void LetterLoad::log_in() {
  for (std::size_t n = 0; n < options_.owners; ++n) {
    owners_.push_back({bench_identity("owner", n), fmt::format("bench-owner-{}", n), nullptr, {}});
    owners_.back().from.resize(options_.senders);
  }
  for (std::size_t n = 0; n < owners_.size(); ++n) {
    auto& owner = owners_[n];
    owner.client = std::make_unique<Client>(loop_, handlers_, owner.key, owner.name, suite_, ephemerals_);
    owner.client->connect(to_);
    pass_until([&] { return n + 1 - logged_out_ < logins_at_once; }, "registering an owner");
  }
  pass_until([&] { return logged_out_ == owners_.size(); }, "registering the owners");
  for (auto& owner : owners_)
    owner.client.reset();
  logged_in_ = 0;
  senders_.reserve(options_.senders);
  for (std::size_t n = 0; n < options_.senders; ++n) {
    auto key = bench_identity("sender", n);
    const auto id = proto::Id::of(key.public_key());
    senders_.push_back({std::move(key),
                        nullptr,
                        Letter(id, options_.text_size),
                        n * options_.owners / options_.senders,
                        0,
                        {}});
    auto& sender = senders_.back();
    sender.client = std::make_unique<Client>(loop_, handlers_, sender.key, fmt::format("bench-sender-{}", n),
                                             suite_, ephemerals_);
    sender.client->connect(to_);
  }
  pass_until([&] { return logged_in_ == senders_.size(); }, "logging in the senders");
}

// --- letters and their acks ----------------------------------------------------------------------

void LetterLoad::start() {
  sending_ = true;
  began_ = now_ns();
  for (auto& sender : senders_)
    top_up(sender);
}

void LetterLoad::send(Sender& sender, std::int64_t due) {
  auto& owner = owners_[(sender.first_owner + sender.sent++) % owners_.size()];
  auto& n = owner.from[static_cast<std::size_t>(&sender - senders_.data())];
  sender.waiting.emplace_back(sender.client->sent(), due);
  sender.client->send(sender.letter.to(proto::Id::of(owner.key.public_key()), n++, options_.session));
  ++owner.letters;
  ++sent_;
}

void LetterLoad::top_up(Sender& sender) {
  while (options_.rate <= 0 && more() && sender.waiting.size() < options_.window)
    send(sender, now_ns());
}

std::int64_t LetterLoad::send_due() {
  if (options_.rate <= 0 || senders_.empty()) return INT64_MAX;
  const auto due = [this](std::uint64_t n) {
    return began_ + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / options_.rate);
  };
  for (; more() && due(sent_) <= now_ns();) {
    auto& sender = senders_[sent_ % senders_.size()];
    if (sender.waiting.size() > 10'000) die("the server does not store letters at that rate");
    send(sender, due(sent_));
  }
  return more() ? due(sent_) : INT64_MAX;
}

void LetterLoad::acked(Client& client, std::uint64_t seq) {
  const auto found = std::find_if(senders_.begin(), senders_.end(),
                                  [&](const Sender& sender) { return sender.client.get() == &client; });
  if (found == senders_.end()) return;  // of an owner
  const auto now = now_ns();
  for (auto& waiting = found->waiting; !waiting.empty() && waiting.front().first <= seq;
       waiting.pop_front()) {
    if (measuring_) times_.add(now - waiting.front().second);
    ++stored_;
  }
  top_up(*found);
}

// --- owners who collect --------------------------------------------------------------------------

void LetterLoad::given(Client& client, std::string_view plaintext) {
  if (collecting_ == nullptr || collecting_->client.get() != &client)
    die("a letter for somebody who gets none");
  auto& owner = *collecting_;
  const auto id = proto::Id::of(owner.key.public_key());
  constexpr std::string_view before = R"({"type":"client-mail","src":")";
  const auto src = plaintext.substr(std::min(before.size(), plaintext.size()));
  const auto from = std::find_if(senders_.begin(), senders_.end(), [&](const Sender& sender) {
    return src.starts_with(sender.client->id().text());
  });
  if (from != senders_.end()) {
    auto& came = owner.from[static_cast<std::size_t>(from - senders_.begin())];
    if (plaintext == from->letter.to(id, came++, options_.session)) return void(++owner.came);
  }
  die(fmt::format("{}: not the next letter of any sender: {}", owner.name, plaintext));
}

void LetterLoad::collect() {
  for (auto& owner : owners_) {
    std::fill(owner.from.begin(), owner.from.end(), 0);  // from now on those that came
    collecting_ = &owner;
    owner.client = std::make_unique<Client>(loop_, handlers_, owner.key, owner.name, suite_, ephemerals_);
    owner.client->ack_at_once();
    const auto out = logged_out_;
    owner.client->connect(to_);
    pass_until([&] { return owner.client->connected(); }, "an owner's login");
    const auto began = now_ns();
    const auto cpu = thread_cpu_ms();
    pass_until([&] { return owner.came == owner.letters; }, "giving an owner its letters");
    const auto took = static_cast<double>(now_ns() - began) / 1e6;
    if (took > collected_ms_) collected_ms_ = took, collect_cpu_ = thread_cpu_ms() - cpu;
    owner.client->finish();
    pass_until([&] { return logged_out_ > out; }, "an owner's goodbye");
    owner.client.reset();
  }
  collecting_ = nullptr;
}

}  // namespace sims::bench
