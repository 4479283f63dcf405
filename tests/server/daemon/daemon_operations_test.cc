// DaemonOperations on a mail.db that the test steps: what is on disk, in which order, before simsctl is answered.
#include "server/daemon/daemon_operations.h"

#include <deque>

#include "server/relay/mail.h"
#include "support/server_folder.h"

namespace sims {
namespace {

using server::Ban;

constexpr std::uint64_t a_time = 1'767'225'600;

using Left = std::pair<std::uint64_t, std::uint64_t>;  // letters, prekeys

// A running simsd without sockets and threads. bob is registered; a letter and a prekey wait for him.
class Running {
 public:
  Running() {
    start();
    REQUIRE(state->accounts->bind("bob", bob, true, a_time));
    const auto done = [&](server::MailAnswer) {};
    mailbox->put(relay->mail_ticket(done), {bob, alice, server::MailKind::letter, "letter", false}, a_time);
    mailbox->publish(relay->mail_ticket(done), bob,
                     {test::prekey(1, proto::PrekeyUse::once, a_time + 86'400)}, false, a_time);
    step();
    REQUIRE(left() == Left{1, 1});
  }
  // kill -9, then a new start.
  void restart() {
    operations.reset();
    relay.reset();
    mailbox.reset();
    state.reset();
    jobs.clear();
    start();
    relay->drop_banned_mail(now);
  }
  // What the mailbox's threads do, and the loop with their answers.
  void step() {
    for (bool more = true; more;) {
      more = mailbox->change();
      more |= mailbox->read();
    }
    relay->mail_answers(now);
  }
  // What the loop's workers do.
  void work() {
    for (; !jobs.empty(); jobs.pop_front()) {
      jobs.front().first();
      jobs.front().second();
    }
  }
  // Of bob.
  Left left() {
    std::optional<server::BoxSummary> box;
    mailbox->summary(relay->mail_ticket([&](const server::MailAnswer& summary) {
      box = std::get<server::SummaryAnswer>(summary).box;
    }),
                     bob);
    step();
    REQUIRE(box);
    return {box->letters, box->prekeys.left.empty() ? 0 : box->prekeys.left[0].once};
  }
  // mail.db cannot be written meanwhile.
  void away(const std::function<void()>& meanwhile) {
    const auto mail = state->path + "/mail.db";
    std::filesystem::rename(mail, mail + ".away");
    meanwhile();
    std::filesystem::rename(mail + ".away", mail);
  }
  // How simsctl is answered: nothing yet, "" or an error.
  std::function<void(Result<bool>)> released() {
    return [this](const Result<bool>& result) { answer = result ? "" : result.error(); };
  }
  std::function<void(Result<void>)> banned() {
    return [this](const Result<void>& result) { answer = result ? "" : result.error(); };
  }

  test::Folder folder{test::in_memory()};
  const proto::Id bob = proto::Id::of(crypto::SigningKey::from_seed(Bytes(32, 2)).public_key());
  const proto::Id alice = proto::Id::of(crypto::SigningKey::from_seed(Bytes(32, 1)).public_key());
  Now now{1'000'000, static_cast<std::int64_t>(a_time) * 1'000};
  server::Settings settings;
  std::optional<server::StateFolder> state;
  std::unique_ptr<server::SqliteMailbox> mailbox;
  std::unique_ptr<server::Relay> relay;
  std::unique_ptr<server::DaemonOperations> operations;
  std::optional<std::string> answer;

 private:
  void start() {
    auto opened = server::StateFolder::open(folder.path + "/state");
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
    state.emplace(std::move(*opened));
    auto mail = server::SqliteMailbox::open(state->path + "/mail.db", {}, [] {});
    REQUIRE(mail);
    mailbox = std::move(*mail);
    relay = std::make_unique<server::Relay>(
        server::RelayOptions{&state->identity, "relay.example", {}, state->accounts->bans()},
        *state->accounts, *mailbox, *mailbox, ephemerals_, wire_);
    operations = std::make_unique<server::DaemonOperations>(server::DaemonOperations::Parts{
        *relay, settings, *state, pool_, *mailbox,
        [this](auto job, auto then) { jobs.emplace_back(std::move(job), std::move(then)); }, [] {},
        [] { return std::string(); }, [] { return std::uint64_t{0}; }, [] { return Result<void>(); },
        [this] { return now; }});
  }

  std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs;
  test::FixedEphemerals ephemerals_;
  test::Wire wire_;
  LoopCpu cpu_;
  server::KeyPool pool_{{1, 1}, cpu_};
};

const Left nothing{0, 0};

TEST_CASE("release: the mailbox goes first, then the name, then simsctl is answered") {
  Running simsd;
  simsd.operations->release("bob", simsd.released());
  simsd.work();
  CHECK(simsd.state->accounts->registered(simsd.bob));
  CHECK_FALSE(simsd.answer);
  SUBCASE("to its end") {
    simsd.step();
    CHECK(simsd.state->accounts->registered(simsd.bob));
    CHECK_FALSE(simsd.answer);
    simsd.work();
    CHECK(simsd.answer == "");
  }
  SUBCASE("killed before the mailbox is gone: nothing is done") {
    simsd.restart();
    CHECK(simsd.state->accounts->registered(simsd.bob));
    CHECK(simsd.left() != nothing);
    simsd.operations->release("bob", simsd.released());
    simsd.step();
    simsd.work();
  }
  SUBCASE("killed before the name is free: the mailbox is gone") {
    simsd.step();
    simsd.restart();
    CHECK(simsd.state->accounts->registered(simsd.bob));
    CHECK(simsd.left() == nothing);
    simsd.operations->release("bob", simsd.released());
    simsd.step();
    simsd.work();
  }
  CHECK(simsd.answer == "");
  CHECK_FALSE(simsd.state->accounts->registered(simsd.bob));
  CHECK(simsd.left() == nothing);
  simsd.restart();
  CHECK_FALSE(simsd.state->accounts->registered(simsd.bob));
  CHECK(simsd.left() == nothing);
}

TEST_CASE("release: of nobody, twice at once, and with a mail.db that cannot be written") {
  Running simsd;
  bool found = true;
  simsd.operations->release("nobody", [&](const Result<bool>& result) { found = result && *result; });
  CHECK_FALSE(found);
  simsd.operations->release("bob", simsd.released());
  simsd.operations->release("bob", simsd.released());
  CHECK(simsd.answer == "this name is being released already");
  simsd.answer.reset();
  SUBCASE("it works") {}
  SUBCASE("mail.db fails") {
    simsd.away([&] { simsd.step(); });
    CHECK(simsd.answer.value_or("").starts_with("the name is not released, since its mailbox"));
    simsd.work();
    CHECK(simsd.state->accounts->registered(simsd.bob));
    simsd.operations->release("bob", simsd.released());
  }
  simsd.step();
  simsd.work();
  CHECK(simsd.answer == "");
  CHECK_FALSE(simsd.state->accounts->registered(simsd.bob));
  CHECK(simsd.left() == nothing);
}

TEST_CASE("ban: in force first, then the mailbox goes, then simsctl is answered") {
  for (const bool by_name : {false, true}) {
    CAPTURE(by_name);
    Running simsd;
    const Ban ban{by_name ? Ban::Kind::name : Ban::Kind::id, by_name ? "bob" : simsd.bob.str(), {}, 0, 0};
    for (const bool killed : {true, false}) {
      CAPTURE(killed);
      simsd.operations->ban(ban, simsd.banned());
      CHECK_FALSE(simsd.answer);
      simsd.work();
      CHECK(simsd.state->accounts->bans().size() == 1);
      CHECK_FALSE(simsd.answer);
      if (killed) {
        simsd.restart();
        CHECK(simsd.left() == nothing);
      }
    }
    simsd.step();
    CHECK(simsd.answer == "");
    CHECK(simsd.left() == nothing);
  }
}

TEST_CASE("ban: what hits no mailbox is answered at once; a mail.db that fails does not hinder a ban") {
  Running simsd;
  simsd.operations->ban({Ban::Kind::address, "203.0.113.0/24", {}, 0, 0}, simsd.banned());
  simsd.work();
  CHECK(simsd.answer == "");
  simsd.away([&] {
    simsd.operations->ban({Ban::Kind::name, "bob", {}, 0, 0}, simsd.banned());
    simsd.work();
    simsd.step();
  });
  CHECK(simsd.answer.value_or("").starts_with("the ban is in force, but the mailbox is not removed yet"));
  CHECK(simsd.state->accounts->bans().size() == 2);
  simsd.now.steady_ms += 1'000;
  simsd.relay->tick(simsd.now);
  CHECK(simsd.left() == nothing);
}

}  // namespace
}  // namespace sims
