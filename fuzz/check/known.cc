// SPDX-License-Identifier: MIT
#include "fuzz/check/known.h"

#include <string>
#include <tuple>
#include <vector>

#include "fuzz/check/crash_corpus.h"
#include "fuzz/check/gravity.h"

namespace nofail {
namespace {

std::vector<Listed> ReadCorpus() {
  std::vector<Listed> rows;
  for (const CorpusEntry& entry : CrashCorpus()) {
    const char* file = entry.name.c_str() + entry.name.find('/') + 1;  // below corpus/known/ or corpus/findings/
    for (const Expectation& line : entry.file.expectations) {
      const bool is_known = !line.known.empty();
      for (const std::string& signature : line.signatures) {
        rows.push_back({line.subject.c_str(), signature.c_str(), is_known ? line.known.c_str() : file, is_known});
      }
    }
  }
  return rows;
}

// The gravest violation that satisfies the test, of several the first; nullptr when none does.
template <typename Test>
const Violation* Gravest(const Verdict& verdict, Test test) {
  const Violation* gravest = nullptr;
  for (const Violation& violation : verdict.violations) {
    if (!test(violation)) continue;
    if (gravest == nullptr || GravityOf(violation.kind) < GravityOf(gravest->kind)) gravest = &violation;
  }
  return gravest;
}

}  // namespace

std::span<const Listed> AllListed() {
  static const std::vector<Listed>* const rows = new std::vector<Listed>(ReadCorpus());
  return *rows;
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
  return Gravest(verdict,
                 [&](const Violation& violation) { return FindListed(subject, violation.Signature()) == nullptr; });
}

const Violation* Foremost(const Verdict& verdict, std::string_view subject) {
  const Violation* headline = Headline(verdict, subject);
  return headline != nullptr ? headline : Gravest(verdict, [](const Violation&) { return true; });
}

}  // namespace nofail
