// SPDX-License-Identifier: MIT
#include "fuzz/check/known.h"

#include <tuple>

namespace nofail {
namespace {

// The last row is a row of nulls, because an array cannot be empty when nothing is listed.
constexpr Listed kListed[] = {
#include "listed.inc"
    {nullptr, nullptr, nullptr, false},
};

}  // namespace

std::span<const Listed> AllListed() {
  return std::span(kListed).first(std::size(kListed) - 1);
}

bool IsBetterName(const ListedName& a, const ListedName& b, std::string_view signature) {
  const std::string_view kind = signature.substr(0, signature.find('/'));
  const auto rank = [&](const ListedName& name) {
    const bool is_file = name.name.substr(name.name.rfind('/') + 1).starts_with(kind);
    return std::make_tuple(name.is_known, is_file, name.name.starts_with(kind), -static_cast<int>(name.name.size()));
  };
  return rank(a) > rank(b);
}

const Listed* FindListed(std::string_view subject, std::string_view signature) {
  const Listed* best = nullptr;
  for (const Listed& row : AllListed()) {
    if (signature != row.signature || subject != row.subject) continue;
    if (best == nullptr || IsBetterName({row.name, row.is_known}, {best->name, best->is_known}, signature)) best = &row;
  }
  return best;
}

const Violation* Headline(const Verdict& verdict, std::string_view subject) {
  for (const Violation& violation : verdict.violations) {
    if (FindListed(subject, violation.Signature()) == nullptr) return &violation;
  }
  return nullptr;
}

}  // namespace nofail
