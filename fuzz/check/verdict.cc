// SPDX-License-Identifier: MIT
#include "fuzz/check/verdict.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nofail {
namespace {

// The names joined by "+". An empty list is written "-", so that no part of a signature is ever empty.
std::string Members(const std::vector<std::string>& words) {
  return words.empty() ? "-" : absl::StrJoin(words, "+");
}

}  // namespace

void Violation::Set(const char* key, std::string_view value) {
  if (value.empty()) return;
  auto after = std::find_if(attributes.begin(), attributes.end(),
                            [key](const Attribute& other) { return std::string_view(key) < other.key; });
  attributes.insert(after, {key, std::string(value)});
}

std::string Violation::Signature() const {
  std::string text = absl::StrCat(kind, "/", Members(objects), "/", Members(functions));
  for (const Attribute& attribute : attributes) absl::StrAppend(&text, "/", attribute.key, "=", attribute.value);
  return text;
}

uint64_t HashOfSignature(std::string_view signature) {  // FNV-1a
  uint64_t hash = 14695981039346656037u;
  for (const char c : signature) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

}  // namespace nofail
