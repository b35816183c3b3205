// SPDX-License-Identifier: MIT
//
// Tests that the simulator sees each plain access of a subject: its address, its size, whether it writes, and its
// function. Only the build that the compiler's announcements reach has this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/sanitizers/symbol_table.h"
#include "tests/plain_accesses.h"

extern "C" {
extern const char __start_nofail_subject[];
extern const char __stop_nofail_subject[];
}

namespace nofail {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Body = void (*)(Words*);

// Writes each access down as a sentence: "ReadEight reads 8 at words+0".
class Listener final : public AccessObserver {
 public:
  void OnPlainAccess(const PlainAccess& access) override {
    static const SymbolTable symbols = SymbolTable::OfProgram(reinterpret_cast<uintptr_t>(__start_nofail_subject),
                                                              reinterpret_cast<uintptr_t>(__stop_nofail_subject));
    const std::string function = symbols.FunctionAt(access.pc - 1);
    sentences.push_back(absl::StrCat(function.substr(0, function.find('(')), access.is_write ? " writes " : " reads ",
                                     access.size, " at ", Place(access)));
  }
  std::vector<std::string> sentences;

 private:
  static std::string Place(const PlainAccess& access) {
    if (access.object != 0) return absl::StrCat("words+", access.offset);
    return access.address == &static_word ? "static_word" : "the stack";
  }
};

Words* words;

// What a run of the body came to.
struct Result {
  std::vector<std::string> accesses;
  std::vector<std::string> faults;  // "use-after-free of words+0 in ReadEight"
};

// Runs the body as a task on an object, which `free_first` says to free before.
Result RunOf(Body body, bool free_first = false) {
  InstallSanitizerHooks(nullptr);
  Sim& sim = Sim::Get();
  DefaultChooser chooser;
  Listener listener;
  sim.Reset({}, &chooser);
  sim.SetAccessObserver(&listener);
  const auto allocate = [](void*) {
    words = static_cast<Words*>(kernel_alloc(KERNEL_OTHER, sizeof(Words), KERNEL_HERE));
  };
  sim.Spawn(kSetup, allocate, nullptr);
  sim.Run();
  if (free_first) {
    sim.Spawn(kSetup, [](void*) { kernel_free(words, KERNEL_HERE); }, nullptr);
    sim.Run();
  }
  sim.Spawn(kTaskA, [](void* body) { (*static_cast<Body*>(body))(words); }, &body);
  sim.Run();
  sim.SetAccessObserver(nullptr);
  Result result = {listener.sentences, {}};
  for (const Event& event : sim.trace().events()) {
    if (event.kind != EventKind::kFault) continue;
    result.faults.push_back(absl::StrCat(FaultText(event.fault()), " of ", event.object == 0 ? "nothing" : "words+",
                                         event.object == 0 ? "" : absl::StrCat(event.offset), " in ",
                                         event.function == nullptr ? "-" : event.function));
  }
  return result;
}

std::vector<std::string> AccessesOf(Body body) {
  const Result result = RunOf(body);
  EXPECT_THAT(result.faults, IsEmpty());
  return result.accesses;
}

TEST(PlainAccess, ReadsAndWritesOfEachSizeAreSeen) {
  EXPECT_THAT(AccessesOf(ReadEight), ElementsAre("ReadEight reads 8 at words+0"));
  EXPECT_THAT(AccessesOf(WriteFour), ElementsAre("WriteFour writes 4 at words+8"));
  EXPECT_THAT(AccessesOf(ReadTwo), ElementsAre("ReadTwo reads 2 at words+12"));
  EXPECT_THAT(AccessesOf(WriteOne), ElementsAre("WriteOne writes 1 at words+14"));
}
TEST(PlainAccess, TheReadOfAnIncrementIsSeenToo) {
  EXPECT_THAT(AccessesOf(Increment), ElementsAre("Increment reads 8 at words+0", "Increment writes 8 at words+0"));
}
TEST(PlainAccess, UnalignedOnesAreSeen) {
  EXPECT_THAT(AccessesOf(ReadUnaligned), ElementsAre("ReadUnaligned reads 4 at words+15"));
}
TEST(PlainAccess, RangesAreSeen) {
  EXPECT_THAT(AccessesOf(CopyBytes), ElementsAre("CopyBytes reads 24 at words+16", "CopyBytes writes 24 at words+40"));
  EXPECT_THAT(AccessesOf(ClearBytes), ElementsAre("ClearBytes writes 48 at words+16"));
}
TEST(PlainAccess, StaticVariablesAndStacksAreSeen) {
  EXPECT_THAT(AccessesOf(ReadStatic), ElementsAre("ReadStatic reads 8 at static_word"));
  EXPECT_THAT(AccessesOf(WriteOnStack), ElementsAre("WriteOnStack writes 8 at the stack"));
}
// The trace has them. What else the function does is to put the site on its stack, as an argument.
TEST(PlainAccess, MarkedAccessesAreNot) {
  EXPECT_THAT(AccessesOf(LoadMarked), Each(HasSubstr("at the stack")));
}
TEST(PlainAccess, OutsideOfTasksNothingIsSeen) {
  AccessesOf(ReadEight);  // allocates
  Listener listener;
  Sim::Get().SetAccessObserver(&listener);
  ReadEight(words);
  Sim::Get().SetAccessObserver(nullptr);
  EXPECT_THAT(listener.sentences, IsEmpty());
}

TEST(PlainAccess, OfFreedMemoryItIsAFaultThatEndsTheRun) {
  for (int i = 0; i < 3; ++i) {
    const Result result = RunOf(ReadEight, true);
    EXPECT_THAT(result.accesses, IsEmpty());
    EXPECT_THAT(result.faults, ElementsAre("use-after-free of words+0 in ReadEight"));
  }
  EXPECT_THAT(RunOf(WriteOne, true).faults, ElementsAre("use-after-free of words+14 in WriteOne"));
  EXPECT_THAT(RunOf(ClearBytes, true).faults, ElementsAre("use-after-free of words+16 in ClearBytes"));
}
TEST(PlainAccess, PastTheEndItIsAFault) {
  const Body past_the_end = [](Words* words) { ReadEight(words + 1); };
  EXPECT_THAT(RunOf(past_the_end).faults, ElementsAre("sanitizer of nothing in ReadEight"));
  const Body across_the_end = [](Words* words) { ClearBytes(reinterpret_cast<Words*>(&words->bytes)); };
  EXPECT_THAT(RunOf(across_the_end).faults, ElementsAre("out-of-bounds of words+64 in ClearBytes"));
}
// As in every other build: the processor notices, and the site is that of the op's last event.
TEST(PlainAccess, ThroughANullPointerItIsTheProcessorsFault) {
  const Result result = RunOf(ReadNull);
  EXPECT_THAT(result.accesses, IsEmpty());
  EXPECT_THAT(result.faults, ElementsAre("null-dereference of nothing in -"));
}

}  // namespace
}  // namespace nofail
