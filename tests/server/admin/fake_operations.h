// A fake of Operations: records its calls, and answers at once or when the test says so.
#pragma once

#include <algorithm>
#include <deque>

#include "server/admin/operations.h"

namespace sims::test {

struct FakeOperations : server::Operations {
  server::Stats numbers;
  server::Status state;
  std::vector<server::ClientInfo> connected;
  std::vector<server::Ban> banned;
  std::vector<server::AccountStore::Account> accounts;
  std::vector<std::string> told;  // "kick name alice"
  std::string refusal;            // of everything that can fail
  bool later = false;             // answers wait in `waiting`
  std::deque<std::function<void()>> waiting;
  server::Ban last_ban;
  server::BoxSummary box;

  void answer_next() {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    next();
  }

  const server::Stats& stats() override { return numbers; }
  server::Status status() override { return state; }
  std::vector<server::ClientInfo> clients(server::ConnId after, std::size_t limit) override {
    std::vector<server::ClientInfo> page;
    for (const auto& c : connected)
      if (c.conn > after && page.size() < limit) page.push_back(c);
    return page;
  }
  Result<std::size_t> kick(const server::Target& who) override {
    static constexpr const char* kinds[] = {"id", "name", "address", "conn"};
    told.push_back(std::string("kick ") + kinds[static_cast<int>(who.kind)] + " " + who.value);
    if (!refusal.empty()) return fail(refusal);
    return connected.size();
  }
  void ban(server::Ban ban, Done<void> done) override {
    told.push_back("ban " + ban.value);
    last_ban = ban;
    answer<void>(std::move(done), {});
  }
  void unban(server::Ban::Kind, std::string value, Done<bool> done) override {
    told.push_back("unban " + value);
    const bool was = std::any_of(banned.begin(), banned.end(), [&](auto& b) { return b.value == value; });
    answer<bool>(std::move(done), was);
  }
  std::vector<server::Ban> bans() override { return banned; }
  void invite(std::uint64_t valid_s, Done<std::string> done) override {
    told.push_back("invite " + std::to_string(valid_s));
    answer<std::string>(std::move(done), std::string("CODE"));
  }
  std::vector<server::AccountStore::Account> names(std::string_view after, std::size_t limit) override {
    std::vector<server::AccountStore::Account> page;
    for (const auto& a : accounts)
      if (a.name > after && page.size() < limit) page.push_back(a);
    return page;
  }
  void release(std::string name, Done<bool> done) override {
    told.push_back("release " + name);
    answer<bool>(std::move(done), name != "nobody");
  }
  void set_log_level(log::Level level) override {
    told.push_back("log-level " + std::string(log::level_name(level)));
  }
  Result<void> reload() override {
    told.push_back("reload");
    if (!refusal.empty()) return fail(refusal);
    return {};
  }
  void backup(std::string path, Done<void> done) override {
    told.push_back("backup " + path);
    answer<void>(std::move(done), {});
  }
  void mail(const server::Target& whose, Done<server::BoxSummary> done) override {
    told.push_back("mail " + whose.value);
    answer<server::BoxSummary>(std::move(done), box);
  }
  void purge_mail(const server::Target& whose, Done<std::uint64_t> done) override {
    told.push_back("purge-mail " + whose.value);
    answer<std::uint64_t>(std::move(done), std::uint64_t{12});
  }
  void drop_prekeys(Done<std::uint64_t> done) override {
    told.push_back("drop-prekeys");
    answer<std::uint64_t>(std::move(done), std::uint64_t{34});
  }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    if (!refusal.empty()) result = fail(refusal);
    if (!later) return done(result);
    waiting.push_back([done, result] { done(result); });
  }
};

}  // namespace sims::test
