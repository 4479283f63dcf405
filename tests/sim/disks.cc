// The disks of a run: when each fails and how, and opening stores on them after a restart.
#include "sim/disks.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

namespace sims::test {

namespace {

constexpr int attempts_while_failing = 2;
// So little that SQLite reads pages again and again.
constexpr sqlite3_int64 page_memory = 1'000;

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  ::chmod(path.c_str(), 0600);
}

bool is_of_sqlite(const std::string& name) {
  return name.find(".db") != name.npos;
}

FaultyDisk::Image files_now(const std::string& folder) {
  FaultyDisk::Image out;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    out[file.path().filename().string()].assign(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

}  // namespace

Disks::Disks(std::uint64_t seed)
    : random(seed), system_(random.next()), folder_(in_memory()), disk_(folder_.path, random.next()) {
  sqlite3_soft_heap_limit64(page_memory);
  mend();
}

Disks::~Disks() {
  sqlite3_soft_heap_limit64(0);
}

// --- places ---------------------------------------------------------------------------------------

Disks::Place::Place(Disks& disks, const std::string& name)
    : disks_(disks), name_(name), path_(disks.folder_.path + "/" + name + ".0") {
  ::mkdir(path_.c_str(), 0700);
}

void Disks::Place::end(Ending ending) {
  auto files = files_now(path_);
  if (ending == Ending::power_cut) {
    std::erase_if(files, [](const auto& one) { return is_of_sqlite(one.first); });
    files.merge(disks_.disk_.after_power_cut(disks_.random, path_));
  }
  old_ = path_;
  path_ = disks_.folder_.path + "/" + name_ + "." + std::to_string(++life_);
  ::mkdir(path_.c_str(), 0700);
  for (const auto& [name, content] : files)
    if (!name.ends_with("-shm")) write_file(path_ + "/" + name, content);
  if (disks_.failing_ == old_ + "/") disks_.failing_ = path_ + "/";
}

void Disks::Place::forget_old() {
  disks_.disk_.forget(old_);
  std::filesystem::remove_all(old_);
}

// --- failing --------------------------------------------------------------------------------------

void Disks::begin_failing(const Place& place) {
  using Operation = FaultyDisk::Operation;
  using Fault = FaultyDisk::Fault;
  constexpr std::pair<Operation, Fault> ways[] = {
      {Operation::write, Fault::full},     {Operation::write, Fault::torn}, {Operation::write, Fault::error},
      {Operation::sync, Fault::error},     {Operation::read, Fault::error}, {Operation::open, Fault::error},
      {Operation::truncate, Fault::error}, {Operation::read, Fault::error}, {Operation::read, Fault::error}};
  std::tie(operation_, kind_) = ways[random.pick(std::size(ways))];
  constexpr std::size_t rates[] = {1, 2, 5, 20};
  one_in_ = rates[random.pick(std::size(rates))];
  failing_ = place.path() + "/";
}

void Disks::lie(const Place& place) {
  operation_ = FaultyDisk::Operation::sync;
  kind_ = FaultyDisk::Fault::lie;
  one_in_ = 1 + random.pick(3);
  failing_ = place.path() + "/";
}

void Disks::mend() {
  failing_.clear();
  disk_.fault = [this](FaultyDisk::Operation operation, std::string_view path) {
    return fault(operation, path);
  };
}

FaultyDisk::Fault Disks::fault(FaultyDisk::Operation operation, std::string_view path) {
  if (failing_.empty() || operation != operation_ || !path.starts_with(failing_) || random.pick(one_in_) != 0)
    return FaultyDisk::Fault::none;
  ++failures_;
  constexpr const char* operations[] = {"open", "read", "write", "truncate", "sync", "remove"};
  constexpr const char* kinds[] = {"works", "full", "torn", "error", "lie"};
  tell(std::string(operations[static_cast<int>(operation)]) + " " + kinds[static_cast<int>(kind_)] +
       std::string(path.substr(folder_.path.size())));
  return kind_;
}

// --- opening --------------------------------------------------------------------------------------

template <class Open>
auto Disks::open(Open open, std::string& wrong) {
  for (int attempt = 0; failing() && attempt < attempts_while_failing; ++attempt) {
    auto opened = open();
    if (opened) return std::move(*opened);
    if (opened.error().empty()) wrong += "it does not open, without a word\n";
  }
  const Working working(*this);
  auto opened = open();
  if (opened) return std::move(*opened);
  wrong += opened.error() + "\n";
  return std::remove_reference_t<decltype(*opened)>();
}

std::unique_ptr<client::Store> Disks::open_store(Place& place, std::string& wrong) {
  return open(
      [&]() -> Result<std::unique_ptr<client::Store>> {
        auto store = client::Store::open(place.path());
        if (!store || (*store)->read_only().empty()) return store;
        return fail((*store)->read_only());
      },
      wrong);
}

std::unique_ptr<server::SqliteAccounts> Disks::open_accounts(Place& place, std::string& wrong) {
  return open([&] { return server::SqliteAccounts::open(place.path() + "/accounts.db"); }, wrong);
}

std::unique_ptr<server::SqliteMailbox> Disks::open_mail(Place& place, std::function<void()> wake,
                                                        std::string& wrong) {
  return open([&] { return server::SqliteMailbox::open(place.path() + "/mail.db", {}, wake); }, wrong);
}

}  // namespace sims::test
