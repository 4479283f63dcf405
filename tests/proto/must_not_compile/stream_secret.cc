// A secret is not printed to a stream.
#include <keys_of_each_stage.h>

void misuse() {
  std::cout << Secret<32>();
}
