#include "fuzz/vectors.h"

#include "support/vectors.h"

namespace sims::fuzz {
namespace {

void add_strings(const rapidjson::Value& value, std::string_view beginning, std::vector<std::string>& out) {
  if (value.IsString()) {
    const std::string_view text(value.GetString(), value.GetStringLength());
    if (text.size() > beginning.size() && text.starts_with(beginning)) out.emplace_back(text);
  }
  if (value.IsObject())
    for (const auto& member : value.GetObject())
      add_strings(member.value, beginning, out);
  if (value.IsArray())
    for (const auto& one : value.GetArray())
      add_strings(one, beginning, out);
}

}  // namespace

std::vector<std::string> strings_in_vectors(std::string_view beginning) {
  std::vector<std::string> out;
  for (const char* file :
       {"connect-ecdhe.json", "connect-rsa.json", "client-connect-ecdhe.json", "client-connect-rsa.json"})
    add_strings(test::read_json(test::own(file)), beginning, out);
  for (const char* file :
       {"fernet-spec/generate.json", "fernet-spec/verify.json", "fernet-spec/invalid.json", "blns/blns.json"})
    if (const auto path = test::third_party(file)) add_strings(test::read_json(*path), beginning, out);
  return out;
}

}  // namespace sims::fuzz
