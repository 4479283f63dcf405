// A secret is not printed by fmt.
#include <keys_of_each_stage.h>

void misuse() {
  auto text = fmt::format("{}", Secret<32>());
}
