// The store when the machine goes: a power cut at every point at which the disk changes, while texts come and the way to
// open the store changes. The store afterwards opens the old way or the new one, with all that was confirmed.
#include <sys/stat.h>

#include "client/store/store_fixture.h"
#include "support/faulty_disk.h"
#include "support/server_folder.h"

using namespace sims;
using namespace sims::test;
using client::Store;

namespace {

const client::PeerKey bob = peer(1, "bob");

class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed), disk_(folder_.path, seed) {
    store_ = open_store(folder_.path);
    id_ = store_->id();
    disk_.changed = [this] { images_.push_back(disk_.after_power_cut(random_)); };
  }
  ~Trial() {
    disk_.changed = [] {};
  }

  void run(int steps) {
    for (int n = 0; n < steps && wrong.empty(); ++n) {
      const State before = now_;
      change();
      for (const auto& image : std::exchange(images_, {}))
        verify(image, {before, now_});
      verify(disk_.after_power_cut(random_), {now_});  // what was confirmed stays
    }
  }
  void lie() { disk_.always(FaultyDisk::Operation::sync, FaultyDisk::Fault::lie); }

  std::string wrong;  // the first thing, in words
  int opened = 0;     // images

 private:
  struct State {
    std::shared_ptr<client::Derivation> passphrase;  // nullptr: none
    std::size_t texts = 0;
  };

  void change() {
    const auto what = random_.pick(8);
    if (what == 0 && now_.passphrase) {
      REQUIRE(store_->remove_passphrase());
      now_.passphrase.reset();
    } else if (what < 3) {
      const auto words = "passphrase " + std::to_string(++passphrases_);
      now_.passphrase = std::make_shared<client::Derivation>(SecretBytes(bytes_of(words)), ByteArray<16>{7},
                                                             crypto::ScryptCost{});
      now_.passphrase->run();
      REQUIRE(store_->set_passphrase(*now_.passphrase));
    } else {
      REQUIRE(store_->add(bob, entry(std::to_string(now_.texts))));
      REQUIRE(store_->commit());
      ++now_.texts;
    }
  }

  // Opens the image as one of the states.
  void verify(const FaultyDisk::Image& image, std::initializer_list<State> states) {
    if (!wrong.empty()) return;
    ++opened;
    Folder folder(in_memory());
    for (const auto& [name, bytes] : image) {
      if (name.ends_with("-shm")) continue;
      const auto path = folder.path + "/" + name;
      std::ofstream(path, std::ios::binary) << bytes;
      ::chmod(path.c_str(), 0600);
    }
    const auto store = Store::open(folder.path);
    if (!store) {
      wrong = store.error();
    } else if ((*store)->id() != id_) {
      wrong = "it is somebody else's";
    } else if (std::none_of(states.begin(), states.end(), [&](const State& s) { return is(**store, s); })) {
      wrong = "it does not open, or lacks a text";
    }
  }
  static bool is(Store& store, const State& state) {
    const auto lock = state.passphrase ? Store::Lock::passphrase : Store::Lock::none;
    if (store.lock_kind() != lock || (state.passphrase && !store.unlock(*state.passphrase))) return false;
    const auto rows = store.before(bob, 0, 1'000);
    return rows && rows->size() == state.texts;
  }

  Folder folder_{in_memory()};
  FixedRng random_;
  FaultyDisk disk_;
  std::unique_ptr<Store> store_;  // after the disk, which it needs at its end
  proto::Id id_;
  State now_;
  int passphrases_ = 0;
  std::vector<FaultyDisk::Image> images_;
};

}  // namespace

TEST_CASE("44: a power cut while a passphrase is set or removed leaves a store that opens, with every text") {
  int opened = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    CAPTURE(seed);
    Trial trial(seed);
    trial.run(40);
    CHECK(trial.wrong == "");
    opened += trial.opened;
  }
  CHECK(opened > 300);
  MESSAGE(opened << " states of the disk were opened");
}

TEST_CASE("a disk that says it has written what it has not is found out by the same trial of the store") {
  Trial trial(1);
  trial.lie();
  trial.run(40);
  CHECK(trial.wrong != "");
}
