// A damaged mail.db: it is found where it is read, what can be read is moved to a new file, and letters go on.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "os/files.h"
#include "server/mailbox/mail_fixture.h"
#include "support/faulty_disk.h"
#include "support/fixed_rng.h"

namespace sims {
namespace {

using namespace sims::test;
using server::PutFate;

constexpr std::size_t page = 4'096;
constexpr std::uint32_t owners = 5, letters = 600;

std::string text_of_letter(std::uint32_t n) {
  auto out = "letter " + std::to_string(n) + ".";
  out.resize(700, 'x');
  return out;
}

std::string file_of(const OnDisk& disk) {
  const auto file = read_file(disk.path, 1 << 26);
  REQUIRE(file);
  return *file;
}

// The pages of a kind (the first byte of a B-tree's page) that hold this.
enum Kind { table_leaf = 0x0d, index_leaf = 0x0a, table_interior = 0x05 };
std::vector<std::size_t> pages(const std::string& file, Kind kind, std::string_view holding) {
  std::vector<std::size_t> out;
  for (std::size_t at = page; at < file.size(); at += page) {
    const std::string_view one(file.data() + at, page);
    if (one[0] == kind && one.find(holding) != one.npos) out.push_back(at / page);
  }
  return out;
}

// Letters of all owners in turn, prekeys and counts; closed.
void fill(OnDisk& disk) {
  Asker box(disk);
  for (std::uint32_t n = 0; n < owners; ++n) {
    box.put(letter(n, 90, "taken"));
    box.strike(n, {hash_of("taken")});
  }
  for (std::uint32_t n = 0; n < letters; ++n)
    disk.owned->put(1'000 + n, letter(n % owners, 50 + n % 7, text_of_letter(n)), a_time);
  disk.run();
  all_answers(*disk.owned);
  box.publish(1, prekeys(1, 10));
  disk.owned.reset();
}

void overwrite(const OnDisk& disk, std::size_t number, std::size_t from = 0, std::size_t size = page) {
  std::fstream file(disk.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(number * page + from));
  file << std::string(size, '\x5a');
}

std::vector<std::string> set_aside(const OnDisk& disk) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(disk.folder.path))
    if (entry.path().filename().string().starts_with("mail.db.damaged-")) out.push_back(entry.path());
  return out;
}

// The letters that are there, whose order is checked.
std::set<std::uint32_t> there(Asker<OnDisk>& box) {
  std::set<std::uint32_t> out;
  for (std::uint32_t owner = 0; owner < owners; ++owner) {
    const auto taken = box.take(owner);
    CHECK_FALSE(taken.failed);
    std::uint32_t before = 0;
    for (const auto& item : taken.items) {
      const auto n = static_cast<std::uint32_t>(std::stoul(item.bytes.substr(7)));
      CHECK(item.bytes == text_of_letter(n));
      CHECK(n >= before);
      before = n;
      out.insert(n);
    }
    CHECK(box.summary(owner).letters == taken.items.size());
  }
  return out;
}

TEST_CASE("52: a damaged page costs the letters that it holds, and no others") {
  OnDisk disk;
  fill(disk);
  const auto file = file_of(disk);
  const auto hurt = pages(file, table_leaf, "letter 300.").at(0);
  std::size_t in_page = 0;
  for (std::uint32_t n = 0; n < letters; ++n)
    in_page += std::string_view(file).substr(hurt * page, page).find("letter " + std::to_string(n) + ".") !=
               std::string::npos;
  overwrite(disk, hurt);
  disk.open();
  CHECK(disk.owned->stats().trouble == "");  // nobody has looked
  Asker box(disk);
  const auto left = there(box);
  CHECK(left.size() == letters - in_page);
  CHECK_FALSE(left.contains(300));
  CHECK(disk.owned->stats().letters == left.size());
  CHECK(disk.owned->stats().trouble == "");
  CHECK(box.status(1).taken == 1);
  CHECK(box.status(1).left.empty());  // one of them might have been handed out
  CHECK_FALSE(box.status(1).last);
  const auto last = box.take(1).items.back().number;
  CHECK(box.fate(letter(1, 50, text_of_letter(letters + 1))) == PutFate::stored);
  CHECK(box.take(1).items.back().number > last);
  const auto aside = set_aside(disk);
  REQUIRE(aside.size() == 1);
  CHECK(read_file(aside[0], 1 << 26)->substr(0, page) == file.substr(0, page));
  CHECK_FALSE(file_exists(server::rescue_path(disk.path)));
  disk.open();
  CHECK(there(box).size() == left.size() + 1);
  CHECK(set_aside(disk).size() == 1);
}

TEST_CASE("52: a letter whose bytes have changed is not given") {
  OnDisk disk;
  fill(disk);
  const auto file = file_of(disk);
  const auto at = file.find("letter 300.");
  overwrite(disk, at / page, at % page + 20, 1);
  disk.open();
  Asker box(disk);
  CHECK(there(box).size() == letters - 1);
}

TEST_CASE("52: damage in the indexes and in the table of ids costs no letter") {
  for (const auto kind : {index_leaf, table_leaf}) {
    CAPTURE(kind);
    OnDisk disk;
    fill(disk);
    const auto file = file_of(disk);
    std::vector<std::size_t> hurt;
    std::uint32_t n = 300;
    if (kind == table_leaf) hurt = pages(file, kind, text_of(server::packed(id(3))));
    for (; hurt.empty(); ++n)  // one that is no key of an inner page
      hurt = pages(file, kind, text_of(hash_of(text_of_letter(n))));
    REQUIRE(hurt.size() == 1);
    overwrite(disk, hurt[0]);
    disk.open();
    Asker box(disk);
    box.put(letter((n - 1) % owners, 50, text_of_letter(n - 1)));  // looks for its hash
    CHECK(box.fate(letter(3, 50, text_of_letter(letters + 3))) == PutFate::stored);
    CHECK(there(box).size() == letters + 1);
    CHECK(set_aside(disk).size() == 1);
  }
}

TEST_CASE("52: while a damaged file is mended letters are taken, and given behind those before them") {
  OnDisk disk;
  fill(disk);
  const auto file = file_of(disk);
  overwrite(disk, pages(file, table_leaf, "letter 301.").at(0));
  disk.open();
  auto& mailbox = *disk.owned;
  mailbox.take(1, id(1), 0, 1'000, 1 << 30);
  CHECK(mailbox.read());
  CHECK(mailbox.take_answers().empty());
  CHECK(mailbox.change());
  CHECK(mailbox.stats().trouble == "mail.db is damaged: what can be read is being moved to a new file");
  mailbox.put(2, letter(1, 50, "new"), a_time);
  mailbox.put(3, letter(4, 50 + 599 % 7, text_of_letter(599)), a_time);  // again: not moved yet
  mailbox.strike(4, id(1), given({hash_of(text_of_letter(1)), hash_of(text_of_letter(596))}));
  mailbox.backup(5, disk.path + ".copy");
  CHECK(mailbox.change());
  CHECK(mailbox.copy());
  CHECK_FALSE(mailbox.read());
  const auto early = mailbox.take_answers();
  REQUIRE(early.size() == 3);
  CHECK(std::get<server::PutAnswer>(early[0]).fate == PutFate::stored);
  CHECK(std::get<server::PutAnswer>(early[1]).fate == PutFate::stored);
  CHECK(std::get<server::DoneAnswer>(early[2]).error != "");
  disk.run();
  const auto late = mailbox.take_answers();
  REQUIRE(late.size() == 2);
  for (const auto& answer : late)
    if (const auto* taken = std::get_if<server::TakeAnswer>(&answer)) {
      REQUIRE_FALSE(taken->items.empty());
      CHECK(taken->items.back().bytes == "new");
    }
  Asker box(disk);
  CHECK(box.status(1).taken == 3);
  CHECK(box.take(4).items.back().bytes == text_of_letter(599));  // once, where it was
  CHECK(box.summary(4).letters == box.take(4).items.size());
}

// The folder as a kill -9 leaves it, opened in another place.
std::set<std::uint32_t> after_kill(const OnDisk& disk) {
  Folder folder(in_memory());
  std::filesystem::remove(folder.path);
  std::filesystem::copy(disk.folder.path, folder.path, std::filesystem::copy_options::recursive);
  std::filesystem::remove(folder.path + "/mail.db-shm");
  std::filesystem::remove(folder.path + "/mail.db.rescue-shm");
  OnDisk other(folder.path + "/mail.db");
  other.run();
  CHECK(other.owned->stats().trouble == "");
  Asker box(other);
  return there(box);
}

TEST_CASE("52: a restart in the middle of it goes on, wherever that is") {
  OnDisk disk;
  fill(disk);
  const auto file = file_of(disk);
  overwrite(disk, pages(file, table_leaf, "letter 300.").at(0));
  disk.open();
  disk.owned->take(1, id(0), 0, 1'000, 1 << 30);
  CHECK(disk.owned->read());
  std::uint32_t next = letters;
  std::set<std::uint32_t> left;
  for (bool more = true; more; ++next) {
    disk.owned->put(next, letter(next % owners, 50, text_of_letter(next)), a_time);
    more = disk.owned->change();
    const auto found = after_kill(disk);
    if (left.empty()) left = found;
    CHECK(std::ranges::includes(found, left));
    CHECK(found.contains(next));
    left = found;
  }
  CHECK(next >= letters + 3);
  // Killed between its last two steps.
  REQUIRE(std::filesystem::exists(disk.path));
  disk.owned.reset();
  std::filesystem::rename(disk.path, server::rescue_path(disk.path));
  disk.open();
  disk.run();
  all_answers(*disk.owned);
  Asker box(disk);
  CHECK(there(box) == left);
}

TEST_CASE("52: a power cut in the middle of it loses no letter that was taken meanwhile") {
  OnDisk disk;
  fill(disk);
  overwrite(disk, pages(file_of(disk), table_leaf, "letter 300.").at(0));
  FixedRng random(11);
  FaultyDisk faulty(disk.folder.path);
  std::vector<FaultyDisk::Image> images;
  int changes = 0;
  disk.open();
  disk.owned->take(1, id(0), 0, 1'000, 1 << 30);
  CHECK(disk.owned->read());
  faulty.changed = [&] {
    if (++changes % 5 == 0) images.push_back(faulty.after_power_cut(random));
  };
  std::set<std::uint32_t> stored;
  int opened = 0;
  for (std::uint32_t next = letters;; ++next) {
    disk.owned->put(next, letter(next % owners, 50, text_of_letter(next)), a_time);
    disk.owned->change();
    // The renames at the end are not the faulty disk's to see.
    if (!file_exists(server::rescue_path(disk.path))) break;
    const auto observer = std::exchange(faulty.changed, [] {});
    const auto verify = [&](const FaultyDisk::Image& image) {
      ++opened;
      Folder folder(in_memory());
      for (const auto& [name, content] : image)
        if (!name.ends_with("-shm")) std::ofstream(folder.path + "/" + name, std::ios::binary) << content;
      OnDisk other(folder.path + "/mail.db");
      Asker box(other);
      const auto found = there(box);
      CHECK(std::ranges::includes(found, stored));
      CHECK(found.size() > letters - 10);
    };
    for (const auto& image : std::exchange(images, {}))
      verify(image);
    stored.insert(next);
    verify(faulty.after_power_cut(random));
    faulty.changed = observer;
  }
  faulty.changed = [] {};
  CHECK(stored.size() >= 2);
  CHECK(opened > 20);
  disk.owned.reset();
}

TEST_CASE("52: while a full disk holds up a rescue, nothing is said to be stored or lost") {
  OnDisk disk;
  fill(disk);
  overwrite(disk, pages(file_of(disk), table_leaf, "letter 300.").at(0));
  FaultyDisk faulty(disk.folder.path);
  disk.open();
  Asker box(disk);
  disk.owned->take(1, id(0), 0, 1'000, 1 << 30);
  disk.owned->read();
  faulty.always(FaultyDisk::Operation::write, FaultyDisk::Fault::full);
  for (int n = 0; n < 3; ++n) {
    CHECK(box.put(letter(1, 50, "refused")).fate == PutFate::failed);
    CHECK(disk.owned->stats().trouble.find("full") != std::string::npos);
  }
  faulty.mend();
  disk.owned->expire(2, a_time);
  disk.run();
  CHECK(disk.owned->take_answers().size() == 2);
  CHECK(there(box).size() > letters - 10);
  CHECK(disk.owned->stats().trouble == "");
  disk.owned.reset();
}

TEST_CASE("52: any page may be damaged, and the server goes on") {
  OnDisk disk;
  fill(disk);
  const auto file = file_of(disk);
  // Only the root of the table leads to its letters.
  const auto root = [&] {
    auto db = sqlite::Database::open(disk.path);
    REQUIRE(db);
    return static_cast<std::size_t>(
        db->number("SELECT rootpage FROM sqlite_schema WHERE name = 'mail'").value());
  }();
  FixedRng random(3);
  for (std::size_t number = 1; number < file.size() / page; number += 3) {
    CAPTURE(number);
    OnDisk other;
    other.owned.reset();
    std::ofstream(other.path, std::ios::binary) << file;
    if (number % 2 == 0)
      overwrite(other, number);
    else
      overwrite(other, number, random.pick(page - 64), 64);
    other.open();
    Asker box(other);
    const auto put = box.put(letter(1, 50, text_of_letter(letters + 1)));
    CHECK((put.fate == PutFate::stored || put.fate == PutFate::known));
    box.claim(1, 9);
    box.expire(a_time);
    CHECK(there(box).contains(letters + 1));
    CHECK((number + 1 == root || there(box).size() > letters / 2));
    CHECK(box.fate(letter(2, 50, text_of_letter(letters + 2))) == PutFate::stored);
    CHECK(other.owned->stats().trouble == "");
  }
}

}  // namespace
}  // namespace sims
