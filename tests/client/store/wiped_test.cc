// After lock() no key is left in memory. The test searches all pages that this process may write
// to.
#include <sys/wait.h>
#include <unistd.h>

#include "client/store/seal.h"
#include "client/store/store_fixture.h"
#include "crypto/kdf.h"
#include "support/process_memory.h"

using namespace sims;
using namespace sims::test;
using client::Store;

namespace {

struct Secrets {
  Bytes master, seed, rows, tags, derived;
};

Secrets secrets_of(const std::string& folder, Store& store, std::string_view passphrase) {
  Secrets out;
  auto db = raw(folder);
  sqlite::Statement row(db, "SELECT salt, master FROM store");
  REQUIRE(row.step() == true);
  Secret<32> under;
  REQUIRE(crypto::scrypt(bytes_of(passphrase), row.blob(0), {}, under.writable()));
  const auto master = client::unwrap_master(text_of(row.blob(1)), under.view(), store.id().text());
  REQUIRE(master);
  out.derived = masked(under.view());
  out.master = masked(master->view());
  out.seed = masked(store.identity().seed());
  // Half of a Fernet key. The other half is an HMAC key, of which only the hashed pads are kept.
  out.rows = masked(crypto::hkdf<32>({}, master->view(), "SIMS store 1 rows").part(16, 16));
  out.tags = masked(crypto::hkdf<32>({}, master->view(), "SIMS store 1 tags").view());
  return out;
}

void use(Store& store) {
  REQUIRE(store.pin_peer(some_id(1), "bob", {some_id(2), false, 1}));
  REQUIRE(store.add(peer(1, "bob"), entry("hello")));
  REQUIRE(store.put("draft", "half a"));
  REQUIRE(store.commit());
  CHECK(store.before(peer(1, "bob"), 0, 9)->size() == 1);
  auto search = store.search(std::nullopt, "HELLO", 9);
  search->run();
  CHECK(search->hits.size() == 1);
}

void check_gone(const Secrets& secrets) {
  CHECK(copies(secrets.master) == 0);
  CHECK(copies(secrets.seed) == 0);
  CHECK(copies(secrets.rows) == 0);
  CHECK(copies(secrets.tags) == 0);
  CHECK(copies(secrets.derived) == 0);
}

}  // namespace

TEST_CASE("store: a key that is in memory is found there") {
  Secret<32> secret;
  FixedRng rng(77);
  rng.fill(secret.writable());
  const Bytes hidden = masked(secret.view());
  CHECK(copies(hidden) > 0);
  secret.clear();
  CHECK(copies(hidden) == 0);
}

TEST_CASE("store: after lock() its keys are nowhere in memory") {
  TempFolder temp;
  {
    const pid_t child = ::fork();  // so that the key lay open in another process
    if (child == 0) {
      auto made = Store::open(temp.path());
      client::Derivation work(SecretBytes(bytes_of("one")), ByteArray<16>{7}, crypto::ScryptCost{});
      work.run();
      ::_exit(made && (*made)->set_passphrase(work) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
  }
  auto store = open_store(temp.path());
  unlock(*store, "one");
  use(*store);
  const Secrets secrets = secrets_of(temp.path(), *store, "one");
  CHECK(copies(secrets.master) > 0);
  CHECK(copies(secrets.seed) > 0);
  store->lock();
  check_gone(secrets);
}

TEST_CASE("store: after lock(), also if its key was in clear before") {
  TempFolder temp;
  auto store = open_store(temp.path());
  use(*store);
  set_passphrase(*store, "one");
  const Secrets secrets = secrets_of(temp.path(), *store, "one");
  store->lock();
  check_gone(secrets);
}
