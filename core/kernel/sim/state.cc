// SPDX-License-Identifier: MIT
#include "core/kernel/sim/state.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/kernel/sim/machine.h"

// Where the program begins and ends in memory. The linker defines them.
extern "C" const char __executable_start[], _end[];

namespace nofail {

namespace {

// Smaller words are no addresses.
constexpr uint64_t kFirstAddress = 4096;
constexpr uint64_t kProgramTag = uint64_t{0x9a0f} << 48, kStackTag = uint64_t{0x57ac} << 48;
constexpr uint64_t kMachineTag = uint64_t{0x3ac8} << 48;

// A 64-bit mix: both halves of a product.
uint64_t Fold128(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kFirstFactor = 0xa0761d6478bd642f, kSecondFactor = 0xe7037ed1a0b428db;

uint64_t Mix(uint64_t hash, uint64_t word) {
  return Fold128(hash ^ kFirstFactor, word ^ kSecondFactor);
}

void Add(History* history, uint64_t word) {
  history->low = Fold128(history->low ^ word ^ kFirstFactor, 0x8ebc6af09c88c6e3);
  history->high = Fold128(history->high ^ std::rotl(word, 32) ^ kSecondFactor, 0x589965cc75374cc3);
}

// Events that tell nothing of the task in whose name they happen: other tasks, or grace periods, bring them about.
bool IsByOthers(const Event& e) {
  switch (e.kind) {
    case EventKind::kSwitch:
    case EventKind::kGpEnd:
    case EventKind::kLockWait:
    case EventKind::kEarlierAccess:
      return true;
    case EventKind::kFree:
      return e.by_rcu();
    default:
      return false;
  }
}

// Events whose value is the number of a grace period, which the code never sees.
bool HasPeriodNumber(EventKind kind) {
  return kind == EventKind::kCallRcu || kind == EventKind::kKfreeRcu || kind == EventKind::kGpWait ||
         kind == EventKind::kGpDone;
}

}  // namespace

StateReader::StateReader(Sim&) : machine_(machine()), names_(kMaxObjects), made_by_(kMaxObjects) {}

// ---- What a task has done and seen ----------------------------------------------------------------------------------

uint64_t StateReader::Canonical(uint64_t value) const {
  if (!IsPointer(value) || PointerObject(value) == 0) return value;
  return names_[PointerObject(value)] + PointerOffset(value);
}

// Addresses of functions, static variables, stacks and of the machine differ from process to process. They are counted
// from where these begin.
uint64_t StateReader::CanonicalWord(uint64_t word) const {
  if (word < kFirstAddress) return word;
  const Heap::Location location = machine_.heap.Find(reinterpret_cast<const void*>(word));
  if (location.object != 0) return names_[location.object] + location.offset;
  const uint64_t program = reinterpret_cast<uint64_t>(__executable_start);
  if (word - program < static_cast<uint64_t>(_end - __executable_start)) return kProgramTag + (word - program);
  if (machine_.scheduler.IsStackAddress(word)) return kStackTag + machine_.scheduler.StackOffset(word);
  const uint64_t machine = reinterpret_cast<uint64_t>(&machine_);
  if (word - machine < sizeof(machine_)) return kMachineTag + (word - machine);  // such as the record of a map
  return word;
}

uint64_t StateReader::CanonicalAddress(const void* address) const {
  return CanonicalWord(reinterpret_cast<uint64_t>(address));
}

// An object is named after the op that made it, and how many objects of its kind the op had made before.
void StateReader::NameObject(const Event& alloc) {
  uint64_t before = 0;
  for (ObjectId id = 1; id < alloc.object; ++id) {
    before += made_by_[id] == alloc.op && machine_.trace.object(id).kind == alloc.allocated_kind();
  }
  made_by_[alloc.object] = alloc.op;
  names_[alloc.object] =
      Mix(uint64_t{alloc.detail} << 48 | before << 16 | uint64_t{alloc.op.task} << 8 | alloc.op.op, alloc.detail) << 16;
}

void StateReader::FoldEvent(const Event& e) {
  if (e.kind == EventKind::kAlloc && e.object != 0) NameObject(e);
  if (IsByOthers(e)) return;
  const auto& live = machine_.scheduler.live();
  const auto found = std::find_if(live.begin(), live.end(), [&](const Task* task) {
    return task->op.task == e.op.task && (!task->op.IsCallback() || task->op.op == e.op.op);
  });
  if (found == live.end()) return;
  Task& task = **found;
  if (e.kind == EventKind::kOpBegin) task.history = {};
  if (e.kind == EventKind::kRelax && task.only_polled) {
    task.history = task.polled;
    return;
  }
  const uint64_t value = HasPeriodNumber(e.kind) ? 0 : Canonical(e.value);
  const uint64_t object = e.object != 0 ? names_[e.object] + e.offset : 0;
  Add(&task.history, uint64_t{static_cast<uint8_t>(e.kind)} << 8 | e.detail);
  Add(&task.history, object);
  Add(&task.history, value);
  if (e.kind == EventKind::kRelax) task.polled = task.history;
  task.only_polled = e.kind == EventKind::kRelax || (task.only_polled && e.kind == EventKind::kLoad);
}

void StateReader::Fold() {
  const std::span<const Event> events = machine_.trace.events();
  for (; folded_ < events.size(); ++folded_) FoldEvent(events[folded_]);
}

void StateReader::Saw(const void* address, size_t size) {
  Fold();
  uint64_t value = 0;
  const char* at = static_cast<const char*>(address);
  History& history = machine_.scheduler.current().history;
  for (; size > 0; size -= std::min(size, sizeof(value)), at += sizeof(value)) {
    value = 0;
    memcpy(&value, at, std::min(size, sizeof(value)));
    Add(&history, CanonicalWord(value));
  }
}

// ---- For who looks at steps -----------------------------------------------------------------------------------------

uint32_t StateReader::events() const {
  return machine_.trace.size();
}
const Event& StateReader::event(uint32_t index) const {
  return machine_.trace.events()[index];
}
const std::vector<Task*>& StateReader::tasks() const {
  return machine_.scheduler.live();
}
const Task& StateReader::current() const {
  return machine_.scheduler.current();
}
bool StateReader::IsOnStack(const volatile void* address) const {
  return machine_.scheduler.IsOnStack(address);
}
ObjectId StateReader::ObjectAt(const volatile void* address) const {
  return machine_.heap.Find(address).object;
}
bool StateReader::HasLatePeriod() const {
  return machine_.rcu.late_ != 0;
}

// ---- Tasks ----------------------------------------------------------------------------------------------------------

uint64_t StateReader::KeyOf(const Task& task) const {
  const uint64_t key = uint64_t{task.op.task} << 8 | (task.op.IsCallback() ? 0 : task.op.op);
  if (!task.op.IsCallback()) return key;
  uint64_t flavour = 2;
  if (task.body == &Rcu::RunCallback) flavour = static_cast<const Rcu::GracePeriod*>(task.argument)->flavour;
  return Mix(names_[task.object] | flavour, key);
}

uint64_t StateReader::KeysOf(uint64_t slots) const {
  uint64_t sum = 0;
  for (const Task* task : tasks_) {
    if (slots >> machine_.scheduler.SlotOf(*task) & 1) sum += Mix(1, KeyOf(*task));
  }
  return sum;
}

// What a blocked task waits for.
uint64_t StateReader::WaitOf(const Task& task) const {
  if (task.state != Task::State::kBlocked) return 0;
  if (task.ready == &Rcu::HasEnded) return 1;  // its grace period says whose it is
  if (task.ready == &Rcu::NoneBefore) {
    const auto& wait = *static_cast<const Rcu::BarrierWait*>(task.ready_argument);
    uint64_t sum = 2;
    for (const uint32_t number : *wait.callbacks) {
      if (number < wait.before) sum += Mix(2, names_[machine_.rcu.periods_[number].object]);
    }
    return sum;
  }
  if (task.waiting_for != nullptr) return 3;
  // The executor waits for what it counts itself. The op says which count that is.
  const uint64_t argument = CanonicalAddress(task.ready_argument);
  return argument == reinterpret_cast<uint64_t>(task.ready_argument) ? 4 : argument;
}

void StateReader::AppendTask(const Task& task, std::vector<uint64_t>* words) const {
  const Scheduler& scheduler = machine_.scheduler;
  const bool polls_in_vain = task.stores_seen == scheduler.stores_;
  words->push_back(KeyOf(task));
  words->push_back(task.history.low);
  words->push_back(task.history.high);
  words->push_back(uint64_t{task.Position()} << 48 | uint64_t{static_cast<uint8_t>(task.state)} << 40 |
                   uint64_t{static_cast<uint8_t>(task.next)} << 32 | uint64_t{task.nesting[0]} << 24 |
                   uint64_t{task.nesting[1]} << 16 | uint64_t{task.held_count} << 8 | uint64_t{task.in_callback} << 3 |
                   uint64_t{task.rcu_reported} << 2 | uint64_t{task.resched_due} << 1 | polls_in_vain);
  words->push_back(uint64_t{task.hash} << 32 | static_cast<uint32_t>(task.lock_error));
  for (uint32_t i = 0; i < task.held_count; ++i) words->push_back(CanonicalAddress(task.held[i]));
  words->push_back(task.waiting_for != nullptr ? CanonicalAddress(task.waiting_for) : WaitOf(task));
  if (task.knows_cpu) words->push_back(scheduler.SlotOf(task));
  if (!task.InSection()) return;
  uint64_t touched = 0;
  for (uint32_t id = 1; id < 64 * task.touched_words; ++id) {
    if (task.Touched(static_cast<ObjectId>(id))) touched += Mix(3, names_[id]);
  }
  words->push_back(touched);
}

void StateReader::AppendTasks(bool with_current, std::vector<uint64_t>* words) {
  tasks_.assign(machine_.scheduler.live().begin(), machine_.scheduler.live().end());
  std::sort(tasks_.begin(), tasks_.end(), [this](const Task* a, const Task* b) { return KeyOf(*a) < KeyOf(*b); });
  for (const Task* task : tasks_) AppendTask(*task, words);
  words->push_back(with_current ? KeyOf(machine_.scheduler.current()) : 0);
}

// ---- The rest of the machine ----------------------------------------------------------------------------------------

// The order of grace periods matters only where some end late: the oldest ends first.
void StateReader::AppendGracePeriods(std::vector<uint64_t>* words) const {
  uint64_t low = 0, high = 0, order = 0;
  for (const uint32_t number : machine_.rcu.open_) {
    const Rcu::GracePeriod& period = machine_.rcu.periods_[number];
    History digest = {};
    Add(&digest, uint64_t{static_cast<uint8_t>(period.kind)} << 24 | uint64_t{period.flavour} << 16 | period.late);
    Add(&digest, period.object != 0 ? names_[period.object] : 0);
    Add(&digest, period.head != nullptr ? CanonicalAddress(period.head) : 0);
    for (const Task* task : tasks_) {
      const bool is_blocked = task->state == Task::State::kBlocked && task->ready == &Rcu::HasEnded;
      if (is_blocked && task->ready_argument == &period) Add(&digest, KeyOf(*task));
    }
    Add(&digest, KeysOf(period.readers[0]));
    Add(&digest, KeysOf(period.readers[1]));
    if (machine_.rcu.is_polled_) Add(&digest, number);
    low += digest.low;
    high += digest.high;
    if (machine_.rcu.late_ != 0) order = Mix(order, digest.low);
  }
  words->insert(words->end(), {low, high, order});
  if (machine_.rcu.is_polled_) words->push_back(machine_.rcu.periods_.size());
}

void StateReader::NameHolders(bool by_key) {
  for (const Task* task : tasks_) {
    for (uint32_t i = 0; i < task->held_count; ++i) {
      const uint32_t word = by_key ? static_cast<uint32_t>(KeyOf(*task)) : machine_.scheduler.SlotOf(*task) + 1;
      memcpy(task->held[i], &word, sizeof(word));
    }
  }
}

void StateReader::AppendMemory(const void* memory, size_t size, std::vector<uint64_t>* words) const {
  const char* at = static_cast<const char*>(memory);
  uint64_t word;
  for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word)) {
    memcpy(&word, at, sizeof(word));
    words->push_back(CanonicalWord(word));
  }
  if (size == 0) return;
  word = 0;
  memcpy(&word, at, size);
  words->push_back(word);
}

