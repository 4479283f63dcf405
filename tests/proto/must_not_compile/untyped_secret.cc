// Bytes of no stage are no key.
#include <keys_of_each_stage.h>

void misuse() {
  MessageKeys keys{Secret<32>()};
}
