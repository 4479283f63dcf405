// A master secret does not seal SECURE's frames.
#include <keys_of_each_stage.h>

void misuse() {
  SecureSender sender{MasterSecret()};
}
