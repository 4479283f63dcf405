// Computes the skeleton of a name, and compares two names by it and by edits of one letter.
#include "client/model/look_alike.h"

#include <algorithm>

namespace sims::client {
namespace {

constexpr std::size_t min_for_one_apart = 4;  // shorter ones, like "bob" and "rob", are two people

char alike(char c) {
  switch (c) {
    case '0':
      return 'o';
    case '1':
      return 'l';
    case '5':
      return 's';
    default:
      return c;
  }
}

// The letter that these two look like as one; 0: they look like themselves.
char joined(char a, char b) {
  if (a == 'r' && b == 'n') return 'm';
  if (a == 'v' && b == 'v') return 'w';
  if (a == 'c' && b == 'l') return 'd';
  return 0;
}

bool one_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() < min_for_one_apart || b.size() - a.size() > 1) return false;
  const auto differ =
      static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  const auto rest_a = a.substr(differ), rest_b = b.substr(differ);
  if (a.size() < b.size()) return rest_a == rest_b.substr(1);
  if (rest_a.empty() || rest_a.substr(1) == rest_b.substr(1)) return true;
  return rest_a.size() >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
         rest_a.substr(2) == rest_b.substr(2);
}

}  // namespace

std::string name_skeleton(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '.' || c == '_' || c == '-') continue;
    const char one = alike(c);
    const char two = out.empty() ? '\0' : joined(out.back(), one);
    if (two)
      out.back() = two;
    else
      out += one;
  }
  std::replace(out.begin(), out.end(), 'i', 'l');
  return out;
}

bool looks_like(std::string_view name, std::string_view other) {
  const std::string a = name_skeleton(name), b = name_skeleton(other);
  return a == b || one_apart(a, b);
}

std::optional<std::string> look_alike(const std::string& name,
                                      const std::map<std::string, PinnedPeer>& pins) {
  const std::string ours = name_skeleton(name);
  std::optional<std::string> near;
  for (const auto& [contact, pin] : pins) {
    if (pin.standing != Standing::contact || contact == name) continue;
    const std::string theirs = name_skeleton(contact);
    if (theirs == ours) return contact;
    if (!near && one_apart(theirs, ours)) near = contact;
  }
  return near;
}

std::string look_alike_words(const std::string& name, const std::string& contact) {
  return "Careful: " + name + " is not your contact " + contact + ", whose name looks much the same.";
}

}  // namespace sims::client
