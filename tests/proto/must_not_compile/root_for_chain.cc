// A root key is not a chain key.
#include <keys_of_each_stage.h>

void misuse() {
  Chain chain{RootKey(), 0};
}
