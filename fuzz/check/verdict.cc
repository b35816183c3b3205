// SPDX-License-Identifier: MIT
#include "fuzz/check/verdict.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nofail {
namespace {

// No member at all is written "-", so that a signature always has its three parts.
std::string Members(const std::vector<std::string>& words) {
  return words.empty() ? "-" : absl::StrJoin(words, "+");
}

}  // namespace

std::string Violation::Signature() const {
  return absl::StrCat(kind, "/", Members(objects), "/", Members(functions), lock.empty() ? "" : "/lock=", lock);
}

}  // namespace nofail
