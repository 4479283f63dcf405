// A mailbox whose answers come when the test wants them, and fail when it wants that.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "server/mailbox/memory_mailbox.h"

namespace sims::test {

using server::Ticket;

class HeldMailbox : public server::Mailbox, public server::Prekeys {
 public:
  explicit HeldMailbox(const server::MailLimits& limits) : inner(limits) {}

  server::MemoryMailbox inner;
  bool held = false;  // questions wait for release()
  // Questions that fail as on a broken disk.
  bool fail_puts = false, fail_takes = false, fail_strikes = false, fail_status = false, fail_claims = false,
       fail_publish = false, fail_done = false;
  std::vector<server::MailPut> puts;  // asked for
  std::size_t takes = 0, strikes = 0;

  // Carries out up to `count` questions that wait, from the one at `first` on.
  void release(std::size_t count = SIZE_MAX, std::size_t first = 0) {
    for (; count > 0 && questions_.size() > first; --count) {
      const auto at = questions_.begin() + static_cast<std::ptrdiff_t>(first);
      const auto question = std::move(*at);
      questions_.erase(at);
      question();
    }
  }
  // The process dies after so many of them; nobody hears the answers.
  void crash(std::size_t done) {
    release(done);
    questions_.clear();
    answers_.clear();
  }
  // As from two threads: the answers that are ready come the other way round.
  void reverse_answers() { std::reverse(answers_.begin(), answers_.end()); }
  std::size_t waiting() const { return questions_.size(); }
  bool ready() const { return !answers_.empty(); }

  void put(Ticket t, server::MailPut put, std::uint64_t unix_s) override {
    puts.push_back(put);
    ask(fail_puts, failed<server::PutAnswer>(t), [=, this] { inner.put(t, put, unix_s); });
  }
  void take(Ticket t, const proto::Id& owner, std::uint64_t after, std::size_t most,
            std::size_t most_bytes) override {
    ++takes;
    ask(fail_takes, failed<server::TakeAnswer>(t),
        [=, this] { inner.take(t, owner, after, most, most_bytes); });
  }
  void strike(Ticket t, const proto::Id& owner, std::vector<server::GivenItem> items) override {
    ++strikes;
    ask(fail_strikes, failed<server::StrikeAnswer>(t), [=, this] { inner.strike(t, owner, items); });
  }
  void summary(Ticket t, const proto::Id& owner) override {
    ask(false, done_failed(t), [=, this] { inner.summary(t, owner); });
  }
  void purge(Ticket t, const proto::Id& owner) override {
    ask(fail_done, done_failed(t), [=, this] { inner.purge(t, owner); });
  }
  void forget(Ticket t, const proto::Id& owner) override {
    ask(fail_done, done_failed(t), [=, this] { inner.forget(t, owner); });
  }
  void expire(Ticket t, std::uint64_t unix_s) override {
    ask(fail_done, done_failed(t), [=, this] { inner.expire(t, unix_s); });
  }
  void backup(Ticket t, const std::string& path) override {
    ask(fail_done, done_failed(t), [=, this] { inner.backup(t, path); });
  }
  const server::MailStats& stats() override { return inner.stats(); }
  void set_limits(const server::MailLimits& limits) override { inner.set_limits(limits); }
  std::vector<server::MailAnswer> take_answers() override { return std::exchange(answers_, {}); }

  void publish(Ticket t, const proto::Id& owner, std::vector<proto::Prekey> prekeys, bool fresh,
               std::uint64_t unix_s) override {
    ask(fail_publish, failed<server::PublishAnswer>(t),
        [=, this] { inner.publish(t, owner, prekeys, fresh, unix_s); });
  }
  void claim(Ticket t, const proto::Id& owner, const proto::Id& asker, std::vector<std::string> suites,
             std::uint64_t unix_s) override {
    ask(fail_claims, failed<server::ClaimAnswer>(t),
        [=, this] { inner.claim(t, owner, asker, suites, unix_s); });
  }
  void status(Ticket t, const proto::Id& owner) override {
    ask(fail_status, failed<server::StatusAnswer>(t), [=, this] { inner.status(t, owner); });
  }
  void drop_all(Ticket t) override {
    ask(fail_done, done_failed(t), [=, this] { inner.drop_all(t); });
  }

 private:
  template <class Answer>
  static Answer failed(Ticket t) {
    Answer out;
    out.ticket = t;
    if constexpr (requires { out.failed; }) out.failed = true;
    return out;
  }
  static server::DoneAnswer done_failed(Ticket t) { return {t, "no disk", 0}; }

  void ask(bool fails, server::MailAnswer failure, std::function<void()> question) {
    questions_.push_back([this, fails, failure = std::move(failure), question = std::move(question)] {
      if (fails) return answers_.push_back(failure);
      question();
      for (auto& answer : inner.take_answers())
        answers_.push_back(std::move(answer));
    });
    if (!held) release();
  }

  std::deque<std::function<void()>> questions_;
  std::vector<server::MailAnswer> answers_;
};

}  // namespace sims::test
