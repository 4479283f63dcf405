// Mailboxes for tests, in memory and in SQLite without threads, and somebody who asks them one question after the
// other.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/mailbox/memory_mailbox.h"
#include "server/mailbox/sqlite_mailbox.h"
#include "support/server_folder.h"
#include "support/some_id.h"

namespace sims::test {

constexpr const char* ecdhe = "ECDHE_WITH_AES_128_CBC_SHA256";
constexpr const char* rsa = "RSA_WITH_AES_128_CBC_SHA256";
constexpr std::uint64_t a_time = 1'767'225'600, a_day = 86'400;

struct InMemory {
  explicit InMemory(const server::MailLimits& limits = {}) : box(limits) {}
  void run() {}
  server::MemoryMailbox box;
};

// A mail.db that the test steps by hand.
struct OnDisk {
  explicit OnDisk(const server::MailLimits& with = {}) : limits(with) { open(); }
  explicit OnDisk(const std::string& at, const server::MailLimits& with = {}) : path(at), limits(with) {
    open();
  }
  void open() {
    owned.reset();
    auto opened = server::SqliteMailbox::open(path, limits, [] {});
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
    owned = std::move(*opened);
  }
  void run() { run(*owned); }
  static void run(server::SqliteMailbox& box) {
    for (bool more = true; more;) {
      more = box.change();
      more |= box.read();
      more |= box.copy();
    }
  }
  Folder folder{in_memory()};
  std::string path = folder.path + "/mail.db";
  server::MailLimits limits;
  std::unique_ptr<server::SqliteMailbox> owned;
};

inline server::MemoryMailbox& box_of(InMemory& kind) {
  return kind.box;
}
inline server::SqliteMailbox& box_of(OnDisk& kind) {
  return *kind.owned;
}

inline server::MailPut letter(std::uint32_t owner, std::uint32_t sender, std::string bytes) {
  return {id(owner), id(sender), server::MailKind::letter, std::move(bytes), false};
}
inline server::MailPut receipt(std::uint32_t owner, std::uint32_t sender, std::string bytes) {
  return {id(owner), id(sender), server::MailKind::receipt, std::move(bytes), false};
}
// As the owner was given them, by any number.
inline std::vector<server::GivenItem> given(const std::vector<crypto::Digest>& hashes) {
  std::vector<server::GivenItem> out;
  for (const auto& hash : hashes)
    out.push_back({hash, INT64_MAX});
  return out;
}
inline crypto::Digest hash_of(std::string_view bytes) {
  return crypto::sha256({bytes_of(bytes)});
}

inline proto::Prekey prekey(std::uint32_t number, const char* suite = ecdhe,
                            proto::PrekeyUse use = proto::PrekeyUse::once,
                            std::uint64_t expires = a_time + 80 * a_day) {
  proto::Prekey out;
  std::memcpy(out.number.data(), &number, sizeof number);
  out.suite = suite;
  out.use = use;
  out.expires = expires;
  out.key.assign(120, static_cast<std::uint8_t>(number));
  out.signature.fill(static_cast<std::uint8_t>(number));
  return out;
}
inline std::uint32_t number_of(const proto::Prekey& key) {
  std::uint32_t out = 0;
  std::memcpy(&out, key.number.data(), sizeof out);
  return out;
}
inline std::vector<proto::Prekey> prekeys(std::uint32_t from, std::uint32_t to, const char* suite = ecdhe) {
  std::vector<proto::Prekey> out;
  for (auto n = from; n <= to; ++n)
    out.push_back(prekey(n, suite));
  return out;
}

inline std::vector<server::MailAnswer> all_answers(server::Mailbox& box) {
  std::vector<server::MailAnswer> out;
  for (;;) {
    auto some = box.take_answers();
    if (some.empty()) return out;
    std::move(some.begin(), some.end(), std::back_inserter(out));
  }
}

// Asks, lets the mailbox work, and returns the answer, which must be the only one.
template <class Kind>
class Asker {
 public:
  explicit Asker(Kind& kind) : kind_(kind) {}

  server::PutAnswer put(server::MailPut put, std::uint64_t unix_s = a_time) {
    return ask<server::PutAnswer>([&](auto& box, auto ticket) { box.put(ticket, std::move(put), unix_s); });
  }
  server::PutFate fate(server::MailPut one, std::uint64_t unix_s = a_time) {
    return put(std::move(one), unix_s).fate;
  }
  server::TakeAnswer take(std::uint32_t owner, std::uint64_t after = 0, std::size_t most = 1'000'000,
                          std::size_t most_bytes = 1 << 30) {
    return ask<server::TakeAnswer>(
        [&](auto& box, auto ticket) { box.take(ticket, id(owner), after, most, most_bytes); });
  }
  // The bytes of all that waits, joined.
  std::string all(std::uint32_t owner) {
    std::string out;
    const auto taken = take(owner);
    CHECK_FALSE(taken.failed);
    for (const auto& item : taken.items)
      out += (out.empty() ? "" : " ") + item.bytes;
    return out;
  }
  server::StrikeAnswer strike(std::uint32_t owner, const std::vector<crypto::Digest>& hashes) {
    return strike(owner, given(hashes));
  }
  server::StrikeAnswer strike(std::uint32_t owner, std::vector<server::GivenItem> items) {
    return ask<server::StrikeAnswer>(
        [&](auto& box, auto ticket) { box.strike(ticket, id(owner), std::move(items)); });
  }
  proto::PrekeysStatus status(std::uint32_t owner) {
    auto answer = ask<server::StatusAnswer>([&](auto& box, auto ticket) { box.status(ticket, id(owner)); });
    CHECK_FALSE(answer.failed);
    return answer.status;
  }
  server::BoxSummary summary(std::uint32_t owner) {
    auto answer = ask<server::SummaryAnswer>([&](auto& box, auto ticket) { box.summary(ticket, id(owner)); });
    CHECK_FALSE(answer.failed);
    return answer.box;
  }
  server::PublishAnswer publish(std::uint32_t owner, std::vector<proto::Prekey> keys, bool fresh = false,
                                std::uint64_t unix_s = a_time) {
    return ask<server::PublishAnswer>(
        [&](auto& box, auto ticket) { box.publish(ticket, id(owner), std::move(keys), fresh, unix_s); });
  }
  server::ClaimAnswer claim(std::uint32_t owner, std::uint32_t asker,
                            std::vector<std::string> suites = {ecdhe}, std::uint64_t unix_s = a_time) {
    return ask<server::ClaimAnswer>(
        [&](auto& box, auto ticket) { box.claim(ticket, id(owner), id(asker), std::move(suites), unix_s); });
  }
  template <class F>
  server::DoneAnswer done(F f) {
    return ask<server::DoneAnswer>(f);
  }
  std::uint64_t expire(std::uint64_t unix_s) {
    return done([&](auto& box, auto ticket) { box.expire(ticket, unix_s); }).removed;
  }

  template <class Answer, class F>
  Answer ask(F question) {
    const auto ticket = ++ticket_;
    question(box_of(kind_), ticket);
    kind_.run();
    const auto answers = box_of(kind_).take_answers();
    REQUIRE(answers.size() == 1);
    REQUIRE(std::holds_alternative<Answer>(answers[0]));
    const auto answer = std::get<Answer>(answers[0]);
    CHECK(answer.ticket == ticket);
    return answer;
  }

 private:
  Kind& kind_;
  server::Ticket ticket_ = 0;
};

}  // namespace sims::test
