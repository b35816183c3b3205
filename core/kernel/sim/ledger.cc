// SPDX-License-Identifier: MIT
#include "core/kernel/sim/ledger.h"

#include "core/kernel/sim/machine.h"
#include "core/kernel/value.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

// Memory for the resources is reserved, as in rcu.cc. There is one resource for each op, and one more for each that
// replaces it.
Ledger::Ledger(Machine& machine) : machine_(machine) {
  references_.reserve(kMaxObjects);
  fields_.reserve(kMaxObjects);
}

void Ledger::Reset() {
  record_count_ = 0;
  references_.resize(1);
  fields_.resize(1);
}

kernel_record* Ledger::MakeRecord(const RecordSpec& spec) {
  if (record_count_ == kMaxMaps) HarnessBug("more map records than kMaxMaps");
  records_[record_count_] = {spec, true};
  return &records_[record_count_++];
}

void Ledger::EndRecord(kernel_record* record) {
  machine_.memory.Tell(&record->alive, sizeof(record->alive), true);
  record->alive = false;
  machine_.Emit(EventKind::kRecordEnd, 0, 0, 0, record->spec.map_id, {});
}

uint64_t Ledger::NewResource(unsigned field) {
  references_.push_back(1);
  fields_.push_back(static_cast<uint8_t>(field));
  return references_.size() - 1;
}

void Ledger::Release(uint64_t resource, ObjectId object, uint16_t offset, kernel_site site) {
  if (resource >= references_.size()) return machine_.Report(Fault::kOutOfBounds, object, offset, site);
  machine_.Emit(EventKind::kFieldFree, fields_[resource], object, offset, resource, site);
  if (--references_[resource] < 0) machine_.Report(Fault::kFieldFreedTwice, object, offset, site, resource);
}

uint64_t* Ledger::Slot(const kernel_record* record, void* data, unsigned field) const {
  uint32_t offset = kernel_value_offset(record->spec.bytes, record->spec.fields, field);
  return reinterpret_cast<uint64_t*>(static_cast<char*>(data) + offset);
}

void Ledger::ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(slot, sizeof(*slot), site);
  uint64_t old = *slot;
  *slot = resource;
  machine_.Emit(EventKind::kFieldSet, KERNEL_FIELD_KPTR, location.object, location.offset, resource, site);
  machine_.scheduler.Stored();
  if (old != 0) Release(old, location.object, location.offset, site);
}

void Ledger::FreeFields(kernel_record* record, void* data, kernel_site site) {
  if (record == nullptr) return machine_.Report(Fault::kNullDereference, 0, 0, site);
  Heap::Location value = machine_.heap.Find(data);
  machine_.memory.Tell(&record->alive, sizeof(record->alive), false);
  if (!record->alive) machine_.Report(Fault::kRecordDead, value.object, value.offset, site, record->spec.map_id);
  for (unsigned field : {KERNEL_FIELD_KPTR, KERNEL_FIELD_UPTR}) {
    if ((record->spec.fields & field) == 0) continue;
    machine_.scheduler.Point();
    uint64_t* slot = Slot(record, data, field);
    Heap::Location location = machine_.heap.Check(slot, sizeof(*slot), site);
    uint64_t resource = *slot;
    if (field == KERNEL_FIELD_KPTR) *slot = 0;
    if (resource != 0) {
      Release(resource, location.object, location.offset, site);
    } else {
      machine_.Emit(EventKind::kFieldFree, static_cast<uint8_t>(field), location.object, location.offset, 0, site);
    }
  }
}

void Ledger::SwapUptrs(kernel_record* record, void* data, void* source, kernel_site site) {
  if ((record->spec.fields & KERNEL_FIELD_UPTR) == 0) return;
  uint64_t* from = Slot(record, source, KERNEL_FIELD_UPTR);
  uint64_t* to = Slot(record, data, KERNEL_FIELD_UPTR);
  Heap::Location location = machine_.heap.Check(to, sizeof(*to), site);
  uint64_t resource = *from;
  *from = *to;
  *to = resource;
  machine_.Emit(EventKind::kFieldSet, KERNEL_FIELD_UPTR, location.object, location.offset, resource, site);
}

}  // namespace nofail
