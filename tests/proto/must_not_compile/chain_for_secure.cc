// A chain key between clients does not seal SECURE's frames.
#include <keys_of_each_stage.h>

void misuse() {
  SecureSender sender{ChainKey()};
}
