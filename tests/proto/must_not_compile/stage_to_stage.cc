// A key is not made from the key of another stage.
#include <keys_of_each_stage.h>

void misuse() {
  ChainKey key{RootKey()};
}
