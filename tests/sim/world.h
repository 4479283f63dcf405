// The simulation: many clients and one relay in one process, on a clock and a network that a seed
// decides. Bytes travel in chunks of any size and arrive late, links break in the middle of a
// frame, and jobs take random times. One thread, no sockets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "client/core/core.h"
#include "server/mailbox/memory_mailbox.h"
#include "server/mailbox/sqlite_mailbox.h"
#include "server/relay/relay.h"
#include "sim/disks.h"
#include "sim/ephemerals.h"
#include "support/fake_memory.h"

namespace sims::test {

struct Weather {
  std::int64_t delay_ms = 30;  // the longest delay of a chunk
  std::int64_t work_ms = 20;   // the longest time of a job
  std::int64_t mail_ms = 20;   // and of the relay's mailbox
  bool chop = true;            // chunks of any size, else whole writes
};

class World;

// The numbers of one peer's texts that were shown.
class Shown {
 public:
  Shown() = default;
  explicit Shown(int up_to) : up_to_(up_to) {}
  bool add(int number) {  // false: it was there
    if (has(number)) return false;
    beyond_.insert(number);
    while (beyond_.erase(up_to_ + 1) > 0)
      ++up_to_;
    return true;
  }
  bool has(int number) const { return number <= up_to_ || beyond_.contains(number); }
  int count() const { return up_to_ + static_cast<int>(beyond_.size()); }

 private:
  int up_to_ = 0;
  std::set<int> beyond_;
};

// A user at a client: types, remembers the texts that were shown, and complains about wrong ones.
class User final : public client::Effects {
 public:
  User(World& world, std::string name, client::CoreOptions options, std::uint64_t seed);

  void connect();
  void leave();  // for now: it does not connect again after a crash either
  bool away() const { return away_; }
  // The n-th text from us to this peer is "us>peer #n"; the first is 1. One that was refused may be
  // typed again.
  void say(const std::string& peer);
  void drop_link();                               // the network breaks it; each side notices later
  void freeze();                                  // nothing travels on the link any more; no side is told
  void crash(Ending ending = Ending::killed);     // dies, starts again with the committed state, connects
  void put_back(const FakeMemory::State& older);  // dies, starts again with an older store
  void crash_soon();                              // at the end of a turn that left uncommitted writes
  // False: the peer is not known here. The server is asked, so that a later call may return true.
  bool meets(const std::string& peer);
  void accept_requests();
  const client::Peer* peer(const std::string& name) const;
  bool online() const { return core->model().link == client::LinkState::online; }
  std::size_t undelivered() const;
  // From now on the user has a store on these disks, which outlive the user.
  void live_on(Disks& disks);
  // Compares the store with the texts that were said, shown and proved. Returns the differences in words.
  std::string wrong_on_disk();
  std::size_t alerts() const;  // alert lines in all windows

  // client::Effects
  void open_link(const std::string& host_port) override;
  void write(std::string bytes) override;
  void close_link(bool flush) override;
  void start_work(std::unique_ptr<client::Work> work) override;
  void changed() override;
  void received(const client::Peer& peer, const client::Line& line) override;
  void delivery_changed(const client::Peer& peer, const client::Line& line) override;

  World& world;
  const std::string name;
  crypto::SigningKey identity;
  FakeMemory trust;
  Ephemerals ephemerals;
  std::unique_ptr<client::ClientCore> core;

  // Texts that Ledger has counted and removed from `trust`.
  std::map<std::string, int> settled_mine, settled_theirs;
  std::map<std::string, int> said;       // by peer: texts typed
  std::map<std::string, Shown> heard;    // by peer
  std::map<std::string, int> delivered;  // by peer: texts proved delivered
  std::map<std::string, int> sessions;   // by peer: sessions that were established
  // Stores of this run are put back: then texts may be missing and come late, but each store is shown a text once
  // in its life.
  bool put_back_at_times = false, was_put_back = false;
  // Mailboxes of this run fail for so long that a text may be shown before an earlier one: with a notice, or as
  // the first of its author.
  bool may_miss_some = false;
  int noted_early = 0, first_early = 0;  // such texts
  std::set<std::string> shown_in_life;
  int mailed = 0;                       // texts that came to wait at the relay
  std::vector<std::string> complaints;  // broken promises, in words

  // --- with a disk
  client::Id own_id;
  std::unique_ptr<Disks::Place> place;
  std::unique_ptr<client::Store> store;
  std::set<std::string> queued;   // texts that send_text() took
  std::set<std::string> refused;  // texts that it refused, and did not take later
  std::set<std::string> shown;
  std::set<std::string> proved;  // of ours: their readers must have them
  int refusals = 0, failed_commits = 0;

