// SPDX-License-Identifier: MIT
#include "fuzz/check/crash_corpus.h"

#include <vector>

#include "fuzz/base/harness_bug.h"

namespace nofail {
namespace {

struct Row {
  const char* name;
  const char* text;
};
// The last row is a row of nulls, because an array cannot be empty when nothing is listed.
constexpr Row kRows[] = {
#include "crash_corpus.inc"
    {nullptr, nullptr},
};

std::vector<CorpusEntry> Parse() {
  std::vector<CorpusEntry> entries;
  for (const Row& row : std::span(kRows).first(std::size(kRows) - 1)) {
    absl::StatusOr<ScheduleFile> file = ParseText(row.text, row.name);
    if (!file.ok())
      HarnessBug("a schedule of the crash corpus is not valid", std::string(file.status().message()).c_str());
    entries.push_back({row.name, *std::move(file)});
  }
  return entries;
}

}  // namespace

std::span<const CorpusEntry> CrashCorpus() {
  static const std::vector<CorpusEntry>* const entries = new std::vector<CorpusEntry>(Parse());
  return *entries;
}

}  // namespace nofail
