// Each key where it belongs: this compiles, so the others fail by their misuse alone.
#include <keys_of_each_stage.h>

void use() {
  Chain chain{ChainKey(), 0};
  MessageKeys keys{MessageKey()};
  auto mac = ack_verification(AckKey(), src, dst, 1, hash);
  RsaChains chains(Role::initiator, RootKey());
  auto confirm = confirm_responder(MasterSecret(), hash);
  SecureSender sender{SecureChainKey()};
  RootKey a, b = a.clone(), c = std::move(a);
  Secret<32> d, e = d.clone(), f = std::move(d);
  bool same = crypto::equal(b.view(), c.view()) && crypto::equal(e.view(), f.view());
  std::cout << fmt::format("{}", same);
}