 private:
  friend class World;
  client::Memory& memory() { return store ? static_cast<client::Memory&>(*store) : trust; }
  void forget_life();  // of the program that died
  void begin_life();
  std::string wrong_pins();
  void commit();
  void read_waiting(const std::function<void(const client::HistoryEntry&)>& take);
  void was_shown(const std::string& text);
  bool was_refused(const std::string& to, int number) const;
  void read_disk(const std::function<void(const std::string& peer, const client::HistoryEntry&)>& take);
  void touch();  // something happens to it: its turn ends before the next thing happens
  void end_turn();
  void release(std::uint64_t link);
  void came_back(const std::string& text);
  client::CoreOptions options_;
  Disks* disks_ = nullptr;
  std::set<std::string> doubtful_;          // refused ones that a crash may bring back
  std::map<std::string, client::Id> pins_;  // that were committed
  bool touched_ = false, doomed_ = false, away_ = false;
  bool left_unclean_ = false;       // at the end of its last turn something was not committed
  std::int64_t due_ms_ = 0;         // when its core wants something, as of the end of its last turn
  std::uint64_t life_ = 0;          // grows with each crash: work of an earlier one is lost
  std::uint64_t link_ = 0;          // 0: none
  std::set<std::uint64_t> ending_;  // links whose last words wait for commit()
  std::map<std::string, client::SessionState> last_session_;
};

// One of 216 names. No two look alike, since the client warns of such names.
std::string unlike_name(std::size_t number);

class World final : public server::Actions {
 public:
  World(std::uint64_t seed, Weather weather);

  User& add(const std::string& name, crypto::SuiteList suites = crypto::default_suites(),
            bool accept_new = true);
  User* find(const std::string& name) const;

  void run_for(std::int64_t ms);
  // Runs until `done` or for `limit_ms`. Returns the last answer of `done`.
  bool run_until(const std::function<bool()>& done, std::int64_t limit_ms);
  bool all_delivered() const;
  std::string complaints() const;
  // Each text must be delivered and on the receiver's disk once, or be shown as waiting. Returns in
  // words where this does not hold.
  std::string unaccounted() const;

  // A hash of all bytes that travelled and all texts that were shown: the same for two runs with one seed.
  std::uint64_t trace() const { return trace_; }
  void note(std::string_view what, std::uint64_t number, std::string_view bytes);
  void happened(const std::string& words);  // likewise; with SIMS_TRACE=1 it is printed

  const server::Stats& stats() const { return server_->stats(); }  // of the relay since its start
  Now now() const { return {clock_ms_, 1'700'000'000'000 + slept_ms_ + clock_ms_}; }
  // All machines sleep: only the clocks on the wall go on.
  void sleep(std::int64_t ms);
  // The relay dies. A new one is there at once, with the same accounts or with those that `reopen` returns.
  using Accounts = std::unique_ptr<server::AccountStore>;
  void restart_server(const std::function<Accounts()>& reopen = {});
  server::AccountStore& accounts() { return *accounts_; }
  // The mailboxes, unless they are in a file.
  server::MemoryMailbox& mailbox() { return mailbox_; }
  // The relay restarts with this older state of them. `told`: its administrator says so.
  void put_back_mail(server::MemoryMailbox::Snapshot older, bool told);
  // From the next restart on the mailboxes are in the file that `open` opens, then and at each further restart.
  using MailFile = std::unique_ptr<server::SqliteMailbox>;
  void keep_mail_in(std::function<MailFile(std::function<void()> wake)> open) {
    open_mail_ = std::move(open);
  }
  void later(std::int64_t max_ms, std::function<void()> event);  // within 1 to max_ms

  // server::Actions
  std::size_t write(server::ConnId id, std::string_view bytes) override;
  std::size_t queued(server::ConnId id) const override;
  void close(server::ConnId id, bool flush) override;
  void read_little(server::ConnId, bool) override {}
  void start_work(server::ConnId id, std::unique_ptr<server::LoginWork> work) override;
  void log(log::Level level, std::string line) override;

  FixedRng random;
  Weather weather;
  bool counts_sessions = true;  // expensive: looks at each peer with each change
  crypto::SigningKey server_identity;
  std::vector<std::unique_ptr<User>> users;

 private:
  friend class User;
  // One direction of a link.
  struct Pipe {
    std::string bytes;
    bool moving = false;  // a delivery is on its way
    bool ends = false;    // the link ends after these bytes; later writes are dropped
    bool cut = false;     // the reader is gone or has seen the end
    bool frozen = false;
  };
  struct Link {
    User* user;
    Pipe up, down;
    bool open = false;  // the relay has accepted it
    std::string held;   // written, waits for the user's commit()
  };

  void start_server();
  void forget_links();  // those that both sides have left
  void move(std::uint64_t link, bool up);
  void deliver(std::uint64_t link, bool up);
  void server_turn();
  void answer_mail_later();
  void work_on_mail(server::MailLane lane);
  void expire_mail();
  void step();
  void end_turns();
  std::int64_t next_tick() const;

  std::int64_t clock_ms_ = 1'000'000, slept_ms_ = 0, expire_ms_ = 0;
  std::uint64_t order_ = 0, steps_ = 0, trace_ = 0xcbf29ce484222325;
  struct Event {
    std::int64_t at_ms;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& o) const { return at_ms != o.at_ms ? at_ms > o.at_ms : order > o.order; }
  };
  std::priority_queue<Event> events_;
  std::map<std::uint64_t, Link> links_;
  std::uint64_t last_link_ = 0;
  FixedEphemerals server_ephemerals_;
  Accounts accounts_ = std::make_unique<server::MemoryAccounts>();
  server::MemoryMailbox mailbox_{{}, [this] { answer_mail_later(); }};
  std::function<MailFile(std::function<void()> wake)> open_mail_;
  MailFile mail_file_;             // nullptr: mailbox_
  bool mail_answered_ = false;     // and the relay has not been told
  std::uint64_t server_life_ = 0;  // grows with each restart: work of an earlier one is lost
  std::unique_ptr<server::Relay> server_;
  std::vector<User*> touched_;
};

}  // namespace sims::test
