// SPDX-License-Identifier: MIT
#include "fuzz/report/crash_header.h"

#include <cstdint>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

// A hash as letters. Services remove numbers from frames, because addresses differ from run to run.
std::string LettersOf(uint64_t hash) {
  std::string letters;
  for (; hash != 0; hash /= 26) letters.push_back(static_cast<char>('a' + hash % 26));
  return letters;
}

// Where the violation shows, as it follows a frame's function: " /src/nofail/core/subjects/posted/teardown.cc:26:1". It
// is the place that a tree has on a service's machine, because services leave out the first two folders. "" where no
// line of the subject was reached.
std::string Place(const Trace& trace, const Violation& violation) {
  const Event* site = LastSite(trace, violation.event);
  if (site == nullptr || site->file == nullptr || site->line == 0) return "";
  const bool is_own = absl::StartsWith(site->file, "core/");
  return absl::StrFormat(" /src/%s/%s:%d:1", is_own ? "nofail" : "linux", site->file, site->line);
}

}  // namespace

std::string CrashHeader(const Trace& trace, const Violation& violation, int pid) {
  const std::string signature = violation.Signature();
  // Where no function is involved, the kinds of object take the functions' part.
  const std::vector<std::string>& who = violation.functions.empty() ? violation.objects : violation.functions;
  const std::string names = who.empty() ? "-" : absl::StrJoin(who, "+");
  const int object = violation.involved.empty() ? 0 : violation.involved.front();
  const std::string place = Place(trace, violation);
  // ClusterFuzz takes two crashes for one when two of their three frames are the same. A frame that begins with
  // FuzzerHash= makes it require that all three are the same.
  return absl::StrFormat(
      "==%d==ERROR: NofailSanitizer: %s on address 0x%012x\n"
      "    #0 0x000000000000 in nofail::%s%s\n"
      "    #1 0x000000000000 in nofail::%s%s\n"
      "    #2 0x000000000000 in FuzzerHash=%s\n"
      "\n"
      "SUMMARY: NofailSanitizer: %s\n"
      "==%d==NofailSanitizer: ABRT after a verdict: the process itself is sound\n",
      pid, violation.kind, object, violation.kind, place, names, place, LettersOf(HashOfSignature(signature)),
      signature, pid);
}

}  // namespace nofail
