// Vault: reads the head row, unlocks and locks the keys, and compares the generation with its note.
#include "client/store/vault.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "os/files.h"

namespace sims::client {

namespace {
constexpr std::size_t max_note = 64;
constexpr std::int64_t max_generations = std::int64_t{1} << 48;  // more than any program is started
}  // namespace

Result<void> Vault::read_head() {
  sqlite::Statement row(file_.db, "SELECT id, generation, lock, salt, n, r, p, master, identity FROM store");
  auto there = row.step();
  if (!there) return fail(file_.in_file(there.error()));
  const auto id = *there ? Id::shaped(row.text(0)) : std::nullopt;
  const auto generation = row.number(1), kind = row.number(2);
  const crypto::ScryptCost cost{static_cast<std::uint64_t>(row.number(4)),
                                static_cast<std::uint32_t>(row.number(5)),
                                static_cast<std::uint32_t>(row.number(6))};
  if (!id || generation < 0 || generation > max_generations || kind < 0 || kind > 2 ||
      row.blob(3).size() != head_.salt.size() || !crypto::acceptable(cost))
    return fail(file_.damaged("its heading is not valid"));
  head_.id = *id;
  head_.generation = generation;
  head_.lock = static_cast<Store::Lock>(kind);
  std::memcpy(head_.salt.data(), row.blob(3).data(), head_.salt.size());
  head_.cost = cost;
  head_.master = SecretBytes(row.blob(7));
  head_.identity = row.text(8);
  return {};
}

// Without a readable note nothing is known, so nothing is reported.
void Vault::compare_with_note() {
  if (note_.empty() || !file_exists(note_)) return;
  const auto text = read_private_file(note_, max_note);
  if (!text) return;
  std::int64_t newest = 0;
  std::from_chars(text->data(), text->data() + text->size(), newest);
  if (newest <= head_.generation || newest > max_generations) return;
  restored_ = true;
  head_.generation = newest;
}

void Vault::make(const Secret<32>& master) {
  sealer_.emplace(master.view(), crypto::system_rng());
}

Result<void> Vault::unlock(Secret<32> key) {
  sealer_.emplace(key.view(), crypto::system_rng());
  const auto seed = sealer_->open("identity", head_.identity);
  if (!seed || seed->size() != Secret<32>::size()) {
    sealer_.reset();
    return fail(file_.damaged("the identity does not open"));
  }
  auto own = crypto::SigningKey::from_seed(bytes_of(*seed));
  if (Id::of(own.public_key()) != head_.id) {
    sealer_.reset();
    return fail(file_.damaged("the identity is another"));
  }
  identity_.emplace(std::move(own));
  master_.emplace(std::move(key));
  return {};
}

void Vault::lock() {
  sealer_.reset();
  master_.reset();
  identity_.reset();
}

Result<void> Vault::wrap(Store::Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                         std::string_view wrapped) {
  return sqlite::Statement(file_.db, "UPDATE store SET lock = ?, salt = ?, n = ?, r = ?, p = ?, master = ?",
                           static_cast<int>(lock), salt, cost.n, static_cast<std::uint64_t>(cost.r),
                           static_cast<std::uint64_t>(cost.p), bytes_of(wrapped))
      .run();
}

Result<void> Vault::count_up() {
  ++head_.generation;
  return sqlite::Statement(file_.db, "UPDATE store SET generation = ?", head_.generation).run();
}

// If the note cannot be written (no space, no permission), a backup is not noticed. That must not
// stop the program.
void Vault::note_down() const {
  if (const auto slash = note_.rfind('/'); slash != note_.npos && make_private_folder(note_.substr(0, slash)))
    static_cast<void>(write_private_file(note_, fmt::format("{}\n", head_.generation)));
}

}  // namespace sims::client
