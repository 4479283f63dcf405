// A chain key does not open a message.
#include <keys_of_each_stage.h>

void misuse() {
  MessageKeys keys{ChainKey()};
}
