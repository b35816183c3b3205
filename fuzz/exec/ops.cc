// SPDX-License-Identifier: MIT
#include "fuzz/exec/ops.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/value.h"

namespace nofail {

namespace {

// The site of calls by the ops themselves: none, because the ops are no part of the subject.
constexpr kernel_site kDriver = {};

// ---- References (rules 1 and 2) ------------------------------------------------------------------------------------

// Holds a reference to a map or an owner until Drop or the end of the scope. Holds none when `count` is null.
class Reference {
 public:
  Reference(World& world, uint32_t* count) : sim_(world.sim()), count_(count) {
    if (count_ != nullptr) ++*count_;
  }
  ~Reference() { Drop(); }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  void Drop() {
    if (count_ == nullptr) return;
    --*count_;
    sim_.Put(count_);
    count_ = nullptr;
  }

 private:
  Sim& sim_;
  uint32_t* count_;  // null: no reference was needed, or it has been dropped
};

// Drops the World's reference and waits until all others are gone.
void DropLast(World& world, uint32_t* count) {
  --*count;
  world.sim().WaitUntil([](const void* counted) { return *static_cast<const uint32_t*>(counted) == 0; }, count);
}

// A reader section until the end of the scope.
class Section {
 public:
  explicit Section(bool sleepable) : flavour_(sleepable ? KERNEL_RCU_TASKS_TRACE : KERNEL_RCU) {
    kernel_rcu_read_lock(flavour_, kDriver);
  }
  ~Section() { kernel_rcu_read_unlock(flavour_, kDriver); }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

