// Keys are compared with crypto::equal, in constant time.
#include <keys_of_each_stage.h>

void misuse() {
  bool same = RootKey() == RootKey();
}
