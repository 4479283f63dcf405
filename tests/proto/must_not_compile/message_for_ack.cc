// A message key is not the key of its ack.
#include <keys_of_each_stage.h>

void misuse() {
  auto mac = ack_verification(MessageKey(), src, dst, 1, hash);
}
