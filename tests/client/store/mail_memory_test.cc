// The contract of client::MailMemory, for each implementation.
#include "client/model/mail_memory.h"

#include "client/store/mail_fixture.h"
#include "support/fake_memory.h"
#include "support/faulty_disk.h"

using namespace sims;
using namespace sims::test;
using client::MailReceipt;
using client::Memory;
using proto::PrekeyUse;
using Counts = client::MailMemory::MailCounts;

namespace {

const proto::Id here = some_id(1), there = some_id(2), bob = some_id(11), eve = some_id(12);
constexpr std::uint64_t of_bob = 11, of_eve = 12;

std::string text(const SecretBytes& secret) {
  return std::string(text_of(secret.view()));
}

void account(Memory& memory) {
  CHECK(memory.mail_account(here).value() == client::MailAccount{});
  REQUIRE(memory.put_mail_account(here, {7, number(3)}));
  CHECK(memory.mail_account(here).value() == client::MailAccount{7, number(3)});
  CHECK(memory.mail_account(there).value() == client::MailAccount{});
  REQUIRE(memory.put_mail_account(here, {8, std::nullopt}));
  CHECK(memory.mail_account(here).value() == client::MailAccount{8, std::nullopt});
}

void prekeys(Memory& memory) {
  CHECK(memory.prekeys(here).value().empty());
  CHECK_FALSE(memory.prekey(here, number(1)).value());
  REQUIRE(memory.put_prekey(here, prekey(1, "half of 1")));
  REQUIRE(memory.put_prekey(here, prekey(2, "half of 2", PrekeyUse::many)));
  REQUIRE(memory.put_prekey(there, prekey(1, "elsewhere")));
  auto one = memory.prekey(here, number(1)).value();
  REQUIRE(one);
  CHECK(one->suite == "ECDHE_P384");
  CHECK(one->use == PrekeyUse::once);
  CHECK(one->expires == prekey(1, "").expires);
  CHECK(one->wipe_unix_s == prekey(1, "").wipe_unix_s);
  CHECK(one->acked_unix_s == 0);
  CHECK_FALSE(one->opener);
  CHECK(text(one->secret) == "half of 1");
  one->acked_unix_s = some_unix_s;
  one->opener = session_key(of_bob, 1);
  one->secret.clear();
  REQUIRE(memory.put_prekey(here, *one));
  one = memory.prekey(here, number(1)).value();
  CHECK(one->secret.size() == 0);
  CHECK(one->opener == session_key(of_bob, 1));
  CHECK(one->acked_unix_s == some_unix_s);
  auto all = memory.prekeys(here).value();
  REQUIRE(all.size() == 2);
  for (const auto& each : all) {
    CHECK(each.secret.size() == 0);
    CHECK((each.number == number(1) || (each.number == number(2) && each.use == PrekeyUse::many)));
  }
  REQUIRE(memory.erase_prekey(here, number(1)));
  REQUIRE(memory.erase_prekey(here, number(1)));
  CHECK_FALSE(memory.prekey(here, number(1)).value());
  CHECK(text(memory.prekey(here, number(2)).value()->secret) == "half of 2");
  CHECK(text(memory.prekey(there, number(1)).value()->secret) == "elsewhere");
}

void sessions(Memory& memory) {
  CHECK_FALSE(memory.mail_session(here, session_key(of_bob, 1)).value());
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "first")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 2, "second", true)));
  REQUIRE(memory.put_mail_session(here, session(of_eve, 3, "hers")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "first, advanced and longer")));
  auto row = memory.mail_session(here, session_key(of_bob, 1)).value();
  REQUIRE(row);
  CHECK(row->key == session_key(of_bob, 1));
  CHECK(text(row->state) == "first, advanced and longer");
  CHECK(row->since_unix_s == some_unix_s);
  CHECK_FALSE(row->stranger);
  CHECK(memory.mail_session(here, session_key(of_bob, 2)).value()->stranger);
  CHECK_FALSE(memory.mail_session(there, session_key(of_bob, 1)).value());
  auto other_nonce = session_key(of_bob, 1);
  other_nonce.nonce[0] ^= 1;
  CHECK_FALSE(memory.mail_session(here, other_nonce).value());
  CHECK_FALSE(memory.mail_session(here, session_key(of_eve, 1)).value());
  REQUIRE(memory.close_oldest_session(here, bob));
  row = memory.mail_session(here, session_key(of_bob, 1)).value();
  REQUIRE(row);
  CHECK(row->state.size() == 0);
  CHECK(row->since_unix_s == 0);
  CHECK(text(memory.mail_session(here, session_key(of_bob, 2)).value()->state) == "second");
  REQUIRE(memory.close_oldest_session(here, bob));
  REQUIRE(memory.close_oldest_session(here, bob));  // none is open
  CHECK(memory.mail_session(here, session_key(of_bob, 2)).value()->state.size() == 0);
  CHECK(text(memory.mail_session(here, session_key(of_eve, 3)).value()->state) == "hers");
}

