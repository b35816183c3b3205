// SPDX-License-Identifier: MIT
//
// The schedules of corpus/known and corpus/findings, compiled in. So a fuzz binary needs no file beside it.
#ifndef NOFAIL_FUZZ_CHECK_CRASH_CORPUS_H_
#define NOFAIL_FUZZ_CHECK_CRASH_CORPUS_H_

#include <span>
#include <string>

#include "fuzz/schedule/text.h"

namespace nofail {

struct CorpusEntry {
  std::string name;  // the path below corpus/, without .sched: "findings/walked-again/data-race.MapFree+SelemFree"
  ScheduleFile file;
};

// Known limitations come first. Lives for ever.
std::span<const CorpusEntry> CrashCorpus();

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_CRASH_CORPUS_H_
