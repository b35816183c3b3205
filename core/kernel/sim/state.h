// SPDX-License-Identifier: MIT
//
// The state of a run: everything that decides what can still happen in it.
//
// Stands for: nothing in a kernel. A search asks whether it has been where it is.
// Guarantees: two runs of one schedule with the same state have the same futures: the same answers to the questions to
//   come lead to the same events in both, but for the numbers of objects, grace periods and events. The converse does
//   not hold: runs with the same futures may have different states, which costs a search time and nothing else.
// Requires: the run is paused at a question, or has ended. All plain reads of the subject are reported by Saw; or no
//   value that a task got by a plain read matters once another task has changed the memory (docs/explore.md).
//
// A state consists of
//   - the memory of the objects that live. A pointer into the heap is the name of the object and the offset in it. The
//     name says which allocation of which op made the object, so it does not depend on the order in which tasks ran;
//   - for each unfinished task where it is: what it has done and seen since its op began, what it holds and waits for;
//   - grace periods that have not ended, deferred functions, the records of maps, and which warnings have fired.
//
// What a task has done and seen is a hash of its events and of its plain reads. Code is deterministic, so the hash
// decides the task's registers and stack. Two things are left out. The next op of a task does not know what the last
// one saw, so the hash begins anew with each op. A task that polls does not remember what it saw in vain, so after a
// poll that ended in another cpu_relax the hash is what it was before; thus a task that waits comes back to one state.
// A poll that counts would break that: no subject has one.
#ifndef NOFAIL_CORE_KERNEL_SIM_STATE_H_
#define NOFAIL_CORE_KERNEL_SIM_STATE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/kernel/sim/task.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

struct Machine;
class Sim;

class StateReader {
 public:
  // `sim` must outlive the object.
  explicit StateReader(Sim& sim);

  // To be called when a run begins.
  void Begin() { folded_ = 0; }
  // The current task has read `size` bytes plainly.
  void Saw(const void* address, size_t size);
  // Appends the state. `with_current` says whether it matters which of the tasks runs.
  void Append(bool with_current, std::vector<uint64_t>* words);
  // Appends memory outside of the heap that belongs to the state, such as the static variables of a subject.
  void AppendMemory(const void* memory, size_t size, std::vector<uint64_t>* words) const;
  // The name of an object that is not freed, or was not when the last event but these happened.
  uint64_t Name(ObjectId object) const { return names_[object]; }

  // Takes in the events that have happened since the last call. Only then do the objects that they allocate have names.
  void Fold();

  // For who looks at steps, not at states:
  uint32_t events() const;
  const Event& event(uint32_t index) const;
  const std::vector<Task*>& tasks() const;  // unfinished
  const Task& current() const;
  bool IsOnStack(const volatile void* address) const;
  ObjectId ObjectAt(const volatile void* address) const;
  // What an address is in a state.
  uint64_t NameOfAddress(const void* address) const { return CanonicalAddress(address); }
  // Whether a grace period has no reader left, but ends some task switches later.
  bool HasLatePeriod() const;

  // What of this a run changes, for who goes back in it (rewind.h). The names of objects are given anew.
  std::span<char> live() { return {reinterpret_cast<char*>(&folded_), sizeof(folded_)}; }

 private:
  void FoldEvent(const Event& event);
  void NameObject(const Event& alloc);
  // What the value of an event, a word of memory or an address is in a state.
  uint64_t Canonical(uint64_t value) const;
  uint64_t CanonicalWord(uint64_t word) const;
  uint64_t CanonicalAddress(const void* address) const;
  // Names an unfinished task.
  uint64_t KeyOf(const Task& task) const;
  uint64_t KeysOf(uint64_t slots) const;
  void AppendTasks(bool with_current, std::vector<uint64_t>* words);
  void AppendTask(const Task& task, std::vector<uint64_t>* words) const;
  uint64_t WaitOf(const Task& task) const;
  void AppendGracePeriods(std::vector<uint64_t>* words) const;
  void AppendObjects(std::vector<uint64_t>* words);
  void AppendRest(std::vector<uint64_t>* words) const;
  // Makes the words of all locks that are held say who holds them, in the form of a state; or takes that back.
  void NameHolders(bool by_key);

  Machine& machine_;
  uint32_t folded_ = 0;             // how many events have been taken in
  std::vector<uint64_t> names_;     // by object
  std::vector<OpRef> made_by_;      // by object: the op that allocated it
  std::vector<const Task*> tasks_;  // scratch: the unfinished tasks in the order of their keys
  std::vector<ObjectId> objects_;   // scratch: the live objects in the order of their names
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_STATE_H_
