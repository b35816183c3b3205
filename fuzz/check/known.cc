// SPDX-License-Identifier: MIT
#include "fuzz/check/known.h"

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

const Listed* FindListed(std::string_view subject, std::string_view signature) {
  for (const Listed& listed : AllListed()) {
    if (signature == listed.signature && subject == listed.subject) return &listed;
  }
  return nullptr;
}

const Violation* Headline(const Verdict& verdict, std::string_view subject) {
  for (const Violation& violation : verdict.violations) {
    if (FindListed(subject, violation.Signature()) == nullptr) return &violation;
  }
  return nullptr;
}

}  // namespace nofail
