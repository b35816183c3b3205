// SPDX-License-Identifier: MIT
//
// Special fields, and references to maps. Records and resources are heap objects, so that the sanitizers see a record
// or resource that is used too long or freed twice.
#include <atomic>

#include "core/kernel/native/task.h"
#include "core/kernel/value.h"

struct kernel_record {
  uint32_t bytes;
  unsigned fields;
  std::atomic<int> references{1};  // to the map
};

namespace nofail::native {
namespace {

using Resource = uint64_t;

// The slot of `field` in the value at `data`.
std::atomic_ref<uint64_t> SlotOf(const kernel_record* record, void* data, unsigned field) {
  auto* value = static_cast<char*>(data);
  return std::atomic_ref(
      *reinterpret_cast<uint64_t*>(value + kernel_value_offset(record->bytes, record->fields, field)));
}

}  // namespace

kernel_record* NewRecord(uint32_t bytes, unsigned fields) {
  Add(totals.records, 1);
  return new kernel_record{bytes, fields};
}

bool GetMap(kernel_record* record) {
  int references = record->references.load(std::memory_order_relaxed);
  while (references != 0) {
    if (record->references.compare_exchange_weak(references, references + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void PutMap(kernel_record* record) {
  record->references.fetch_sub(1, std::memory_order_release);
}

bool MapInUse(const kernel_record* record) {
  return record->references.load(std::memory_order_acquire) != 0;
}

void EndRecord(kernel_record* record) {
  Add(totals.records, -1);
  delete record;
}

uint64_t NewResource() {
  Add(totals.resources, 1);
  return reinterpret_cast<uint64_t>(new Resource{});
}

void ReleaseResource(uint64_t resource) {
  if (resource == 0) return;
  Add(totals.resources, -1);
  delete reinterpret_cast<Resource*>(resource);
}

void ExchangeKptr(uint64_t* slot, uint64_t resource) {
  ReleaseResource(std::atomic_ref(*slot).exchange(resource));
}

}  // namespace nofail::native

using namespace nofail::native;

void kernel_obj_free_fields(kernel_record* record, void* data, kernel_site) {
  if (record->fields & KERNEL_FIELD_KPTR) {
    Point();
    ReleaseResource(SlotOf(record, data, KERNEL_FIELD_KPTR).exchange(0));
  }
  if (record->fields & KERNEL_FIELD_UPTR) {
    Point();
    ReleaseResource(SlotOf(record, data, KERNEL_FIELD_UPTR).load(std::memory_order_relaxed));
  }
}

bool kernel_record_has(const kernel_record* record, unsigned fields) {
  return (record->fields & fields) != 0;
}

void kernel_obj_swap_uptrs(kernel_record* record, void* data, void* source, kernel_site) {
  if (!kernel_record_has(record, KERNEL_FIELD_UPTR)) return;
  const auto mine = SlotOf(record, data, KERNEL_FIELD_UPTR);
  const auto theirs = SlotOf(record, source, KERNEL_FIELD_UPTR);
  theirs.store(mine.exchange(theirs.load(std::memory_order_relaxed), std::memory_order_relaxed),
               std::memory_order_relaxed);
}

bool kernel_map_inc_not_zero(kernel_map* map, kernel_site) {
  Point();
  return GetMap(map->record);
}

void kernel_map_put(kernel_map* map, kernel_site) {
  PutMap(map->record);
}