 private:
  const kernel_rcu_flavour flavour_;
};

// The reference count that a lookup needs, or null when it needs no reference (rule 4).
uint32_t* CountForLookup(LiveOwner& owner, const Op& op) {
  return owner.spec.type == STORAGE_INODE && !op.sleepable ? nullptr : &owner.references;
}
// Whether a lookup drops its reference as soon as it has the value (rule 4).
bool IsForLookupOnly(const LiveOwner& owner, const Op& op) {
  return owner.spec.type == STORAGE_SK && !op.sleepable;
}

// Reads the value, as a program does that looked it up. Other tasks may run before that, because the program may take
// its time within its reader section (rule 9).
void UseValue(World& world, const LiveMap& map, const void* value) {
  world.sim().Point();
  kernel_check_bytes(value, map.spec.bytes, kDriver);
}

// ---- What is forbidden ----------------------------------------------------------------------------------------------
// Each function returns why the usage contract forbids something, or kNone.

SkipReason WhyNotOwner(const LiveOwner& owner) {
  if (owner.ended) return SkipReason::kOwnerEnded;
  if (owner.cloned_to) return SkipReason::kBeingCloned;
  if (owner.clone_failed) return SkipReason::kCloneFailed;
  return SkipReason::kNone;
}

SkipReason WhyNotSk(const LiveOwner& owner) {
  return owner.spec.type == STORAGE_SK ? WhyNotOwner(owner) : SkipReason::kOtherType;
}

SkipReason WhyNotClone(const LiveOwner& parent, const LiveOwner& child) {
  if (SkipReason reason = WhyNotSk(parent); reason != SkipReason::kNone) return reason;
  if (SkipReason reason = WhyNotSk(child); reason != SkipReason::kNone) return reason;
  return child.used || child.references != 1 ? SkipReason::kNotNew : SkipReason::kNone;
}

SkipReason WhyNot(World& world, const Op& op) {
  switch (op.kind) {
    case OpKind::kUpdate:
    case OpKind::kDelete:
    case OpKind::kLookup:
    case OpKind::kKptr:
      if (world.map(op.map).ended) return SkipReason::kMapEnded;
      if (world.map(op.map).spec.type != world.owner(op.owner).spec.type) return SkipReason::kOtherType;
      return WhyNotOwner(world.owner(op.owner));
    case OpKind::kClone:
      return WhyNotClone(world.owner(op.owner), world.owner(op.other));
    case OpKind::kDump:
      return WhyNotSk(world.owner(op.owner));
    case OpKind::kDestroy:
      return world.owner(op.owner).ended ? SkipReason::kOwnerEnded : SkipReason::kNone;
    case OpKind::kMapFree:
      return world.map(op.map).ended ? SkipReason::kMapEnded : SkipReason::kNone;
  }
  return SkipReason::kNone;
}

// ---- The operations -------------------------------------------------------------------------------------------------

// Where the uptr is in a value of the map, or null when its values have none.
uint64_t* UptrSlot(const LiveMap& map, uint64_t* value) {
  if ((map.spec.fields & KERNEL_FIELD_UPTR) == 0) return nullptr;
  return value + kernel_value_offset(map.spec.bytes, map.spec.fields, KERNEL_FIELD_UPTR) / sizeof(*value);
}

// Makes the value that a program or user space passes to an update. Its bytes are not zero and depend on the op, also
// where the special fields are, because the subject must not copy those. A uptr is a new resource.
uint64_t* MakeValue(World& world, const LiveMap& map) {
  const OpRef who = world.sim().current();
  const uint64_t word = 0x0101010101010101 * (0x80u | (who.task * 31u + who.op) % 0x80u);
  uint64_t* value = world.value_buffer();
  const uint32_t size = kernel_value_size(map.spec.bytes, map.spec.fields);
  for (uint32_t i = 0; i < size / sizeof(word); ++i) value[i] = word;
  if (uint64_t* uptr = UptrSlot(map, value)) *uptr = world.sim().NewResource(KERNEL_FIELD_UPTR);
  return value;
}

// An update by a sleepable program: bpf_*_storage_get with F_CREATE, since such a program cannot call
// bpf_map_update_elem on these maps. It looks the value up and uses it, or creates one if there is none.
//
// Not modelled: the use of a value that the call has created, because the subject's update returns no pointer to it.
// Errs towards silence, but only about elements that a delete frees too early: the op's references keep map_free and
// destroy away.
int64_t GetOrCreate(World& world, const LiveMap& map, const LiveOwner& owner) {
  Section section(true);
  if (const void* found = world.subject().lookup(map.map, owner.owner, true)) {
    UseValue(world, map, found);
    return 0;
  }
  uint64_t* value = world.value_buffer();
  std::fill_n(value, kernel_value_size(map.spec.bytes, map.spec.fields) / sizeof(*value), 0);  // so it has no uptr
  world.sim().SetHash(owner.spec.bucket);
  return world.subject().update(map.map, owner.owner, value, UPDATE_NOEXIST);
}

int64_t Update(World& world, const Op& op) {
  LiveMap& map = world.map(op.map);
  LiveOwner& owner = world.owner(op.owner);
  Reference map_reference(world, &map.references);
  Reference owner_reference(world, &owner.references);
  owner.used = true;
  if (op.sleepable) return GetOrCreate(world, map, owner);
  uint64_t* value = MakeValue(world, map);
  int result;
  {
    Section section(false);
    world.sim().SetHash(owner.spec.bucket);
    result = world.subject().update(map.map, owner.owner, value, op.flags);
  }
  uint64_t* uptr = UptrSlot(map, value);
  if (uptr != nullptr && *uptr != 0) world.sim().ReleaseResource(*uptr, kDriver);  // rule 10
  return result;
}

int64_t Delete(World& world, const Op& op) {
  LiveMap& map = world.map(op.map);
  LiveOwner& owner = world.owner(op.owner);
  Reference map_reference(world, &map.references);
  Reference owner_reference(world, &owner.references);
  Section section(op.sleepable);
  return world.subject().remove(map.map, owner.owner);
}

int64_t Lookup(World& world, const Op& op) {
  LiveMap& map = world.map(op.map);
  LiveOwner& owner = world.owner(op.owner);
  Reference map_reference(world, &map.references);
  Reference owner_reference(world, CountForLookup(owner, op));
  Section section(op.sleepable);
  void* value = world.subject().lookup(map.map, owner.owner, op.flags != 0);
  if (IsForLookupOnly(owner, op)) owner_reference.Drop();
  if (value == nullptr) return 0;
  UseValue(world, map, value);
  return 1;
}

int64_t Kptr(World& world, const Op& op) {
  LiveMap& map = world.map(op.map);
  LiveOwner& owner = world.owner(op.owner);
  Reference map_reference(world, &map.references);
  Reference owner_reference(world, CountForLookup(owner, op));
  Section section(op.sleepable);
  auto* value = static_cast<char*>(world.subject().lookup(map.map, owner.owner, true));
  if (IsForLookupOnly(owner, op)) owner_reference.Drop();
  if (value == nullptr) return 0;
  if ((map.spec.fields & KERNEL_FIELD_KPTR) != 0) {
    const uint32_t offset = kernel_value_offset(map.spec.bytes, map.spec.fields, KERNEL_FIELD_KPTR);
    world.sim().ExchangeKptr(reinterpret_cast<uint64_t*>(value + offset), world.sim().NewResource(KERNEL_FIELD_KPTR),
                             kDriver);
  }
  return 1;
}

int64_t Clone(World& world, const Op& op) {
  LiveOwner& parent = world.owner(op.owner);
  LiveOwner& child = world.owner(op.other);
  Reference parent_reference(world, &parent.references);
  Reference child_reference(world, &child.references);
  child.used = child.cloned_to = true;
  world.sim().SetHash(child.spec.bucket);
  int result = world.subject().clone(parent.owner, child.owner);
  child.cloned_to = false;
  child.clone_failed = result != 0;
  SyncRelease(&child.cloned_to);  // rule 7
  return result;
}

int64_t Dump(World& world, const Op& op) {
  LiveOwner& owner = world.owner(op.owner);
  Reference reference(world, &owner.references);
  return world.subject().dump(owner.owner);
}

int64_t Destroy(World& world, const Op& op) {
  LiveOwner& owner = world.owner(op.owner);
  owner.ended = true;
  DropLast(world, &owner.references);
  if (owner.spec.type == STORAGE_CGROUP) kernel_synchronize_rcu(kDriver);  // rule 6
  world.subject().owner_destroy(owner.owner);
  world.OwnerEnded(owner);
  if (owner.spec.type == STORAGE_INODE) {  // rule 5
    kernel_kfree_rcu(owner.owner, kDriver);
  } else {
    kernel_free(owner.owner, kDriver);
  }
  return 0;
}

int64_t MapFree(World& world, const Op& op) {
  LiveMap& map = world.map(op.map);
  map.ended = true;
  DropLast(world, &map.references);
  world.subject().map_free(map.map);
  world.sim().EndRecord(map.record);  // rule 11
  return 0;
}

using Operation = int64_t (*)(World&, const Op&);
constexpr Operation kOperations[] = {Update, Delete, Lookup, Kptr, Clone, Dump, Destroy, MapFree};
static_assert(std::size(kOperations) == kOpKinds);

}  // namespace

const char* SkipReasonText(SkipReason reason) {
  switch (reason) {
    case SkipReason::kNone:
      return "it is allowed";
    case SkipReason::kMapEnded:
      return "the map's map_free has begun";
    case SkipReason::kOwnerEnded:
      return "the owner's destroy has begun";
    case SkipReason::kOtherType:
      return "the owner is of another storage type";
    case SkipReason::kBeingCloned:
      return "the owner is being cloned to";
    case SkipReason::kNotNew:
      return "the child of the clone is not new";
    case SkipReason::kCloneFailed:
      return "cloning to the owner failed, and only destroy may follow";
  }
  return "";
}

void Perform(World& world, const Op& op, uint8_t number) {
  Sim& sim = world.sim();
  const uint8_t kind = static_cast<uint8_t>(op.kind);
  sim.BeginOp(number, kind, op.kind == OpKind::kMapFree ? world.map(op.map).id : world.owner(op.owner).id);
  sim.Point();  // others may run here, while the op holds no reference yet and is in no reader section
  if (SkipReason reason = WhyNot(world, op); reason != SkipReason::kNone) {
    return sim.SkipOp(number, kind, static_cast<uint64_t>(reason));
  }
  if (op.kind != OpKind::kMapFree) SyncAcquire(&world.owner(op.owner).cloned_to);  // rule 7
  const int64_t result = kOperations[kind](world, op);
  sim.EndOp(kind, result);
}

}  // namespace nofail
