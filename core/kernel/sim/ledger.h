// SPDX-License-Identifier: MIT
//
// The ledger: the records of maps, and the resources that special fields of values hold.
//
// Stands for: struct btf_record and its life (the kernel frees it after the map), bpf_obj_free_fields, bpf_kptr_xchg,
//   bpf_obj_swap_uptrs. (kernel/bpf/syscall.c, Linux 7.2)
// Guarantees: the references to every resource are counted. Freeing a kptr field puts 0 into its slot; freeing a uptr
//   field leaves its slot as it is.
// Requires: a live record; faults otherwise.
// Choices: none of its own. ExchangeKptr, and FreeFields for each field that it frees, begin with a scheduling point.
// Emits: FieldSet, FieldFree, RecordEnd; faults FieldFreedTwice, RecordDead, NullDereference (no record), OutOfBounds
//   (a slot that holds no resource number); the faults of Heap::Check.
// Bounds: kMaxMaps records; passing it is a harness bug. No schedule can pass it.
// Not modelled: destructors that sleep or take locks. What goes wrong because of that is not seen: errs towards
//   silence.
#ifndef NOFAIL_CORE_KERNEL_SIM_LEDGER_H_
#define NOFAIL_CORE_KERNEL_SIM_LEDGER_H_

#include <array>
#include <span>
#include <vector>

#include "core/kernel/kernel.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/base/limits.h"

struct kernel_record {
  nofail::RecordSpec spec;
  bool alive;  // the kernel has not freed it
};

namespace nofail {

struct Machine;

class Ledger {
 public:
  explicit Ledger(Machine& machine);

  void Reset();
  kernel_record* MakeRecord(const RecordSpec& spec);
  void EndRecord(kernel_record* record);
  uint64_t NewResource(unsigned field);
  // Gives one reference back. `object` and `offset` say which slot held the resource, 0 for none. Giving back more
  // references than were taken is a fault.
  void Release(uint64_t resource, ObjectId object, uint16_t offset, kernel_site site);
  void ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site);
  // kernel_obj_free_fields and kernel_obj_swap_uptrs of core/kernel/kernel.h.
  void FreeFields(kernel_record* record, void* data, kernel_site site);
  void SwapUptrs(kernel_record* record, void* data, void* source, kernel_site site);
  std::span<const int32_t> resources() const { return references_; }
  // Copies all records and resources (archive.h).
  template <typename Archive>
  void Copy(Archive& archive) {
    archive.Value(records_);
    archive.Value(record_count_);
    archive.Vector(references_);
    archive.Vector(fields_);
  }

 private:
  friend class StateReader;

  // The slot of `field` in the value at `data`.
  uint64_t* Slot(const kernel_record* record, void* data, unsigned field) const;

  Machine& machine_;
  std::array<kernel_record, kMaxMaps> records_;
  uint32_t record_count_ = 0;
  std::vector<int32_t> references_ = {0};  // by resource number
  std::vector<uint8_t> fields_ = {0};      // by resource number: KERNEL_FIELD_*
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_LEDGER_H_