void counts(Memory& memory) {
  CHECK(memory.mail_counts(here, bob, number(9)).value() == Counts{});
  REQUIRE(memory.put_prekey(here, prekey(9, "many", PrekeyUse::many)));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "s")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 2, "s")));
  REQUIRE(memory.put_mail_session(here, session(of_eve, 3, "s", true)));
  REQUIRE(memory.put_mail_session(there, session(of_bob, 4, "s", true)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 3, 0, MailReceipt::State::held)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 3, 1, MailReceipt::State::held)));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 0)));
  memory.add_arrived(here, {0, eve, true, "letter", 5}).value();
  memory.add_arrived(here, {0, bob, false, "letter", 5}).value();
  REQUIRE(memory.count_agreement(here, number(9), true));
  REQUIRE(memory.count_agreement(here, number(9), false));
  REQUIRE(memory.count_agreement(here, number(8), false));  // no such prekey
  CHECK(memory.mail_counts(here, bob, number(9)).value() == Counts{2, 1, 1, 3, 2, 1});
  CHECK(memory.mail_counts(here, eve, number(8)).value() == Counts{1, 1, 3, 3, 0, 0});
  REQUIRE(memory.put_prekey(here, prekey(9, "again", PrekeyUse::many)));
  CHECK(memory.mail_counts(here, bob, number(9)).value().agreements == 2);
  REQUIRE(memory.close_oldest_session(here, eve));
  CHECK(memory.mail_counts(here, eve, number(9)).value() == Counts{0, 0, 3, 3, 2, 1});
  REQUIRE(memory.erase_prekey(here, number(9)));
  REQUIRE(memory.put_prekey(here, prekey(9, "new", PrekeyUse::many)));
  CHECK(memory.mail_counts(here, bob, number(9)).value().agreements == 0);
}

std::string owed(Memory& memory, const proto::Id& server = here) {
  std::string out;
  std::uint64_t last = 0;
  const auto all = memory.owed_receipts(server).value();
  for (const auto& one : all) {
    CHECK(one.row > last);
    last = one.row;
    out += (out.empty() ? "" : ",") + one.message;
  }
  return out;
}

void receipts(Memory& memory) {
  CHECK_FALSE(memory.receipt(here, session_key(of_bob, 1), 0).value());
  CHECK(owed(memory).empty());
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 0)));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 1)));
  REQUIRE(memory.put_receipt(there, receipt(of_bob, 1, 2)));
  CHECK_FALSE(memory.receipt(here, session_key(of_bob, 1), 2).value());
  CHECK(owed(memory) == "receipt 1.0,receipt 1.1");
  CHECK(owed(memory, there) == "receipt 1.2");
  const auto first = memory.owed_receipts(here).value()[0].row,
             second = memory.owed_receipts(here).value()[1].row;
  REQUIRE(memory.receipt_covered(first));
  REQUIRE(memory.receipt_covered(first));
  CHECK(owed(memory) == "receipt 1.1");
  auto row = memory.receipt(here, session_key(of_bob, 1), 0).value();
  REQUIRE(row);
  CHECK(row->session == session_key(of_bob, 1));
  CHECK(row->m == 0);
  CHECK(row->token == digest("receipt 1.0"));
  CHECK(row->message == "receipt 1.0");
  CHECK(row->at_unix_s == some_unix_s);
  CHECK(row->state == MailReceipt::State::covered);
  row->state = MailReceipt::State::owed;
  REQUIRE(memory.put_receipt(here, *row));  // as its letter came again
  CHECK(owed(memory) == "receipt 1.1,receipt 1.0");
  CHECK(memory.owed_receipts(here).value()[1].row > second);
  REQUIRE(memory.owed_receipts(here, first).value().size() == 2);
  CHECK(memory.owed_receipts(here, second).value().size() == 1);
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 1)));  // it is owed already
  CHECK(memory.owed_receipts(here).value()[0].row == second);
  REQUIRE(memory.receipt_covered(first));  // of its earlier turn
  CHECK(owed(memory) == "receipt 1.1,receipt 1.0");
}

