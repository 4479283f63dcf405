// Reads the strings of the known answers, once.
#include "fuzz/vectors.h"

#include <algorithm>
#include <iterator>

#include "support/vectors.h"

namespace sims::fuzz {
namespace {

void add_strings(const rapidjson::Value& value, std::vector<std::string>& out) {
  if (value.IsString()) out.emplace_back(value.GetString(), value.GetStringLength());
  if (value.IsObject())
    for (const auto& member : value.GetObject())
      add_strings(member.value, out);
  if (value.IsArray())
    for (const auto& one : value.GetArray())
      add_strings(one, out);
}

std::vector<std::string> all_strings() {
  std::vector<std::string> out;
  for (const char* file : {"connect-ecdhe.json", "connect-rsa.json", "client-connect-ecdhe.json",
                           "client-connect-rsa.json", "client-refuse.json"})
    add_strings(test::read_json(test::own(file)), out);
  for (const char* file :
       {"fernet-spec/generate.json", "fernet-spec/verify.json", "fernet-spec/invalid.json", "blns/blns.json"})
    if (const auto path = test::third_party(file)) add_strings(test::read_json(*path), out);
  return out;
}

}  // namespace

std::vector<std::string> strings_in_vectors(std::string_view beginning) {
  static const auto all = all_strings();
  std::vector<std::string> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const std::string& text) {
    return text.size() > beginning.size() && text.starts_with(beginning);
  });
  return out;
}

}  // namespace sims::fuzz
