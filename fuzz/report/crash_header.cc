// SPDX-License-Identifier: MIT
#include "fuzz/report/crash_header.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace nofail {
namespace {

// Letters only: services take numbers out of frames, since addresses differ from run to run.
std::string LettersOf(uint64_t hash) {
  std::string letters;
  for (; hash != 0; hash /= 26) letters.push_back(static_cast<char>('a' + hash % 26));
  return letters;
}

}  // namespace

std::string CrashHeader(const Violation& violation, int pid) {
  const std::string signature = violation.Signature();
  // Where no function takes part, the kinds of object say what it is about.
  const std::vector<std::string>& who = violation.functions.empty() ? violation.objects : violation.functions;
  const std::string names = who.empty() ? "-" : absl::StrJoin(who, "+");
  const int object = violation.involved.empty() ? 0 : violation.involved.front();
  // Two crashes with two of three frames in common would be one to ClusterFuzz, but for the name that the third one
  // has.
  return absl::StrFormat(
      "==%d==ERROR: NofailSanitizer: %s on address 0x%012x\n"
      "    #0 0x000000000000 in nofail::%s\n"
      "    #1 0x000000000000 in nofail::%s\n"
      "    #2 0x000000000000 in FuzzerHash=%s\n"
      "\n"
      "SUMMARY: NofailSanitizer: %s\n"
      "==%d==NofailSanitizer: ABRT after a verdict: the process itself is sound\n",
      pid, violation.kind, object, violation.kind, names, LettersOf(HashOfSignature(signature)), signature, pid);
}

}  // namespace nofail