void unopened(Memory& memory) {
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 0)));
  CHECK(memory.owe_unopened(here, bob, digest("letter"), "unopened", some_unix_s).value());
  CHECK_FALSE(memory.owe_unopened(here, bob, digest("letter"), "unopened", some_unix_s).value());
  CHECK(memory.owe_unopened(here, eve, digest("letter"), "to eve", some_unix_s).value());
  CHECK(owed(memory) == "receipt 1.0,unopened,to eve");
  REQUIRE(memory.receipt_covered(memory.owed_receipts(here).value()[1].row));
  CHECK(owed(memory) == "receipt 1.0,to eve");
  CHECK_FALSE(memory.owe_unopened(here, bob, digest("letter"), "unopened", some_unix_s).value());
  CHECK(owed(memory) == "receipt 1.0,to eve");
  REQUIRE(memory.drop_mail(here, eve));
  CHECK(owed(memory) == "receipt 1.0");
}

void accepting(Memory& memory) {
  REQUIRE(memory.put_mail_session(here, session(of_eve, 1, "s", true)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 1, 0, MailReceipt::State::held)));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 2, 0)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 1, 1, MailReceipt::State::held)));
  memory.add_arrived(here, {0, eve, true, "letter", 5}).value();
  REQUIRE(memory.accept_mail(here, bob));
  CHECK(owed(memory) == "receipt 2.0");
  CHECK(memory.receipt(here, session_key(of_eve, 1), 0).value()->state == MailReceipt::State::held);
  REQUIRE(memory.accept_mail(here, eve));
  CHECK(owed(memory) == "receipt 2.0,receipt 1.0,receipt 1.1");
  CHECK_FALSE(memory.mail_session(here, session_key(of_eve, 1)).value()->stranger);
  CHECK(text(memory.mail_session(here, session_key(of_eve, 1)).value()->state) == "s");
  CHECK_FALSE(memory.arrived(here).value().at(0).stranger);
  CHECK(memory.mail_counts(here, eve, number(1)).value() == Counts{1, 0, 1, 0, 0, 0});
}

void dropping(Memory& memory) {
  REQUIRE(memory.put_mail_session(here, session(of_eve, 1, "s", true)));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 2, "s")));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 1, 0, MailReceipt::State::held)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 1, 1)));
  REQUIRE(memory.put_receipt(here, receipt(of_eve, 1, 2, MailReceipt::State::covered)));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 2, 0)));
  memory.add_arrived(here, {0, eve, true, "hers", 5}).value();
  memory.add_arrived(here, {0, bob, false, "his", 5}).value();
  REQUIRE(memory.drop_mail(there, eve));
  CHECK(memory.arrived(here).value().size() == 2);
  REQUIRE(memory.drop_mail(here, eve));
  CHECK(memory.mail_session(here, session_key(of_eve, 1)).value()->state.size() == 0);
  CHECK_FALSE(memory.receipt(here, session_key(of_eve, 1), 0).value());
  CHECK_FALSE(memory.receipt(here, session_key(of_eve, 1), 1).value());
  CHECK(memory.receipt(here, session_key(of_eve, 1), 2).value());
  CHECK(owed(memory) == "receipt 2.0");
  const auto left = memory.arrived(here).value();
  REQUIRE(left.size() == 1);
  CHECK(left[0].message == "his");
  CHECK(text(memory.mail_session(here, session_key(of_bob, 2)).value()->state) == "s");
}

