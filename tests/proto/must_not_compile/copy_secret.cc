// A secret is not copied silently.
#include <keys_of_each_stage.h>

void misuse() {
  const Secret<32> a;
  Secret<32> b = a;
}
