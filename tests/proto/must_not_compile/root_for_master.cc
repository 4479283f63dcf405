// A root key does not confirm a handshake.
#include <keys_of_each_stage.h>

void misuse() {
  auto mac = confirm_responder(RootKey(), hash);
}
