// Finds the folders of vectors, and reads JSON, hex and base64 from them.
#include "support/vectors.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sims::test {
namespace fs = std::filesystem;

namespace {
int skip_count = 0;

const char* named_folder() {
  const char* dir = std::getenv("SIMS_VECTORS");
  if (!dir || !*dir) return nullptr;
  if (!fs::is_directory(dir)) throw std::runtime_error(std::string("SIMS_VECTORS is no folder: ") + dir);
  return dir;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::runtime_error("not a hex digit");
}
}  // namespace

void skip(std::string_view why) {
  ++skip_count;
  std::printf("SKIPPED: %.*s\n", static_cast<int>(why.size()), why.data());
}
int skipped() {
  return skip_count;
}

std::optional<std::string> third_party(std::string_view name) {
  const char* named = named_folder();
  fs::path path = fs::path(named ? named : "../shared/vectors") / name;
  if (fs::exists(path)) return path.string();
  skip(std::string(name) + (named ? ": not in SIMS_VECTORS" : ": no SIMS_VECTORS and no ../shared/vectors"));
  return std::nullopt;
}

std::optional<std::string> debian(std::string_view name) {
  fs::path path = fs::path("/usr/lib/python3/dist-packages/cryptography_vectors") / name;
  if (fs::exists(path)) return path.string();
  skip(std::string(name) + ": no python3-cryptography-vectors");
  return std::nullopt;
}

std::string own(std::string_view name) {
  const char* named = named_folder();
  fs::path path = (named ? fs::path(named) / "sims" : fs::path("tests/vectors/sims")) / name;
  if (!fs::exists(path)) throw std::runtime_error("missing: " + path.string());
  return path.string();
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) throw std::runtime_error("cannot read " + path);
  return out.str();
}

rapidjson::Document read_json(const std::string& path) {
  std::string content = read_text(path);
  rapidjson::Document doc;
  doc.Parse(content.data(), content.size());
  if (doc.HasParseError()) throw std::runtime_error("not JSON: " + path);
  return doc;
}

std::vector<Record> read_records(const std::string& path, std::string_view first_key,
                                 std::string_view section) {
  std::istringstream in(read_text(path));
  std::vector<Record> records;
  bool wanted = section.empty();
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
      line.pop_back();
    if (line.starts_with('[') && !section.empty()) wanted = line == "[" + std::string(section) + "]";
    auto equals = line.find('=');
    if (!wanted || line.starts_with('#') || equals == line.npos) continue;
    std::string key = line.substr(0, line.find_last_not_of(' ', equals - 1) + 1);
    auto value = line.find_first_not_of(' ', equals + 1);
    if (key == first_key) records.emplace_back();
    if (!records.empty()) records.back()[key] = value == line.npos ? "" : line.substr(value);
  }
  if (records.empty()) throw std::runtime_error("no records: " + path);
  return records;
}

std::vector<std::string> list_folder(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string_view text(const rapidjson::Value& object, const char* key) {
  auto it = object.FindMember(key);
  if (it == object.MemberEnd() || !it->value.IsString())
    throw std::runtime_error(std::string("no string member ") + key);
  return {it->value.GetString(), it->value.GetStringLength()};
}

Bytes unhex(std::string_view hex) {
  if (hex.size() % 2) throw std::runtime_error("odd number of hex digits");
  Bytes out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
  return out;
}

std::string hex(ByteView bytes) {
  std::string out;
  for (auto b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

// Does not use base/base64.h, which is itself under test.
Bytes unpem(std::string_view pem) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto begin = pem.find('\n');
  auto end = pem.find("-----END");
  if (begin == pem.npos || end == pem.npos) throw std::runtime_error("not PEM");
  Bytes out;
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : pem.substr(begin, end - begin)) {
    auto v = alphabet.find(c);
    if (v == alphabet.npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<std::uint8_t>(bits >> have));
  }
  return out;
}

const Bytes& rsa_test_key() {
  static const Bytes der = [] {
    auto doc = read_json(own("connect-rsa.json"));
    return unpem(text(doc["responder"], "rsa_private_pem"));
  }();
  return der;
}

}  // namespace sims::test
