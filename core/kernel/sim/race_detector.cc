// SPDX-License-Identifier: MIT
#include "core/kernel/sim/race_detector.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

namespace {

bool Acquires(kernel_order order) {
  return order == KERNEL_ACQUIRE || order == KERNEL_DEPENDENCY || order == KERNEL_FULL;
}
bool Releases(kernel_order order) {
  return order == KERNEL_RELEASE || order == KERNEL_FULL;
}

// The site of the code at `pc` that the event is about. It is the event's own, but for functions of headers, which have
// no name in reports of races: the function that a header's function is compiled into counts instead.
// (ThreadSanitizer's reports are read in the same way: fuzz/sanitizers/sanitizer_hooks.cc.)
kernel_site SiteOfMarked(uintptr_t pc, const Event& event) {
  const std::string_view file = event.file == nullptr ? "" : event.file;
  if (!file.ends_with(".h") || pc == 0) return {event.function, event.file, event.line};
  const kernel_site site = SiteOf(pc);
  return site.function != nullptr && std::string_view(event.function) == site.function ? kernel_site{} : site;
}

#if NOFAIL_ACCESSES
// The detector of the machine, for the calls of sanitizer.h, some of which come while the machine is being made.
RaceDetector* g_detector = nullptr;
#endif

}  // namespace

#if NOFAIL_ACCESSES
void SyncRelease(const volatile void* token) {
  g_detector->Release(token);
}
void SyncAcquire(const volatile void* token) {
  g_detector->Acquire(token);
}
void SyncFree(void* address, size_t size) {
  g_detector->Free(reinterpret_cast<uint64_t>(address), size);
}
void SyncArena(uint64_t arena, size_t) {
  g_detector->SetArena(arena);
}
void SyncAlloc(void* address, size_t size) {
  g_detector->Alloc(reinterpret_cast<uint64_t>(address), size);
}
RaceContext* EnterContext(RaceContext* context) {
  return g_detector->Enter(context);
}
#endif

RaceDetector::RaceDetector(Machine& machine) : machine_(machine) {
#if NOFAIL_ACCESSES
  g_detector = this;
#endif
  if constexpr (!kAccessesSeen) return;
  states_ = std::make_unique<State[]>(kMaxContexts);
  heap_words_ = std::make_unique<uint32_t[]>(kArenaBytes / kWordBytes);
  accesses_.resize(1 << 10);
  clocks_.resize(1);
}

void RaceDetector::Reset() {
  ++run_;
  state_count_ = 0;
  static_words_.Clear();
  access_count_ = 1;
  unused_ = 0;
  clock_numbers_.Clear();
  clock_count_ = 1;
  Enter(current_);
}

RaceContext* RaceDetector::Enter(RaceContext* context) {
  if (context->run != run_) {
    if (state_count_ == kMaxContexts) HarnessBug("the race detector meets more contexts than kMaxContexts");
    *context = {run_, static_cast<uint8_t>(state_count_)};
    State& state = states_[state_count_++];
    state.now.size = state_count_;
    std::fill_n(state.now.at, state_count_, 0);
    state.now.at[context->number] = 1;
    state.pending.size = state.fenced.size = 0;
  }
  me_number_ = context->number;
  me_ = &states_[me_number_];
  return std::exchange(current_, context);
}

// ---- Clocks --------------------------------------------------------------------------------------------------------

void RaceDetector::Join(Clock* into, const Clock& from) {
  const uint32_t both = std::min(into->size, from.size);
  for (uint32_t i = 0; i < both; ++i) into->at[i] = std::max(into->at[i], from.at[i]);
  if (from.size <= into->size) return;
  std::copy(from.at + into->size, from.at + from.size, into->at + into->size);
  into->size = from.size;
}

void RaceDetector::Copy(Clock* to, const Clock& from) {
  to->size = from.size;
  std::copy_n(from.at, from.size, to->at);
}

RaceDetector::Clock* RaceDetector::FindClock(const volatile void* address) {
  const uint32_t* number = clock_numbers_.Find(reinterpret_cast<uint64_t>(address));
  return number == nullptr ? nullptr : &clocks_[*number];
}

