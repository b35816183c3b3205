// SPDX-License-Identifier: MIT
#include "core/kernel/sim/rewind.h"

#include <sys/mman.h>

#include "core/kernel/sim/archive.h"
#include "core/kernel/sim/machine.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

namespace {

constexpr size_t kSavedBytes = size_t{4} << 30;
// The most that one saved run takes: the arena, all stacks, and all tables, each in full use.
constexpr size_t kMostOfOneRun = kArenaBytes + (kMaxFibers + 1) * kStackBytes + (size_t{16} << 20);

char* Map(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) HarnessBug("no memory to save runs in");
  return static_cast<char*>(memory);
}

// The object whose run is under way, for the functions that no argument could carry it to.
Rewind* g_rewind = nullptr;

}  // namespace

Rewind::Rewind(Sim&) : machine_(machine()), memory_(Map(kSavedBytes)), host_stack_(Map(kStackBytes)) {
  if (!kCanRewind) HarnessBug("a sanitizer watches the stacks, so a run cannot be gone back to");
  host_.Create(host_stack_, kStackBytes, &Rewind::Entry);
  searcher_.AdoptThread();
}

Rewind::~Rewind() {
  munmap(memory_, kSavedBytes);
  munmap(host_stack_, kStackBytes);
}

void Rewind::Add(void* memory, size_t size) {
  ranges_.push_back({memory, size});
}

void Rewind::Clear() {
  ranges_.clear();
  saved_.clear();
  used_ = 0;
}

void Rewind::Entry() {
  Rewind& self = *g_rewind;
  for (;;) {
    self.body_(self.argument_);
    self.paused_ = false;
    Fiber::Switch(self.host_, self.searcher_);
  }
}

bool Rewind::Start(void (*body)(void*), void* argument) {
  g_rewind = this;
  body_ = body;
  argument_ = argument;
  host_.Recreate();
  machine_.scheduler.SetHost(host_);
  Fiber::Switch(searcher_, host_);
  return paused_;
}

bool Rewind::Continue() {
  machine_.scheduler.Continue(searcher_);
  return paused_;
}

void Rewind::Pause() {
  paused_ = true;
  machine_.scheduler.Leave(searcher_);
}

template <typename Archive>
void Rewind::Copy(Archive& archive) {
  machine_.Copy(archive);
  for (const Range& range : ranges_) archive.Bytes(range.memory, range.size);
}

bool Rewind::Save() {
  if (kSavedBytes - used_ < kMostOfOneRun) return false;
  Writer writer(memory_ + used_);
  Copy(writer);
  saved_.push_back(used_);
  used_ = static_cast<size_t>(writer.to() - memory_);
  return true;
}

void Rewind::Back() {
  Reader reader(memory_ + saved_.back());
  Copy(reader);
}

void Rewind::Drop() {
  used_ = saved_.back();
  saved_.pop_back();
}

}  // namespace nofail