void StateReader::AppendObjects(std::vector<uint64_t>* words) {
  const std::span<const ObjectInfo> objects = machine_.trace.objects();
  objects_.clear();
  for (uint32_t id = 1; id < objects.size(); ++id) {
    if (objects[id].freed == ObjectInfo::kAlive) objects_.push_back(static_cast<ObjectId>(id));
  }
  std::sort(objects_.begin(), objects_.end(), [this](ObjectId a, ObjectId b) { return names_[a] < names_[b]; });
  NameHolders(true);
  for (const ObjectId id : objects_) {
    words->push_back(names_[id] | (objects[id].handed_over != ObjectInfo::kAlive));
    words->push_back(IsHashed(objects[id].kind) ? machine_.heap.hash_[id] : 0);
    AppendMemory(machine_.heap.Address(id), objects[id].size, words);
  }
  NameHolders(false);
}

void StateReader::AppendRest(std::vector<uint64_t>* words) const {
  const Ledger& ledger = machine_.ledger;
  for (uint32_t i = 0; i < ledger.record_count_; ++i) words->push_back(ledger.records_[i].alive);
  for (const int32_t references : ledger.references_) words->push_back(static_cast<uint32_t>(references));
  for (const Work::Run& run : machine_.work.runs_) {
    words->push_back(names_[run.object] | static_cast<uint64_t>(run.state) << 8 | uint64_t{run.started});
    words->push_back(CanonicalAddress(run.work));
  }
  uint64_t warned = 0;
  for (uint32_t i = 0; i < machine_.warned_count; ++i) warned += Mix(4, machine_.warned[i].line);
  words->push_back(warned);
}

void StateReader::Append(bool with_current, std::vector<uint64_t>* words) {
  Fold();
  AppendTasks(with_current, words);
  AppendGracePeriods(words);
  AppendObjects(words);
  AppendRest(words);
}

}  // namespace nofail