void arrived(Memory& memory) {
  CHECK(memory.arrived(here).value().empty());
  const auto first = memory.add_arrived(here, {0, bob, false, "one", 5}).value();
  const auto second = memory.add_arrived(there, {0, bob, false, "elsewhere", 6}).value();
  const auto third = memory.add_arrived(here, {0, eve, true, "two", 7}).value();
  CHECK(first < second);
  CHECK(second < third);
  auto all = memory.arrived(here).value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].row == first);
  CHECK(all[0].message == "one");
  CHECK(all[1].row == third);
  CHECK(all[1].sender == eve);
  CHECK(all[1].stranger);
  CHECK(all[1].at_unix_ms == 7);
  REQUIRE(memory.drop_arrived(first));
  REQUIRE(memory.drop_arrived(first));
  REQUIRE(memory.drop_arrived(third));
  CHECK(memory.arrived(here).value().empty());
  CHECK(memory.arrived(there).value().size() == 1);
  CHECK(memory.add_arrived(here, {0, bob, false, "three", 8}).value() > third);
}

client::MailDelivery delivery(std::uint64_t row, const proto::Id& to) {
  client::MailDelivery out{
      row, to, "a letter", {}, 5, 1, true, 9, row == 4 ? std::optional("") : std::nullopt};
  out.letters.push_back({0, digest("one"), secret("key of one")});
  out.letters.push_back({7, digest("two"), secret("key of two")});
  return out;
}

void deliveries(Memory& memory) {
  CHECK(memory.deliveries(here).value().empty());
  REQUIRE(memory.put_delivery(here, delivery(30, bob)));
  REQUIRE(memory.put_delivery(here, delivery(4, eve)));
  REQUIRE(memory.put_delivery(there, delivery(4, bob)));
  auto all = memory.deliveries(here).value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].row == 4);
  CHECK(all[0].to == eve);
  CHECK(all[0].message == "a letter");
  CHECK(all[0].mailed_unix_ms == 5);
  CHECK(all[0].tries == 1);
  CHECK(all[0].reopened);
  CHECK(all[0].next_unix_ms == 9);
  CHECK(all[0].after == "");
  CHECK_FALSE(all[1].after);
  REQUIRE(all[0].letters.size() == 2);
  CHECK(all[0].letters[1].m == 7);
  CHECK(all[0].letters[1].token == digest("two"));
  CHECK(text(all[0].letters[1].ack_key) == "key of two");
  CHECK(all[1].row == 30);
  all[1].message.clear();
  all[1].letters.pop_back();
  all[1].reopened = false;
  REQUIRE(memory.put_delivery(here, all[1]));
  REQUIRE(memory.erase_delivery(here, 4, bob));  // none of his
  CHECK(memory.deliveries(here).value().size() == 2);
  REQUIRE(memory.erase_delivery(here, 4, eve));
  REQUIRE(memory.erase_delivery(here, 4, eve));
  all = memory.deliveries(here).value();
  REQUIRE(all.size() == 1);
  CHECK(all[0].message.empty());
  CHECK(all[0].letters.size() == 1);
  CHECK_FALSE(all[0].reopened);
  CHECK(memory.deliveries(there).value().size() == 1);
}

// Each recipient of one text, as a group's.
void recipients(Memory& memory) {
  REQUIRE(memory.put_delivery(here, delivery(4, eve)));
  REQUIRE(memory.put_delivery(here, delivery(4, bob)));
  CHECK(memory.deliveries(here).value().size() == 2);
  REQUIRE(memory.erase_delivery(here, 4, bob));
  CHECK(memory.deliveries(here).value().at(0).to == eve);
}

