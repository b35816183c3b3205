// SPDX-License-Identifier: MIT
//
// usage: nofail_bench_minimize
//
// Measures how long it takes to minimize big crashes, of 40 operations and about 60 deviations each. Four of them show
// violations that an oracle judges. In the fifth the subject ends the process.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/subjects/subject.h"
#include "fuzz/minimize/minimizer.h"
#include "fuzz/minimize/order.h"
#include "fuzz/minimize/sandbox.h"
#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

constexpr size_t kOps = 40, kLeastDeviations = 55, kMostDeviations = 65;

// A subject that is like the posted one, except that it ends the process when an owner's destroy returns while two
// map_frees are running.
int map_frees = 0;
void FreeMap(kernel_map* map) {
  ++map_frees;
  linked_subject->map_free(map);
  --map_frees;
}
void DestroyOwner(void* owner) {
  linked_subject->owner_destroy(owner);
  if (map_frees > 1) abort();
}
void Reset() {
  map_frees = 0;
  linked_subject->reset();
}
const subject& Aborting() {
  static const subject aborting = [] {
    subject copy = *linked_subject;
    copy.reset = Reset;
    copy.map_free = FreeMap;
    copy.owner_destroy = DestroyOwner;
    return copy;
  }();
  return aborting;
}

// Returns a schedule with all kinds of operations on three maps and five owners, which a policy with this seed runs.
Schedule Busy(uint32_t seed) {
  Rng rng(seed);
  Schedule s;
  s.maps.assign(3, {.fields = KERNEL_FIELD_KPTR});
  s.owners.assign(5, {});
  while (s.setup.size() < 12) {
    s.setup.push_back({.map = static_cast<uint8_t>(rng.Below(3)), .owner = static_cast<uint8_t>(rng.Below(5))});
  }
  s.tasks.resize(4);
  for (size_t i = s.setup.size(); i < kOps; ++i) {
    s.tasks[i % 4].push_back({.kind = static_cast<OpKind>(rng.Below(kOpKinds)),
                              .map = static_cast<uint8_t>(rng.Below(3)),
                              .owner = static_cast<uint8_t>(rng.Below(5)),
                              .other = static_cast<uint8_t>(rng.Below(5))});
  }
  s.policy = {.kind = PolicyKind::kRate, .parameter = 6, .seed = seed};
  Normalize(&s);
  return s;
}

// Returns the first such schedule that shows a violation whose signature begins with `kind`, and has between
// kLeastDeviations and kMostDeviations deviations. The schedule has the policy's answers as explicit deviations, and no
// policy. *signature becomes the violation's signature.
Schedule Crash(const subject& subject, const std::string& kind, std::string* signature) {
  Sandbox sandbox(subject);
  for (uint32_t seed = 1;; ++seed) {
    Schedule schedule = Busy(seed);
    const SandboxResult result = sandbox.Run(schedule);
    const size_t deviations = result.recorded.size();
    if (deviations < kLeastDeviations || deviations > kMostDeviations) continue;
    for (const std::string& candidate : result.signatures) {
      if (!candidate.starts_with(kind)) continue;
      *signature = candidate;
      schedule.policy = {};
      schedule.deviations = result.recorded;
      return schedule;
    }
  }
}

// Minimizes one such crash and prints a line: before, after, and how long it took.
void Measure(const subject& subject, const std::string& kind) {
  MinimizeOptions options;
  const Schedule schedule = Crash(subject, kind, &options.signature);
  const auto start = std::chrono::steady_clock::now();
  const Minimized result = Minimize(subject, schedule, options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  printf("%-60s %2zu operations, %2zu deviations -> %zu, %zu: %5.2f s, %4d schedules%s\n", options.signature.c_str(),
         OpsIn(schedule), schedule.deviations.size(), OpsIn(result.schedule), result.schedule.deviations.size(),
         seconds, static_cast<int>(result.tried), result.status == Minimized::Status::kDone ? "" : " NOT MINIMIZED");
}

}  // namespace
}  // namespace nofail

int main() {
  for (const char* kind : {"leak.fields", "leak.storage", "refcount-dec-to-zero", "use-after-free"}) {
    nofail::Measure(*linked_subject, kind);
  }
  nofail::Measure(nofail::Aborting(), "crash/");
}
