// SPDX-License-Identifier: MIT
//
// Tests the usage contract, rule by rule (fuzz/exec/world.h). A scenario is run with every combination of up to a few
// preemptions. A test says what must hold in each of these runs, and what must happen in at least one.
#include <cerrno>
#include <functional>

#include "fuzz/exec/choosers.h"
#include "fuzz/exec/executor.h"
#include "fuzz/exec/ops.h"
#include "fuzz/schedule/text.h"
#include "gtest/gtest.h"

namespace nofail {
namespace {

constexpr OpRef kA = {kTaskA, 0};
constexpr OpRef kB = {kTaskA + 1, 0};
constexpr size_t kNever = SIZE_MAX;

// One run, and questions about it. Questions for an event return its number in the trace, or kNever.
struct FinishedRun {
  const Trace& trace;
  const Verdict& verdict;

  size_t First(EventKind kind, OpRef op) const {
    return Find([&](const Event& e) { return e.kind == kind && e.op == op; });
  }
  size_t FirstOf(EventKind kind, kernel_object_kind object) const {
    return Find([&](const Event& e) { return e.kind == kind && e.object && trace.objects()[e.object].kind == object; });
  }
  // The first event of the op in the subject's own code.
  size_t InSubject(OpRef op) const {
    return Find([&](const Event& e) { return e.function != nullptr && e.op == op; });
  }
  SkipReason Skipped(OpRef op) const {
    size_t at = First(EventKind::kOpSkip, op);
    return at == kNever ? SkipReason::kNone : static_cast<SkipReason>(trace.events()[at].value);
  }
  int64_t Result(OpRef op) const { return static_cast<int64_t>(trace.events()[First(EventKind::kOpEnd, op)].value); }