void forgetting(Memory& memory) {
  const std::int64_t midnight = some_unix_s - some_unix_s % day_s;
  auto soon = prekey(1, "soon"), later = prekey(2, "later", PrekeyUse::many);
  soon.wipe_unix_s = some_unix_s + 5;
  REQUIRE(memory.put_prekey(here, soon));
  REQUIRE(memory.put_prekey(here, later));
  REQUIRE(memory.put_prekey(there, soon));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "with a prekey that goes")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 2, "with one that stays")));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 0)));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 2, 0, MailReceipt::State::covered)));
  REQUIRE(memory.forget_old_mail(here, some_unix_s + 4));
  CHECK(memory.prekey(here, number(1)).value());
  REQUIRE(memory.forget_old_mail(here, some_unix_s + 5));
  CHECK_FALSE(memory.prekey(here, number(1)).value());
  CHECK(memory.prekey(here, number(2)).value());
  CHECK(memory.prekey(there, number(1)).value());
  REQUIRE(memory.forget_old_mail(here, midnight + 33 * day_s - 1));
  CHECK(memory.mail_session(here, session_key(of_bob, 1)).value()->state.size() > 0);
  REQUIRE(memory.forget_old_mail(here, midnight + 33 * day_s));
  CHECK_FALSE(memory.mail_session(here, session_key(of_bob, 1)).value());
  CHECK(memory.mail_session(here, session_key(of_bob, 2)).value()->state.size() == 0);
  REQUIRE(memory.forget_old_mail(here, midnight + 34 * day_s - 1));
  CHECK(memory.receipt(here, session_key(of_bob, 1), 0).value());
  REQUIRE(memory.forget_old_mail(here, midnight + 34 * day_s));
  CHECK_FALSE(memory.receipt(here, session_key(of_bob, 1), 0).value());
  CHECK_FALSE(memory.receipt(here, session_key(of_bob, 2), 0).value());
  CHECK(owed(memory).empty());
  REQUIRE(memory.forget_old_mail(here, later.wipe_unix_s));
  CHECK_FALSE(memory.prekey(here, number(2)).value());
  CHECK_FALSE(memory.mail_session(here, session_key(of_bob, 2)).value());
}

void fill(Memory& memory) {
  REQUIRE(memory.pin_server("a:1", {here, 5}));
  REQUIRE(memory.put_mail_account(here, {7, number(3)}));
  REQUIRE(memory.put_prekey(here, prekey(1, "half")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "state")));
  REQUIRE(memory.put_receipt(here, receipt(of_bob, 1, 0)));
  memory.add_arrived(here, {0, bob, false, "letter", 5}).value();
  REQUIRE(memory.put_delivery(here, delivery(4, bob)));
  REQUIRE(memory.commit());
}

void check_all_at(Memory& memory, const proto::Id& server) {
  CHECK(memory.mail_account(server).value() == client::MailAccount{7, number(3)});
  CHECK(text(memory.prekey(server, number(1)).value()->secret) == "half");
  CHECK(memory.prekeys(server).value().size() == 1);
  CHECK(text(memory.mail_session(server, session_key(of_bob, 1)).value()->state) == "state");
  CHECK(memory.receipt(server, session_key(of_bob, 1), 0).value());
  CHECK(owed(memory, server) == "receipt 1.0");
  CHECK(memory.arrived(server).value().size() == 1);
  CHECK(memory.deliveries(server).value().size() == 1);
}

void check_none_at(Memory& memory, const proto::Id& server) {
  CHECK(memory.mail_account(server).value() == client::MailAccount{});
  CHECK(memory.prekeys(server).value().empty());
  CHECK_FALSE(memory.mail_session(server, session_key(of_bob, 1)).value());
  CHECK(memory.owed_receipts(server).value().empty());
  CHECK(memory.arrived(server).value().empty());
  CHECK(memory.deliveries(server).value().empty());
}

void replaced(Memory& memory) {
  fill(memory);
  CHECK(memory.replace_server("a:1", {there, 6}).value());
  check_all_at(memory, there);
  check_none_at(memory, here);
  REQUIRE(memory.commit());
  check_all_at(memory, there);
  check_none_at(memory, here);
  REQUIRE(memory.put_mail_account(there, {8, number(3)}));
  CHECK(memory.mail_account(there).value().taken == 8);
}

// Letters alone are a reason not to mix two servers.
void not_mixed(Memory& memory) {
  fill(memory);
  REQUIRE(memory.put_mail_account(there, {1, std::nullopt}));
  CHECK_FALSE(memory.replace_server("a:1", {there, 6}).value());
  check_all_at(memory, here);
  CHECK(memory.mail_account(there).value().taken == 1);
}

