// SPDX-License-Identifier: MIT
//
// Tests the mail, and what it is written with: the gist of a run and the glossary.
#include "fuzz/report/mail_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/report/gist.h"
#include "fuzz/report/glossary.h"
#include "fuzz/report/interleaving.h"
#include "fuzz/schedule/schedule.h"
#include "fuzz/schedule/text.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Task A frees a map while B ends a cgroup, and A is preempted once.
const Schedule* Scenario() {
  static const Schedule schedule = {.maps = {{.type = STORAGE_CGROUP}},
                                    .owners = {{.type = STORAGE_CGROUP}},
                                    .tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}},
                                    .deviations = {{.where = kOpA, .answer = PackTarget(kOpB)}}};
  return &schedule;
}

// B uses a storage that A has freed after B got to it, with a warning of A before.
void FillUseAfterFree(TraceBuilder* b) {
  const ObjectId storage = b->Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
  b->Begin(kOpA, OpKind::kMapFree);
  b->Lock(kOpA, storage, "SelemUnlinkNofail");
  b->Add(EventKind::kSwitch, kOpA, 0, nullptr, PackTarget(kOpB));
  b->Begin(kOpB, OpKind::kDestroy);
  b->FailLock(kOpB, storage, "SelemUnlinkNofail");
  b->Add(EventKind::kWarning, kOpB, 0, "SelemUnlinkNofail");
  b->Add(EventKind::kSwitch, kOpB, 0, nullptr, PackTarget(kOpA));
  b->Add(EventKind::kUnlock, kOpA, storage, "SelemUnlinkNofail", 0, 0, 8);
  b->HandOver(kOpA, storage, "StorageFree");
  b->Add(EventKind::kSwitch, kOpA, 0, nullptr, PackTarget(kOpB));
  b->Free(CallbackOp(KERNEL_STORAGE, 0), storage, "StorageFreeRcu");
  b->Fault(Fault::kUseAfterFree, kOpB, storage, "StorageDestroy");
}

std::string MailOf(const TraceBuilder& b, const MailOptions& options = {.file = "x.sched", .console = ""}) {
  const Verdict verdict = b.Judged(true);
  return MailReport({TestSubject(), Scenario(), b.trace, verdict, {}}, options);
}

TEST(MailReportTest, BeginsWithWhatIsWrongWhatItTookAndWhere) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  EXPECT_THAT(MailOf(b), StartsWith(R"(Subject: [BUG] bpf: local storage: use after free in StorageDestroy()

In the tree under test (subject handmade), A frees the map m0 while B
ends the cgroup o0. B uses storage0 after its memory was freed. It took
1 failed attempt to lock a storage that was held and 1 preemption at the
wrong moment.
)"));
}

TEST(MailReportTest, EachCpuHasAColumnAndEachStepItsLine) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  EXPECT_THAT(MailOf(b), HasSubstr(R"(
CPU 0 (A)                         CPU 1 (B)
---------                         ---------
[map_free]
SelemUnlinkNofail()
  locks storage0  f.cc:102
  is preempted before  f.cc:108
                                  [destroy]
                                  SelemUnlinkNofail()
                                    cannot lock storage0, which A holds:
                                      -ETIMEDOUT
                                        f.cc:105
                                    warns (WARN_ON_ONCE)  f.cc:106
)"));
}

// The order of columns is that of the tasks, and an event that no task makes is in none.
TEST(MailReportTest, WhatACallbackDoesIsAcrossTheColumns) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  EXPECT_THAT(MailOf(b),
              HasSubstr("\ncb/storage0: frees storage0 (StorageFreeRcu, f.cc:111)\n=> storage0 was used by B"));
}

