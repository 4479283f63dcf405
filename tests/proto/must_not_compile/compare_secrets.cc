// Secrets are compared with crypto::equal, in constant time.
#include <keys_of_each_stage.h>

void misuse() {
  bool same = Secret<32>() == Secret<32>();
}
