// A master secret is not the root of a ratchet.
#include <keys_of_each_stage.h>

void misuse() {
  RsaChains chains(Role::initiator, MasterSecret());
}