// RCU frees at the end of a grace period, in whichever op is running then. The op has no part in it.
TEST(MailReportTest, WhatRcuDoesIsNobodysStep) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
  b.HandOver(kOpA, storage, "StorageFree");
  b.trace.object(storage).freed = b.Add(EventKind::kFree, kOpB, storage, "StorageFree", 0, true);
  b.Fault(Fault::kUseAfterFree, kOpB, storage, "StorageDestroy");
  EXPECT_THAT(MailOf(b), HasSubstr("\nRCU: frees storage0, the grace period being over (StorageFree, f.cc:102)\n"));
  const Verdict verdict = b.Judged(true);
  const JudgedRun report = {TestSubject(), nullptr, b.trace, verdict, {}};
  EXPECT_THAT(Steps(report, &verdict.violations.front())[1].sentence, StartsWith("RCU frees storage0"));
}

TEST(MailReportTest, OtherViolationsOfTheRunAreNamed) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  EXPECT_THAT(MailOf(b), HasSubstr("Also in this run\n----------------\n\n- WARN_ON_ONCE: a warning fired for B"));
}

TEST(MailReportTest, SaysHowToReplayAndReproduceIt) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  const std::string mail = MailOf(b);
  for (const absl::string_view line : absl::StrSplit(FormatText({{}, *Scenario(), {}}), '\n')) {
    EXPECT_THAT(mail, HasSubstr(line.empty() ? "" : absl::StrCat("\n    ", line, "\n")));
  }
  EXPECT_THAT(mail, HasSubstr("\n    ./scripts/replay x.sched --subject handmade --verbose\n"));
  EXPECT_THAT(mail, HasSubstr("\n    ./scripts/reproduce x.sched --linux VERSION\n"));
}

TEST(MailReportTest, EventsHaveNoNumbers) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  EXPECT_THAT(MailOf(b), Not(HasSubstr(" #")));
}

// A line of a console that a mail program or we broke could not be searched for.
TEST(MailReportTest, TheConsoleIsQuotedWhole) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  const std::string oops = "[   12.345678] BUG: KASAN: slab-use-after-free in " + std::string(80, 'x');
  const std::string mail = MailOf(b, {.file = "x.sched", .console = oops + "\r\n\n\x1b[31mred\n\n"});
  EXPECT_THAT(mail, HasSubstr("What a real kernel printed\n--------------------------\n\n    " + oops +
                              "\n\n    \\x1b[31mred\n\nHow to replay it\n"));
  EXPECT_THAT(MailOf(b), Not(HasSubstr("real kernel printed")));
}

// A run of as many tasks as there may be, each of which fails to get a lock and comes back.
TEST(MailReportTest, HasAtMost72Columns) {
  for (int tasks = 1; tasks <= static_cast<int>(kMaxTasks); ++tasks) {
    TraceBuilder b;
    const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
    for (int round = 0; round < 2; ++round) {
      for (int task = 0; task < tasks; ++task) {
        const OpRef op = {static_cast<uint8_t>(kTaskA + task), 0};
        if (round == 0) b.Begin(op, OpKind::kMapFree);
        b.FailLock(op, storage, "bpf_selem_unlink_storage_nolock");
        b.Add(EventKind::kStore, op, storage, "bpf_selem_unlink_storage_nolock", 1u + task + 10u * round, 0, 176);
      }
    }
    b.Fault(Fault::kUseAfterFree, {static_cast<uint8_t>(kTaskA + tasks - 1), 0}, storage, "StorageDestroy");
    const std::string mail = MailOf(b);
    for (const absl::string_view line : absl::StrSplit(mail, '\n')) {
      EXPECT_TRUE(line.size() <= 72 || absl::StartsWith(line, "Subject: ")) << line;
    }
    EXPECT_THAT(mail, HasSubstr(absl::StrCat("CPU ", tasks - 1)));
  }
}

