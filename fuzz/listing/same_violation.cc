// SPDX-License-Identifier: MIT
#include "fuzz/listing/same_violation.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_split.h"

namespace nofail {
namespace {

// A signature in its parts: kind, objects and attributes as one text; functions as a set.
struct Parts {
  std::string fixed;
  std::set<std::string> functions;
};

Parts PartsOf(const std::string& signature) {
  const std::vector<std::string> parts = absl::StrSplit(signature, '/');
  Parts result;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 2) {
      result.fixed += parts[i] + '/';
    } else if (parts[i] != "-") {
      result.functions = absl::StrSplit(parts[i], '+');
    }
  }
  return result;
}

bool Ran(const Trace& trace, const std::string& function) {
  return std::any_of(trace.events().begin(), trace.events().end(),
                     [&](const Event& e) { return e.function != nullptr && e.function == function; });
}

}  // namespace

bool IsSameViolation(const std::string& expected, const std::string& seen, const Trace& trace) {
  if (expected == seen) return true;
  const Parts a = PartsOf(expected), b = PartsOf(seen);
  if (a.fixed != b.fixed || a.functions.size() != b.functions.size()) return false;
  return std::all_of(a.functions.begin(), a.functions.end(), [&](const std::string& function) {
    return b.functions.contains(function) || !Ran(trace, function);
  });
}

}  // namespace nofail