void traces(Memory& memory) {
  REQUIRE(memory.put_prekey(here, prekey(1, "half")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "state")));
  REQUIRE(memory.commit());
  memory.wipe_traces();  // nothing
  CHECK_FALSE(memory.has_traces());
  const auto leaves = [&](const Result<void>& done) {
    REQUIRE(done);
    REQUIRE(memory.commit());
    CHECK(memory.has_traces());
    memory.wipe_traces();
    CHECK_FALSE(memory.has_traces());
  };
  leaves(memory.put_mail_session(here, session(of_bob, 1, "advanced")));
  leaves(memory.close_oldest_session(here, bob));
  leaves(memory.put_prekey(here, prekey(1, "")));
  REQUIRE(memory.put_prekey(here, prekey(2, "half")));
  REQUIRE(memory.put_prekey(here, prekey(3, "half")));
  leaves(memory.erase_prekey(here, number(2)));
  leaves(memory.forget_old_mail(here, some_unix_s + 400 * day_s));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 4, "state")));
  leaves(memory.drop_mail(here, bob));
}

constexpr void (*contract[])(Memory&) = {account,    prekeys,    sessions, counts,    receipts,
                                         unopened,   accepting,  dropping, arrived,   deliveries,
                                         recipients, forgetting, replaced, not_mixed, traces};

// A commit that fails has undone all of it.
template <class Break>
void check_undone(Memory& memory, Break break_memory) {
  fill(memory);
  REQUIRE(memory.put_mail_account(here, {9, std::nullopt}));
  REQUIRE(memory.put_prekey(here, prekey(1, "")));
  REQUIRE(memory.put_prekey(here, prekey(2, "new")));
  REQUIRE(memory.put_mail_session(here, session(of_bob, 1, "advanced")));
  REQUIRE(memory.close_oldest_session(here, bob));
  REQUIRE(memory.receipt_covered(memory.owed_receipts(here).value().at(0).row));
  REQUIRE(memory.drop_arrived(memory.arrived(here).value().at(0).row));
  REQUIRE(memory.erase_delivery(here, 4, bob));
  REQUIRE(memory.put_mail_account(there, {9, std::nullopt}));  // a server's first
  REQUIRE(memory.accept_mail(here, bob));
  REQUIRE(memory.drop_mail(here, bob));
  REQUIRE(memory.forget_old_mail(here, some_unix_s + 400 * day_s));
  const auto mend = break_memory();
  CHECK_FALSE(memory.commit());
  mend();
  check_all_at(memory, here);
  check_none_at(memory, there);
  REQUIRE(memory.put_mail_account(some_id(3), {8, std::nullopt}));
  REQUIRE(memory.put_mail_account(there, {9, std::nullopt}));
  REQUIRE(memory.commit());
  CHECK(memory.mail_account(some_id(3)).value().taken == 8);
  CHECK(memory.mail_account(there).value().taken == 9);
}

}  // namespace

TEST_CASE("mail memory: contract, in memory") {
  for (auto part : contract) {
    FakeMemory memory;
    part(memory);
    CHECK(memory.commit());
  }
}

TEST_CASE("mail memory: contract, in a file") {
  for (auto part : contract) {
    TempFolder temp;
    auto store = open_store(temp.path());
    part(*store);
    CHECK(store->commit());
  }
}

TEST_CASE("mail memory: a commit that fails takes all back, in memory") {
  FakeMemory memory;
  check_undone(memory, [&] {
    memory.full = true;
    return [&] { memory.full = false; };
  });
  const auto backup = memory.backup();
  REQUIRE(memory.put_mail_account(here, {50, std::nullopt}));
  REQUIRE(memory.erase_prekey(here, number(1)));
  REQUIRE(memory.commit());
  memory.restore(backup);
  check_all_at(memory, here);
}

TEST_CASE("mail memory: a commit that fails takes all back, in a file") {
  TempFolder temp;
  open_store(temp.path());
  FaultyDisk disk(temp.path());
  auto store = open_store(temp.path());
  check_undone(*store, [&] {
    disk.always(FaultyDisk::Operation::write, FaultyDisk::Fault::full);
    return [&] { disk.mend(); };
  });
}