 private:
  size_t Find(const std::function<bool(const Event&)>& is) const {
    for (size_t i = 0; i < trace.size(); ++i) {
      if (is(trace.events()[i])) return i;
    }
    return kNever;
  }
};

Schedule Parse(const std::string& text) {
  auto file = ParseText("nofail schedule 1\n" + text, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->schedule : Schedule();
}

// Calls `look` for each run with at most `preemptions` preemptions.
void ForEachRun(const Schedule& schedule, uint32_t preemptions, const std::function<void(const FinishedRun&)>& look) {
  Executor executor(*linked_subject, Sim::Get());
  ExhaustiveChooser search(1u << static_cast<int>(ChoiceKind::kPreempt), preemptions);
  do {
    const JudgedRun& result = executor.Run(schedule, &search);
    look({executor.trace(), result.verdict});
  } while (search.Next());
}

// Calls `look` for the one run of the schedule itself, which must pass.
void ForTheRun(const Schedule& schedule, const std::function<void(const FinishedRun&)>& look) {
  Executor executor(*linked_subject, Sim::Get());
  const JudgedRun& result = executor.Run(schedule);
  EXPECT_TRUE(result.verdict.pass());
  look({executor.trace(), result.verdict});
}

std::string TwoTasks(const char* type, const char* a, const char* b) {
  return std::string("map m0 type=") + type + " value=8 fields=kptr\nowner o0 type=" + type +
         "\nsetup: update m0 o0\ntask A: " + a + "\ntask B: " + b + "\n";
}

// A has an op that uses an object, and B tears this object down. Says in which order the runs had the two.
struct Seen {
  bool before = false;   // in some run, A's op was done when B did its first step in the subject
  bool overlap = false;  // in some run, A's op was not done then
  bool skipped = false;  // in some run, A's op was skipped
};
// Runs `text` with up to 2 preemptions. Every run must pass, and an op of A that is skipped must give `reason`.
Seen Relate(const std::string& text, SkipReason reason) {
  Seen seen;
  ForEachRun(Parse(text), 2, [&](const FinishedRun& run) {
    EXPECT_TRUE(run.verdict.pass()) << text << run.verdict.violations[0].Signature();
    if (SkipReason skipped = run.Skipped(kA); skipped != SkipReason::kNone) {
      EXPECT_EQ(skipped, reason);
      seen.skipped = true;
      return;
    }
    (run.InSubject(kB) > run.First(EventKind::kReadUnlock, kA) ? seen.before : seen.overlap) = true;
  });
  return seen;
}

TEST(ContractTest, Rule1And2MapFreeWaitsForTheOpsThatUseTheMap) {
  for (const char* op : {"lookup m0 o0", "lookup m0 o0 sleepable", "update m0 o0", "delete m0 o0", "kptr m0 o0"}) {
    Seen seen = Relate(TwoTasks("sk", op, "map_free m0"), SkipReason::kMapEnded);
    EXPECT_TRUE(seen.before && seen.skipped && !seen.overlap) << op;
  }
}

TEST(ContractTest, Rule1And2DestroyWaitsForTheOpsThatUseTheOwner) {
  for (const char* type : {"sk", "task", "cgroup", "inode"}) {
    for (const char* op : {"lookup m0 o0 sleepable", "update m0 o0", "delete m0 o0"}) {
      Seen seen = Relate(TwoTasks(type, op, "destroy o0"), SkipReason::kOwnerEnded);
      EXPECT_TRUE(seen.before && seen.skipped && !seen.overlap) << type << " " << op;
    }
  }
  Seen seen = Relate(TwoTasks("sk", "dump o0", "destroy o0"), SkipReason::kOwnerEnded);
  EXPECT_TRUE(seen.before && seen.skipped && !seen.overlap);
}

TEST(ContractTest, Rule2NothingIsTornDownTwice) {
  ForTheRun(Parse(TwoTasks("sk", "map_free m0; map_free m0; destroy o0", "destroy o0")), [](const FinishedRun& run) {
    EXPECT_EQ(run.Skipped({kTaskA, 1}), SkipReason::kMapEnded);
    EXPECT_EQ(run.Skipped({kTaskA, 2}), SkipReason::kNone);
    EXPECT_EQ(run.Skipped(kB), SkipReason::kOwnerEnded);
    EXPECT_EQ(run.First(EventKind::kOpBegin, {kEnd, 0}), kNever);  // nothing is left
  });
}

TEST(ContractTest, Rule2DestroyAndMapFreeOverlap) {
  bool overlap = false;
  ForEachRun(Parse(TwoTasks("sk", "map_free m0", "destroy o0")), 1, [&](const FinishedRun& run) {
    overlap |= run.InSubject(kB) < run.First(EventKind::kOpEnd, kA) && run.InSubject(kA) < run.InSubject(kB);
  });
  EXPECT_TRUE(overlap);
}

TEST(ContractTest, Rule3TypesMustMatch) {
  Schedule schedule = Parse(R"(
map m0 type=sk value=8
map m1 type=inode value=8
owner o0 type=sk
owner o1 type=inode
owner o2 type=sk
task A: update m0 o0; dump o0; clone o0 o2
)");
  schedule.tasks[0][0].owner = 1;
  schedule.tasks[0][1].owner = 1;
  schedule.tasks[0][2].other = 1;
  ForTheRun(schedule, [](const FinishedRun& run) {
    for (uint8_t op = 0; op < 3; ++op) EXPECT_EQ(run.Skipped({kTaskA, op}), SkipReason::kOtherType) << int{op};
  });
}

TEST(ContractTest, Rule4PathWalksOverlapAnInodesDestroy) {
  for (const char* op : {"lookup m0 o0", "lookup m0 o0 cache"}) {
    Seen seen = Relate(TwoTasks("inode", op, "destroy o0"), SkipReason::kOwnerEnded);
    EXPECT_TRUE(seen.before && seen.overlap && seen.skipped) << op;
  }
}

// The destroy of an sk may begin when a lookup has returned a value, while the value is still used. That of a task or a
// cgroup may not.
TEST(ContractTest, Rule4AnSksValueOutlivesTheReferenceToTheSk) {
  for (const char* type : {"sk", "task", "cgroup"}) {
    for (const char* op : {"lookup m0 o0", "lookup m0 o0 cache"}) {
      bool in_use = false;
      ForEachRun(Parse(TwoTasks(type, op, "destroy o0")), 2, [&](const FinishedRun& run) {
        EXPECT_TRUE(run.verdict.pass()) << type;
        if (run.Skipped(kA) != SkipReason::kNone) return;
        in_use |= run.InSubject(kB) < run.First(EventKind::kReadUnlock, kA);
      });
      EXPECT_EQ(in_use, std::string(type) == "sk") << type << " " << op;
    }
  }
}

TEST(ContractTest, Rule5AnInodeGoesAfterAGracePeriod) {
  for (const char* type : {"sk", "task", "cgroup", "inode"}) {
    ForTheRun(Parse(TwoTasks(type, "destroy o0", "lookup m0 o0")), [&](const FinishedRun& run) {
      EXPECT_EQ(run.FirstOf(EventKind::kKfreeRcu, KERNEL_OWNER) != kNever, std::string(type) == "inode") << type;
      EXPECT_NE(run.FirstOf(EventKind::kFree, KERNEL_OWNER), kNever) << type;
    });
  }
}

TEST(ContractTest, Rule6ACgroupIsDestroyedAfterAGracePeriod) {
  for (const char* type : {"sk", "task", "cgroup", "inode"}) {
    ForTheRun(Parse(TwoTasks(type, "destroy o0", "lookup m0 o0")), [&](const FinishedRun& run) {
      EXPECT_EQ(run.First(EventKind::kGpDone, kA) < run.InSubject(kA), std::string(type) == "cgroup") << type;
    });
  }
}

constexpr char kCloneObjects[] = R"(
map m0 type=sk value=8 clone
owner o0 type=sk
owner o1 type=sk
setup: update m0 o0
)";

TEST(ContractTest, Rule7NobodyElseUsesTheChild) {
  bool cloned_to = false;
  for (const char* op : {"update m0 o1", "lookup m0 o1", "delete m0 o1", "dump o1", "clone o0 o1", "clone o1 o0"}) {
    ForEachRun(Parse(std::string(kCloneObjects) + "task A: clone o0 o1\ntask B: " + op + "\n"), 1,
               [&](const FinishedRun& run) {
                 cloned_to |= run.Skipped(kB) == SkipReason::kBeingCloned;
                 if (run.Skipped(kA) != SkipReason::kNone || run.Skipped(kB) != SkipReason::kNone) return;
                 EXPECT_TRUE(run.InSubject(kB) > run.First(EventKind::kOpEnd, kA) ||
                             run.InSubject(kA) > run.First(EventKind::kOpEnd, kB))
                     << op;
               });
  }
  EXPECT_TRUE(cloned_to);
}

TEST(ContractTest, Rule7TheChildIsNew) {
  ForTheRun(Parse(std::string(kCloneObjects) + "task A: lookup m0 o1; clone o0 o1; clone o0 o1; clone o1 o0\n"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.Skipped({kTaskA, 1}), SkipReason::kNone);
              EXPECT_EQ(run.Skipped({kTaskA, 2}), SkipReason::kNotNew);
              EXPECT_EQ(run.Skipped({kTaskA, 3}), SkipReason::kNotNew);
            });
}

TEST(ContractTest, Rule7AfterAFailedCloneTheChildCanOnlyBeDestroyed) {
  ForTheRun(Parse(std::string(kCloneObjects) +
                  "task A: clone o0 o1; update m0 o1; dump o1; destroy o1\ndeviate A/clone: alloc 1 fail\n"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.Result(kA), -ENOMEM);
              EXPECT_EQ(run.Skipped({kTaskA, 1}), SkipReason::kCloneFailed);
              EXPECT_EQ(run.Skipped({kTaskA, 2}), SkipReason::kCloneFailed);
              EXPECT_EQ(run.Skipped({kTaskA, 3}), SkipReason::kNone);
            });
}

