// A key is not copied silently.
#include <keys_of_each_stage.h>

void misuse() {
  const RootKey a;
  RootKey b = a;
}