RaceDetector::Clock& RaceDetector::MakeClock(const volatile void* address) {
  uint32_t& number = clock_numbers_[reinterpret_cast<uint64_t>(address)];
  if (number == 0) {
    number = clock_count_++;
    if (number == clocks_.size()) clocks_.emplace_back();
    clocks_[number].size = 0;
  }
  return clocks_[number];
}

void RaceDetector::Release(const volatile void* token) {
  if (!watching_) return;
  Publish(&MakeClock(token));
}

void RaceDetector::Publish(Clock* clock) {
  Join(clock, me_->now);
  Join(clock, me_->pending);
  ++me_->now.at[me_number_];
}

void RaceDetector::Acquire(const volatile void* token) {
  if (!watching_) return;
  if (const Clock* clock = FindClock(token); clock != nullptr) Join(&me_->now, *clock);
}

// ---- Accesses ------------------------------------------------------------------------------------------------------

void RaceDetector::Alloc(uint64_t address, size_t size) {
  if (!watching_) return;
  memset(&heap_words_[(address - arena_) / kWordBytes], 0, size / kWordBytes * sizeof(uint32_t));
}

// Nobody can race with a free that came before: the access is a fault already. So the free is not noted.
void RaceDetector::Free(uint64_t address, size_t size) {
  if (!watching_) return;
  const Step step = {kWrites, 0, machine_.trace.size() - 1, nullptr};
  const uint64_t end = address + size;
  for (uint64_t word = address; word < end; word += kWordBytes) {
    const uint8_t bytes = BytesOf(word, std::min(end, word + kWordBytes));
    for (uint32_t number = *FirstOf(word); number != 0; number = accesses_[number].next) {
      const Access& earlier = accesses_[number];
      if ((earlier.bytes & bytes) != 0 && !IsOrdered(earlier, nullptr)) return Report(word, step, earlier);
    }
  }
}

void RaceDetector::Plain(const volatile void* address, size_t size, bool is_write, uintptr_t pc) {
  if (!watching_) return;
  Note(reinterpret_cast<uint64_t>(address), size, {is_write ? kWrites : kReads, pc, machine_.trace.size(), nullptr});
}

void RaceDetector::Load(const volatile void* address, unsigned size, kernel_order order, uint32_t event) {
  if (!watching_) return;
  const Clock* seen = FindClock(address);
  if (seen != nullptr) Join(Acquires(order) ? &me_->now : &me_->pending, *seen);
  Note(reinterpret_cast<uint64_t>(address), size, MarkedStep(kMarked, event, seen));
}

void RaceDetector::Store(const volatile void* address, unsigned size, kernel_order order, uint32_t event) {
  if (!watching_) return;
  Note(reinterpret_cast<uint64_t>(address), size, MarkedStep(kWrites | kMarked, event, nullptr));
  if (Releases(order)) {
    Clock& clock = MakeClock(address);
    clock.size = 0;
    Publish(&clock);
  } else if (me_->fenced.size != 0) {
    Copy(&MakeClock(address), me_->fenced);
  } else if (Clock* clock = FindClock(address); clock != nullptr) {
    clock->size = 0;
  }
  if (order == KERNEL_FULL) Fence(order);
}

void RaceDetector::Rmw(const volatile void* address, unsigned size, kernel_order order, bool wrote, uint32_t event) {
  if (!watching_) return;
  if (!wrote) return Load(address, size, KERNEL_ONCE, event);
  if (order == KERNEL_FULL) Fence(order);
  const Clock* seen = FindClock(address);
  if (seen != nullptr) Join(Acquires(order) ? &me_->now : &me_->pending, *seen);
  Note(reinterpret_cast<uint64_t>(address), size, MarkedStep(kWrites | kMarked, event, seen));
  if (Releases(order)) {
    Publish(&MakeClock(address));
  } else if (me_->fenced.size != 0) {
    Join(&MakeClock(address), me_->fenced);
  }
  if (order == KERNEL_FULL) Fence(order);
}

void RaceDetector::Fence(kernel_order order) {
  if (!watching_) return;
  if (Acquires(order)) {
    Join(&me_->now, me_->pending);
    me_->pending.size = 0;
  }
  if (Releases(order)) {
    me_->fenced.size = 0;
    Publish(&me_->fenced);
  }
}