// The clone links the child's elements without a lock. If nothing ordered these links before the delete, the thread
// build would report a data race.
TEST(ContractTest, Rule7WhoUsesTheChildLaterSeesWhatTheCloneDid) {
  ForTheRun(Parse(std::string(kCloneObjects) +
                  "map m1 type=sk value=8 clone\nsetup: update m1 o0\ntask A: clone o0 o1\ntask B: delete m1 o1\n"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.Result(kA), 0);
              EXPECT_EQ(run.Result(kB), 0);
            });
}

TEST(ContractTest, Rule8MapFreeWaitsForACloneThatGotAReference) {
  bool refused = false, waited = false;
  ForEachRun(Parse(std::string(kCloneObjects) + "task A: clone o0 o1\ntask B: map_free m0\n"), 2,
             [&](const FinishedRun& run) {
               size_t get = run.First(EventKind::kMapGet, kA);
               if (get == kNever) return;
               if (!run.trace.events()[get].was_taken()) {
                 refused = true;
                 return;
               }
               EXPECT_GT(run.InSubject(kB), run.First(EventKind::kMapPut, kA));
               waited |= run.First(EventKind::kOpBegin, kB) < run.First(EventKind::kMapPut, kA);
             });
  EXPECT_TRUE(refused);
  EXPECT_TRUE(waited);
}

