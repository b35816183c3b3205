// SPDX-License-Identifier: MIT
#include "fuzz/exec/features.h"

#include <algorithm>
#include <array>

#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

// How many words of memory the collector can remember the last writer of. If two words collide, it forgets one of them.
constexpr size_t kWords = 2048;
constexpr size_t kSites = 1024;               // slots of the cache of sites
constexpr uint64_t kNumbers = (1 << 27) - 1;  // the highest number that Centipede allows in a class, a "domain" to it

// The classes of features, in the order of features.h.
enum Class : uint64_t { kReadsFrom = 1, kLockAnswer, kLockWait, kState, kGracePeriod };

bool IsExplored(OpRef op) {
  return op.task != kSetup && op.task != kEnd && op.task != kNoTask;
}

// Whether both ops belong to one task. Each callback is a task of its own.
bool SameTask(OpRef a, OpRef b) {
  return a.task == b.task && (!a.IsCallback() || a.op == b.op);
}

}  // namespace

struct FeatureCollector::Impl {
  size_t state_offset;
  uint32_t run = 0;  // the number of the current run; entries of `words` with another number are out of date
  // The last write of a word of memory: `key` is the object and the offset, `event` the index of the write.
  struct Word {
    uint32_t key, run, event;
  };
  std::array<Word, kWords> words{};  // a hash table without chains
  // The number of a site: a hash of the function's name and the line.
  struct Site {
    const char* function;
    uint32_t line, number;
  };
  // A cache of site numbers, by the address of the function's name, which is a literal.
  std::array<Site, kSites> sites{};

  uint32_t SiteOf(const Event& event) {
    const auto address = reinterpret_cast<uintptr_t>(event.function);
    Site& site = sites[(address ^ address >> 10 ^ event.line * 31) % kSites];
    if (site.function != event.function || site.line != event.line) {
      uint64_t hash = event.line;
      for (const char* p = event.function; p != nullptr && *p != '\0'; ++p)
        hash = MixBits(hash ^ static_cast<uint8_t>(*p));
      site = {event.function, event.line, static_cast<uint32_t>(hash >> 16)};
    }
    return site.number;
  }

  // The entry of the word that the event is about. Its `event` is UINT32_MAX when no write of this run is remembered.
  Word& WordAt(const Event& event) {
    const uint32_t key = uint32_t{event.object} << 16 | event.offset;
    Word& word = words[(key * 0x9e3779b1u >> 16) % kWords];
    if (word.run != run || word.key != key) word = {key, run, UINT32_MAX};
    return word;
  }
};

// One pass over the events of one run.
class FeatureCollector::Pass {
 public:
  Pass(Impl* impl, const Trace& trace, const Arrays& arrays) : impl_(*impl), trace_(trace), arrays_(arrays) {}

  void Run() {
    const std::span<const Event> events = trace_.events();
    for (uint32_t i = 0; i < events.size(); ++i) Look(events[i], i);
  }

 private:
  void Add(Class kind, uint64_t a, uint64_t b) {
    const uint64_t hash = MixBits(MixBits(uint64_t{kind} << 56 ^ a) ^ b);
    const size_t slot = hash & (arrays_.counters.size() - 1);
    arrays_.counters[slot] = 1;
    arrays_.words[slot] = uint64_t{kind} << 32 | (hash & kNumbers);
  }

  void Look(const Event& event, uint32_t index) {
    switch (event.kind) {
      case EventKind::kOpBegin:
        if (event.op.task <= kTaskD) in_progress_[event.op.task] = static_cast<uint8_t>(1u << event.op_kind());
        return;
      case EventKind::kOpEnd:
        if (event.op.task <= kTaskD) in_progress_[event.op.task] = 0;
        return;
      case EventKind::kLoad:
        return Read(event);
      case EventKind::kRmw:
        Read(event);
        return Write(event, index);
      case EventKind::kStore:
      case EventKind::kUnlock:
      case EventKind::kSpinUnlock:
        return Write(event, index);
      case EventKind::kSpinLock:
        return Read(event);
      case EventKind::kLock:
        if (event.lock_answer() == kGranted) return Read(event);
        return Add(kLockAnswer, impl_.SiteOf(event), event.lock_answer());
      case EventKind::kLockWait:
        return Add(kLockWait, impl_.SiteOf(event), 0);
      case EventKind::kRmwOld:
        return Step(event, index);
      case EventKind::kCallbackBegin:
      case EventKind::kGpDone:
        return GracePeriod(event);
      case EventKind::kGpPoll:
        if (event.has_ended()) GracePeriod(event);
        return;
      default:
        return;
    }
  }

  void Read(const Event& event) {
    if (event.object == 0 || !IsExplored(event.op)) return;
    const Impl::Word& word = impl_.WordAt(event);
    if (word.event == UINT32_MAX) return;
    const Event& writer = trace_.events()[word.event];
    if (!IsExplored(writer.op) || SameTask(writer.op, event.op)) return;
    Add(kReadsFrom, impl_.SiteOf(writer), impl_.SiteOf(event));
  }

  void Write(const Event& event, uint32_t index) {
    if (event.object != 0) impl_.WordAt(event).event = index;
  }

  // `old` is a kRmwOld event, which directly follows its kRmw event.
  void Step(const Event& old, uint32_t index) {
    if (index == 0 || old.offset != impl_.state_offset || !IsExplored(old.op)) return;
    if (trace_.objects()[old.object].kind != KERNEL_SELEM) return;
    const Event& rmw = trace_.events()[index - 1];
    Add(kState, impl_.SiteOf(rmw), (old.value & 15) << 8 | (rmw.value & 15) << 1 | old.wrote());
  }

  void GracePeriod(const Event& event) {
    if (!IsExplored(event.op)) return;
    uint64_t kinds = 0;
    for (const uint8_t kind : in_progress_) kinds |= kind;
    const uint64_t what =
        static_cast<uint64_t>(event.kind) << 8 | static_cast<uint64_t>(trace_.objects()[event.object].kind);
    Add(kGracePeriod, what, kinds);
  }

  Impl& impl_;
  const Trace& trace_;
  const Arrays& arrays_;
  std::array<uint8_t, kTaskD + 1> in_progress_{};  // by task: the bit of the kind of op that it is in
};

FeatureCollector::FeatureCollector(size_t state_offset) : impl_(std::make_unique<Impl>()) {
  impl_->state_offset = state_offset;
}
FeatureCollector::~FeatureCollector() = default;

void FeatureCollector::Collect(const Trace& trace, const Arrays& arrays) {
  ++impl_->run;
  std::ranges::fill(arrays.counters, uint8_t{0});
  std::ranges::fill(arrays.words, uint64_t{0});
  Pass(impl_.get(), trace, arrays).Run();
}

}  // namespace nofail