uint32_t* RaceDetector::FirstOf(uint64_t address) {
  if (address - arena_ < kArenaBytes) return &heap_words_[(address - arena_) / kWordBytes];
  if (IsStaticVariable(address)) return &static_words_[address / kWordBytes * kWordBytes];
  return nullptr;
}

RaceDetector::Step RaceDetector::MarkedStep(uint8_t how, uint32_t event, const Clock* also) const {
  return {how, machine_.scheduler.current().marked_pc, event, also};
}

void RaceDetector::Note(uint64_t address, size_t size, const Step& step) {
  const uint64_t end = address + size;
  bool is_reported = false;
  while (address < end) {
    const uint64_t next = std::min(end, (address / kWordBytes + 1) * kWordBytes);
    if (uint32_t* first = FirstOf(address); first != nullptr) {
      const uint32_t racing = NoteWord(first, BytesOf(address, next), step);
      if (racing != 0 && !is_reported) Report(address, step, accesses_[racing]);
      is_reported |= racing != 0;
    }
    address = next;
  }
}

// Walks once through the accesses to the word, oldest first. Those that the new one stands for go; the first of them
// leaves it its place. When the context has made such an access before, and told nobody since, the new one adds
// nothing.
uint32_t RaceDetector::NoteWord(uint32_t* first, uint8_t bytes, const Step& step) {
  const uint32_t time = me_->now.at[me_number_];
  uint32_t racing = 0, previous = 0;
  bool has_place = false;
  for (uint32_t number = *first; number != 0;) {
    Access& earlier = accesses_[number];
    const uint32_t next = earlier.next;
    if (earlier.context == me_number_ && earlier.time == time && (bytes & ~earlier.bytes) == 0 &&
        StandsFor(earlier.how, step.how)) {
      return racing;
    }
    if (!IsOrdered(earlier, step.also)) {
      if (racing == 0 && (earlier.bytes & bytes) != 0 && Conflict(earlier.how, step.how)) racing = number;
    } else if ((earlier.bytes & ~bytes) == 0 && StandsFor(step.how, earlier.how)) {
      if (has_place) {
        accesses_[previous].next = next;
        earlier.next = unused_;
        unused_ = number;
        number = next;
        continue;
      }
      has_place = true;
      Fill(&earlier, next, bytes, step);
    }
    previous = number;
    number = next;
  }
  if (!has_place) {
    const uint32_t number = NewAccess();
    Fill(&accesses_[number], 0, bytes, step);
    (previous == 0 ? *first : accesses_[previous].next) = number;
  }
  return racing;
}

void RaceDetector::Fill(Access* access, uint32_t next, uint8_t bytes, const Step& step) const {
  access->pc = step.pc;
  access->event = step.event;
  access->next = next;
  access->time = me_->now.at[me_number_];
  access->context = me_number_;
  access->bytes = bytes;
  access->how = step.how;
  access->op = machine_.scheduler.current().op;
}

uint32_t RaceDetector::NewAccess() {
  const uint32_t number = unused_;
  if (number != 0) {
    unused_ = accesses_[number].next;
    return number;
  }
  if (access_count_ == accesses_.size()) accesses_.resize(2 * accesses_.size());
  return access_count_++;
}

// ---- Reports -------------------------------------------------------------------------------------------------------

void RaceDetector::Report(uint64_t address, const Step& step, const Access& earlier) {
  Access access;
  Fill(&access, 0, 0, step);
  Sim::Get().ReportRace(reinterpret_cast<const void*>(address), Describe(access), Describe(earlier));
}

Sim::RacingAccess RaceDetector::Describe(const Access& access) const {
  const uint64_t how = kAccessKnown | ((access.how & kWrites) != 0 ? kAccessStores : 0) |
                       ((access.how & kMarked) != 0 ? kAccessMarked : 0);
  const bool has_event = (access.how & kMarked) != 0 || access.pc == 0;
  if (!has_event || access.event >= machine_.trace.size()) return {SiteOf(access.pc), how, access.op};
  const Event& event = machine_.trace.events()[access.event];
  // Nobody in particular frees at the end of a grace period.
  if (event.kind == EventKind::kFree && event.by_rcu()) return {{}, how, {}};
  return {SiteOfMarked(access.pc, event), how, access.op};
}

}  // namespace nofail