TEST(ContractTest, Rule8AReferenceCanBeHadAsLongAsThereIsOne) {
  bool taken_while_map_free_waits = false;
  ForEachRun(Parse(std::string(kCloneObjects) + "task A: lookup m0 o0\ntask B: map_free m0\ntask C: clone o0 o1\n"), 2,
             [&](const FinishedRun& run) {
               size_t get = run.First(EventKind::kMapGet, {kTaskA + 2, 0});
               if (get == kNever || !run.trace.events()[get].was_taken()) return;
               taken_while_map_free_waits |= run.First(EventKind::kOpBegin, kB) < get;
             });
  EXPECT_TRUE(taken_while_map_free_waits);
}

TEST(ContractTest, Rule9AValueCanBeUsedUntilTheSectionEnds) {
  bool deleted_first = false;
  ForEachRun(Parse(TwoTasks("sk", "lookup m0 o0", "delete m0 o0")), 2, [&](const FinishedRun& run) {
    EXPECT_TRUE(run.verdict.pass());
    deleted_first |= run.Result(kA) == 1 && run.First(EventKind::kOpEnd, kB) < run.First(EventKind::kReadUnlock, kA);
  });
  EXPECT_TRUE(deleted_first);
}

TEST(ContractTest, Rule10TheCallerReleasesAUptrThatWasNotTaken) {
  ForTheRun(Parse(R"(
map m0 type=task value=8 fields=uptr
owner o0 type=task
task A: update m0 o0
deviate A/update: alloc 1 fail
)"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.Result(kA), -ENOMEM);
              size_t release = run.First(EventKind::kFieldFree, kA);
              ASSERT_NE(release, kNever);
              EXPECT_EQ(run.trace.events()[release].object, 0);
            });
}

TEST(ContractTest, Rule11TheRecordGoesAfterTheMap) {
  ForTheRun(Parse(TwoTasks("task", "map_free m0", "lookup m0 o0")), [](const FinishedRun& run) {
    EXPECT_GT(run.First(EventKind::kRecordEnd, kA), run.FirstOf(EventKind::kFree, KERNEL_MAP));
  });
}

TEST(WorldTest, TheEndTearsDownWhatIsLeftOwnersFirst) {
  ForTheRun(Parse(R"(
map m0 type=sk value=8
map m1 type=sk value=8
owner o0 type=sk
owner o1 type=sk
setup: update m0 o0; update m1 o1
task A: destroy o0; map_free m0
)"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.First(EventKind::kOpBegin, {kEnd, 0}), kNever);
              EXPECT_NE(run.First(EventKind::kOpBegin, {kEnd, 1}), kNever);
              EXPECT_EQ(run.First(EventKind::kOpBegin, {kEnd, 2}), kNever);
              EXPECT_GT(run.First(EventKind::kOpBegin, {kEnd, 3}), run.First(EventKind::kOpEnd, {kEnd, 1}));
              for (const ObjectInfo& object : run.trace.objects().subspan(1)) {
                EXPECT_NE(object.freed, ObjectInfo::kAlive);
              }
            });
}

TEST(WorldTest, OwnersGetTheBucketsTheyAskFor) {
  // Both owners ask for bucket 0, or one of them for bucket 1. In the first case both updates take the same lock.
  for (const char* bucket : {"0", "1"}) {
    Schedule schedule =
        Parse(std::string("map m0 type=sk value=8\nowner o0 type=sk bucket=0\nowner o1 type=sk bucket=") + bucket +
              "\ntask A: update m0 o0; update m0 o1\n");
    ForTheRun(schedule, [&](const FinishedRun& run) {
      auto bucket_of = [&](OpRef op) {
        for (const Event& e : run.trace.events()) {
          if (e.kind == EventKind::kLock && e.op == op && run.trace.objects()[e.object].kind == KERNEL_BUCKETS) {
            return int{e.offset};
          }
        }
        return -1;
      };
      EXPECT_EQ(bucket_of(kA) == bucket_of({kTaskA, 1}), std::string(bucket) == "0");
    });
  }
}

TEST(WorldTest, OptmemBoundsTheCharge) {
  ForTheRun(Parse(R"(
map m0 type=sk value=8
owner o0 type=sk optmem=64
owner o1 type=sk
task A: update m0 o0; update m0 o1
)"),
            [](const FinishedRun& run) {
              EXPECT_EQ(run.Result(kA), -ENOMEM);
              EXPECT_EQ(run.Result({kTaskA, 1}), 0);
            });
}

}  // namespace
}  // namespace nofail
