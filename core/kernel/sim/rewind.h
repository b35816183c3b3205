// SPDX-License-Identifier: MIT
//
// A run that can be stopped at a question, saved there, and gone back to.
//
// Stands for: nothing in a kernel. A search needs it: it answers a question one way, sees where that leads, goes back
//   to the question, and answers another way. Saving and going back copies a few kilobytes. To run the schedule again
//   from its beginning would take a hundred times as long.
// Guarantees: after Back, the run goes on as it would have gone on after the Save.
// Requires: a build in which no sanitizer watches stacks and memory (kCanRewind), because the sanitizer's own notes
//   would not be copied. All that a run changes outside of the machine has been named by Add.
//
// The run has a stack of its own, on which `body` is called. So the thread that calls Start goes on while the run is in
// the middle of `body`.
#ifndef NOFAIL_CORE_KERNEL_SIM_REWIND_H_
#define NOFAIL_CORE_KERNEL_SIM_REWIND_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/kernel/sim/fiber.h"

namespace nofail {

struct Machine;
class Sim;

#if NOFAIL_ASAN || NOFAIL_TSAN
inline constexpr bool kCanRewind = false;
#else
inline constexpr bool kCanRewind = true;
#endif

class Rewind {
 public:
  // `sim` must outlive the object.
  explicit Rewind(Sim& sim);
  ~Rewind();
  Rewind(const Rewind&) = delete;
  Rewind& operator=(const Rewind&) = delete;

  // Memory of `size` bytes that a run changes: a World's, a subject's. It is borrowed.
  void Add(void* memory, size_t size);
  // Forgets what Add has named, and all that was saved.
  void Clear();

  // Calls body(argument) on the stack of the run. Returns true when the run has paused at a question, and false when
  // `body` has returned.
  bool Start(void (*body)(void*), void* argument);
  // Goes on from the question. Returns like Start.
  bool Continue();
  // For a Chooser, on the stack of a task: pauses the run at the question.
  void Pause();

  // Saves the paused run on top of what was saved before. Returns false when there is no memory left for it.
  [[nodiscard]] bool Save();
  // Makes the run what it was at the last Save that was not dropped.
  void Back();
  // Forgets the last Save.
  void Drop();

 private:
  struct Range {
    void* memory;
    size_t size;
  };
  template <typename Archive>
  void Copy(Archive& archive);
  static void Entry();

  Machine& machine_;
  std::vector<Range> ranges_;
  std::vector<size_t> saved_;  // where each saved run begins in memory_
  char* memory_;               // kSavedBytes, taken from the system as they are used
  size_t used_ = 0;            // bytes of memory_
  Fiber searcher_;             // who calls Start and Continue
  Fiber host_;                 // calls body_
  char* host_stack_;
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool paused_ = false;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_REWIND_H_