// The gist: a reader who knows no trace understands it.
TEST(GistTest, EveryFaultHasWordsAndASentence) {
  for (const char* fault : {
#define FAULT(name, text, fatality, judge, meaning) text,
#include "core/kernel/trace/faults.def"
#undef FAULT
       }) {
    TraceBuilder b;
    Violation violation;
    violation.kind = fault;
    violation.detail = "never told";
    violation.event = b.Add(EventKind::kFault, kOpB, b.Alloc(kSetupOp, KERNEL_SELEM), "F");
    violation.involved = {1};
    const Gist gist = GistOf({TestSubject(), Scenario(), b.trace, {}, {}}, &violation);
    EXPECT_THAT(gist.wrong, Not(HasSubstr("never told"))) << fault;
    EXPECT_THAT(gist.wrong, Not(HasSubstr("{"))) << fault;
    EXPECT_THAT(KindWords(fault), Not(testing::IsEmpty()));
  }
}

TEST(GistTest, SaysWhatHadToFailAndWhatHadToBeStopped) {
  TraceBuilder b;
  FillUseAfterFree(&b);
  const Verdict verdict = b.Judged(true);
  JudgedRun report = {TestSubject(), Scenario(), b.trace, verdict, {}};
  EXPECT_EQ(TimingText(report), "1 preemption at the wrong moment");
  report.ignored = Scenario()->deviations;  // it had no effect
  EXPECT_EQ(TimingText(report), "");
  EXPECT_EQ(GistOf(report, &verdict.violations.front()).took,
            "It took 1 failed attempt to lock a storage that was held.");
  EXPECT_EQ(GistOf(report, nullptr).wrong, "Nothing goes wrong.");
}

// What was skipped, because the usage contract forbids it there, or never begun has no part in the story.
TEST(GistTest, NamesTheOpsThatWereRun) {
  Schedule schedule = *Scenario();
  schedule.tasks[0].push_back({.kind = OpKind::kUpdate});
  schedule.tasks.push_back({{.kind = OpKind::kLookup}});
  const auto who = [&](const TraceBuilder& b) {
    return GistOf({TestSubject(), &schedule, b.trace, {}, {}}, nullptr).who;
  };
  TraceBuilder b;
  EXPECT_EQ(who(b), "This is about the tree under test (subject handmade).");
  b.Begin(kOpA, OpKind::kMapFree);
  b.Begin({kTaskA, 1}, OpKind::kUpdate);
  b.Add(EventKind::kOpSkip, {kTaskA, 1}, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kUpdate));
  EXPECT_EQ(who(b), "In the tree under test (subject handmade), A frees the map m0.");
  b.Begin(kOpB, OpKind::kDestroy);
  b.Begin({kTaskA, 1}, OpKind::kUpdate);
  EXPECT_EQ(
      who(b),
      "In the tree under test (subject handmade), A frees the map m0, then sets the value of m0 for the cgroup o0 "
      "while B ends the cgroup o0.");
}

TEST(GistTest, NamesTheCode) {
  EXPECT_EQ(CodeText("linux-7.2"), "Linux 7.2");
  EXPECT_EQ(CodeText("linux"), "the tree under test (subject linux)");
}

std::vector<std::string> NamesIn(absl::string_view text) {
  std::vector<std::string> names;
  for (const Term& term : TermsIn(text)) names.push_back(term.name);
  return names;
}

TEST(GlossaryTest, ExplainsWhatIsThereAndNothingElse) {
  EXPECT_THAT(NamesIn(""), testing::IsEmpty());
  EXPECT_THAT(NamesIn("the friend of kptrs ended; room0"), testing::IsEmpty());
  EXPECT_THAT(NamesIn("selem3 and selem1 wait for a grace period"), testing::ElementsAre("selem3", "grace period"));
  EXPECT_THAT(NamesIn("A writes selem0+16"), testing::ElementsAre("selem0", "selem0+16"));
  EXPECT_THAT(NamesIn("(-ETIMEDOUT) by end."), testing::ElementsAre("end", "-ETIMEDOUT"));
  EXPECT_THAT(NamesIn("selem12.state"), testing::ElementsAre("selem12", "selem12.state"));
}

}  // namespace
}  // namespace nofail
