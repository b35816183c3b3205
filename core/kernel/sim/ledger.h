// SPDX-License-Identifier: MIT
//
// The ledger: map records, and the resources that special fields of values hold.
//
// Stands for: struct btf_record and its life (the kernel frees it after the map), bpf_obj_free_fields, bpf_kptr_xchg,
//   bpf_obj_swap_uptrs. (kernel/bpf/syscall.c, Linux 7.2)
// Guarantees: every resource is counted; a kptr slot is exchanged with 0 when it is freed, a uptr slot is left as it
// is. Requires: a live record. Choices: none of its own. Emits: FieldSet, FieldFree, RecordEnd; faults FieldFreedTwice,
// RecordDead, NullDereference. Bounds: none that a schedule can reach. Not modelled: destructors that sleep or take
// locks.
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
  bool alive;
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
  void Release(uint64_t resource, ObjectId object, uint16_t offset, kernel_site site);
  void ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site);
  void FreeFields(kernel_record* record, void* data, kernel_site site);
  void SwapUptrs(kernel_record* record, void* data, void* source, kernel_site site);
  std::span<const int32_t> resources() const { return references_; }

 private:
  uint64_t* Slot(const kernel_record* record, void* data, unsigned field) const;

  Machine& machine_;
  std::array<kernel_record, kMaxMaps> records_;
  uint32_t record_count_ = 0;
  std::vector<int32_t> references_ = {0};  // by resource number
  std::vector<uint8_t> fields_ = {0};
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_LEDGER_H_
