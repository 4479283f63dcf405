// The client's data on disk: one SQLite file `store.db` (0600) in one folder (0700). Each row is
// sealed under a key that a passphrase, a key file, or nothing protects (store/seal.h says how).
// `lock` beside it is held by the one program that may connect and write; reading needs no lock. A
// folder of the older layout (identity, known_servers, known_peers, settings) is imported once and
// its files are removed.
//
// Writes are gathered. They last from commit() or save() on, and are undone if that fails, if a
// write before it failed, or if the Store dies first. Functions that say so save by themselves. A
// file that others may read, that is damaged, or that a newer version made is refused in words and
// never overwritten. Belongs to one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "client/model/effects.h"
#include "client/model/memory.h"
#include "client/store/check.h"
#include "client/store/derivation.h"
#include "client/store/history_search.h"
#include "crypto/sign.h"

namespace sims::client {

struct Settings {
  std::string server, name, suite;  // empty: not remembered
};

struct KnownPeer {
  Id server;
  std::string name;
  PinnedPeer pinned;
};

class Store final : public Memory {
 public:
  enum class Lock { none, passphrase, key_file };  // how it is opened

  // Makes the folder and the store (Lock::none, a new identity) if they are missing.
  // `state_folder`: where to note the generation at the last use, for restored(); empty: nowhere.
  static Result<std::unique_ptr<Store>> open(const std::string& folder, const std::string& state_folder = {});
  ~Store() override;

  // --- while locked, too
  Lock lock_kind() const;
  bool unlocked() const;  // at once with Lock::none
  const Id& id() const;
  const std::string& folder() const;
  bool made_identity() const;  // by this open()
  // The file is older than at its last use: a backup was restored. (Not noticed if nearly nothing
  // was written between the copy and a crash.)
  bool restored() const;
  // Why the file can only be read, as on a read-only or full disk; empty: it can be written.
  const std::string& read_only() const;
  // True if no other program holds the store, and the last holder ended unclean (killed, a power
  // cut) or the last good check is a week old.
  bool check_due(std::int64_t unix_ms) const;
  std::unique_ptr<StoreCheck> check() const;                   // a job for another thread
  void checked(const StoreCheck& done, std::int64_t unix_ms);  // records a check that found it whole
  // Takes `lock`: one program at a time may connect and write. Reads again what another program may
  // have written before. Every write does this by itself. Idempotent; held until this object dies.
  Result<void> hold();
  Result<bool> try_hold();  // false: another program has it
  Result<void> commit() override;
  bool in_doubt() const override;
  // commit() for callers other than the core. If it fails, and so undoes the core's writes, the
  // core's own commit() fails, too.
  Result<void> save();

  // Derives a key from a passphrase: call run() on another thread, then pass it to unlock().
  std::unique_ptr<Derivation> derivation(SecretBytes passphrase) const;  // for unlock()
  Result<void> unlock(const Derivation& done);  // a wrong passphrase is an error, even if it is open
  Result<void> unlock_with_file(const std::string& path);
  void lock();  // wipes every key; ends the use of identity()

  // --- while unlocked. The first three save; they wrap the same master key again, so that a copy of the file
  // from before still opens the way it did.
  std::unique_ptr<Derivation> new_derivation(SecretBytes passphrase) const;  // for set_passphrase()
  Result<void> set_passphrase(const Derivation& done);
  Result<void> set_key_file(const std::string& path);  // made if it is missing
  Result<void> remove_passphrase();                    // Lock::none
  const crypto::SigningKey& identity() const;          // at one address until lock()

  // Named values of a screen or script: drafts, input history, open windows.
  std::optional<std::string> get(const std::string& key);
  Result<void> put(const std::string& key, std::string_view value);
  Result<void> erase(const std::string& key);
  const Settings& settings() const;
  Result<void> save_settings(const Settings& settings);

  // --- Memory. Any spelling of a HOST[:PORT] finds the server (Endpoint).
  std::optional<PinnedServer> server(const std::string& host_port) override;
  Result<void> pin_server(const std::string& host_port, const PinnedServer& server) override;
  Result<bool> replace_server(const std::string& host_port, const PinnedServer& server) override;
  std::map<std::string, PinnedPeer> peers(const Id& server) override;
  Result<void> pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) override;
  Result<void> forget_peer(const Id& server, const std::string& name) override;
  Result<void> forget_server(const std::string& host_port);  // the pin only: its peers stay
  std::vector<KnownPeer> all_peers() const;

