// A key does not lose its stage.
#include <keys_of_each_stage.h>

void misuse() {
  Secret<32> secret = RootKey();
}
