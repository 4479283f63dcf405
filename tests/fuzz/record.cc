// Fuzz target `record`: any bytes as the fields of a stored row, and fields written and read back.
#include "client/store/record.h"

#include "fuzz/fuzz.h"

namespace sims::fuzz {
namespace {

// Reads the kinds of fields that the plan names. Returns the number of bytes that they took.
std::size_t read(client::RecordReader& reader, std::string_view plan) {
  std::size_t got = 0;
  for (const char what : plan) {
    if (what % 3 == 0)
      reader.number(), got += 8;
    else if (what % 3 == 1)
      got += 4 + reader.text().size();
    else
      got += reader.rest().size();
  }
  return got;
}

void run(ByteView input) {
  Source source(input);
  const std::string plan = source.text(), bytes = source.rest();
  client::RecordReader reader(bytes);
  const std::size_t got = read(reader, plan);
  HOLDS(!reader.ok() || got == bytes.size());
  HOLDS(!reader.ok() || reader.rest().empty());

  client::RecordWriter writer;
  const std::string_view half = std::string_view(bytes).substr(bytes.size() / 2);
  writer.number(got).text(bytes).text("").number(0).rest(half);
  client::RecordReader again(writer.view());
  HOLDS(again.number() == got && again.text() == bytes && again.text().empty() && again.number() == 0);
  HOLDS(again.rest() == half && again.ok());
}

std::vector<std::string> seeds() {
  client::RecordWriter writer;
  writer.number(7).text("bob").text("a text").number(1'700'000'000'123).rest("the end");
  const std::string bytes(writer.view());
  return {sized(std::string("\0\1\1\0\2", 5)) + bytes, sized("\1\1\1\1") + bytes, sized("\2") + bytes,
          sized("\1") + std::string(4, '\xff') + "x"};
}

const Register registered({"record", run, seeds, 10'000});

}  // namespace
}  // namespace sims::fuzz