  Result<std::uint64_t> add(const PeerKey& peer, const HistoryEntry& entry) override;
  Result<void> set_delivery(std::uint64_t row, Delivery delivery, const std::string& why, bool left) override;
  Result<std::uint64_t> put_last(const PeerKey& peer, const HistoryEntry& entry) override;
  bool seen(const PeerKey& peer, const Id& author, const std::string& uid) override;
  Result<bool> look_up(const PeerKey& peer, const Id& author, const std::string& uid) override;
  std::optional<LastText> last_from(const PeerKey& peer, const Id& author) override;
  std::optional<LastText> last_to(const PeerKey& peer, const Id& id) override;
  Result<std::vector<HistoryEntry>> before(const PeerKey& peer, std::uint64_t row, std::size_t most) override;
  std::size_t unread(const PeerKey& peer, std::uint64_t row) override;
  Result<std::map<std::string, std::vector<HistoryEntry>>> outbox(const Id& server) override;
  Result<std::map<std::string, std::vector<HistoryEntry>>> waiting(const Id& server) override;
  Result<void> erase_history(const PeerKey& peer) override;

  // --- MailMemory (store_mail.cc)
  Result<MailAccount> mail_account(const Id& server) override;
  Result<void> put_mail_account(const Id& server, const MailAccount& account) override;
  Result<std::vector<OwnPrekey>> prekeys(const Id& server) override;
  Result<std::optional<OwnPrekey>> prekey(const Id& server, const proto::PrekeyNumber& number) override;
  Result<void> put_prekey(const Id& server, const OwnPrekey& prekey) override;
  Result<void> erase_prekey(const Id& server, const proto::PrekeyNumber& number) override;
  Result<std::optional<MailSessionRow>> mail_session(const Id& server, const MailSessionKey& key) override;
  Result<void> put_mail_session(const Id& server, const MailSessionRow& session) override;
  Result<void> close_oldest_session(const Id& server, const Id& sender) override;
  Result<MailCounts> mail_counts(const Id& server, const Id& sender,
                                 const proto::PrekeyNumber& number) override;
  Result<void> count_agreement(const Id& server, const proto::PrekeyNumber& number, bool stranger) override;
  Result<std::optional<MailReceipt>> receipt(const Id& server, const MailSessionKey& session,
                                             std::uint64_t m) override;
  Result<void> put_receipt(const Id& server, const MailReceipt& receipt) override;
  Result<std::vector<OwedReceipt>> owed_receipts(const Id& server, std::uint64_t after = 0) override;
  Result<void> receipt_covered(std::uint64_t row) override;
  Result<bool> owe_unopened(const Id& server, const Id& sender, const crypto::Digest& token,
                            const std::string& message, std::int64_t unix_s) override;
  Result<void> accept_mail(const Id& server, const Id& sender) override;
  Result<void> drop_mail(const Id& server, const Id& sender) override;
  Result<std::uint64_t> add_arrived(const Id& server, const ArrivedLetter& letter) override;
  Result<std::vector<ArrivedLetter>> arrived(const Id& server) override;
  Result<void> drop_arrived(std::uint64_t row) override;
  Result<std::vector<MailDelivery>> deliveries(const Id& server) override;
  Result<void> put_delivery(const Id& server, const MailDelivery& delivery) override;
  Result<void> erase_delivery(const Id& server, std::uint64_t row, const Id& to) override;
  Result<void> forget_old_mail(const Id& server, std::int64_t unix_s) override;
  std::string take_damage() override;
  bool has_traces() const override;
  void wipe_traces() override;

  Result<std::vector<PeerKey>> conversations();  // those with any history
  // Oldest first; stops when f returns false.
  Result<void> each(const PeerKey& peer, const std::function<bool(const HistoryEntry&)>& f);
  // A job for another thread that searches the committed history of one peer, or of all.
  std::unique_ptr<HistorySearch> search(std::optional<PeerKey> peer, std::string text,
                                        std::size_t most) const;

  struct Parts;  // for store/*.cc alone

 private:
  explicit Store(std::unique_ptr<Parts> parts);
  Result<void> open_with(Secret<32> key);
  void lock_parts();
  Result<void> change_lock(Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                           std::string_view wrapped);
  // Runs f, a Result, while unlocked; its error then names the file.
  template <class F>
  auto read(F f) -> decltype(f()) {
    if (!unlocked()) return fail("the store is locked");
    auto done = f();
    if (!done) return fail(in_file(done.error()));
    return done;
  }
  std::string in_file(const std::string& why) const;
  Result<bool> any_texts_or_letters(const Id& server);

  std::unique_ptr<Parts> parts_;
};

}  // namespace sims::client
