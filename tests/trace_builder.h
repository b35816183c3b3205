// SPDX-License-Identifier: MIT
//
// Builds traces by hand, for tests of code that reads traces: oracles and reports.
#ifndef NOFAIL_TESTS_TRACE_BUILDER_H_
#define NOFAIL_TESTS_TRACE_BUILDER_H_

#include <cerrno>
#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/oracles.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

inline constexpr OpRef kSetupOp = {kSetup, 0};
inline constexpr OpRef kOpA = {kTaskA, 0};
inline constexpr OpRef kOpB = {kTaskA + 1, 0};
inline constexpr OpRef kEndOp = {kEnd, 0};
// The callback of the n-th object of a kind.
inline constexpr OpRef CallbackOp(kernel_object_kind kind, uint8_t number) {
  return {static_cast<uint8_t>(static_cast<int>(kFirstCallback) + static_cast<int>(kind)), number};
}
inline constexpr uint16_t kStateOffset = 40;
inline constexpr uint16_t kChargeOffset = 8;
inline constexpr uint64_t kTimedOut = static_cast<uint64_t>(-int64_t{ETIMEDOUT});

inline const struct subject& TestSubject() {
  static const struct subject test_subject = [] {
    struct subject s = {};
    s.name = "handmade";
    s.owner_charge_offset = kChargeOffset;
    s.selem_state_offset = kStateOffset;
    return s;
  }();
  return test_subject;
}

class TraceBuilder {
 public:
  uint32_t Add(EventKind kind, OpRef op, ObjectId object, const char* function, uint64_t value = 0, uint8_t detail = 0,
               uint16_t offset = 0) {
    const uint32_t at = trace.size();
    trace.Append({kind, detail, op, object, offset, at + 100, value, function, function ? "f.cc" : nullptr});
    return at;
  }
  ObjectId Alloc(OpRef op, kernel_object_kind kind, const char* function = "Alloc") {
    ObjectInfo info = {kind, counts_[kind]++, 128, trace.size(), ObjectInfo::kAlive, ObjectInfo::kAlive};
    ObjectId id = trace.AddObject(info);
    Add(EventKind::kAlloc, op, id, function, info.size, static_cast<uint8_t>(kind));
    return id;
  }
  void Free(OpRef op, ObjectId object, const char* function = "Free") {
    trace.object(object).freed = Add(EventKind::kFree, op, object, function);
  }
  void HandOver(OpRef op, ObjectId object, const char* function, kernel_rcu_flavour flavour = KERNEL_RCU) {
    trace.object(object).handed_over = Add(EventKind::kCallRcu, op, object, function, 0, flavour);
  }
  void Begin(OpRef op, OpKind kind) { Add(EventKind::kOpBegin, op, 0, nullptr, 0, static_cast<uint8_t>(kind)); }
  void Enter(OpRef op, kernel_rcu_flavour flavour, uint64_t nesting = 1) {
    Add(EventKind::kReadLock, op, 0, nullptr, nesting, flavour);
  }
  void Leave(OpRef op, kernel_rcu_flavour flavour, uint64_t nesting = 0) {
    Add(EventKind::kReadUnlock, op, 0, nullptr, nesting, flavour);
  }
  void Touch(OpRef op, ObjectId object, const char* function = "Walk") {
    Add(EventKind::kLoad, op, object, function, 0, KERNEL_DEPENDENCY, 16);
  }
  void Rmw(OpRef op, ObjectId object, uint16_t offset, uint64_t from, uint64_t to, const char* function) {
    Add(EventKind::kRmw, op, object, function, to, KERNEL_FULL, offset);
    Add(EventKind::kRmwOld, op, object, function, from, true, offset);
  }
  void Lock(OpRef op, ObjectId object, const char* function) {
    Add(EventKind::kLock, op, object, function, 0, kGranted, 8);
  }
  void FailLock(OpRef op, ObjectId object, const char* function) {
    Add(EventKind::kLock, op, object, function, kTimedOut, kTimeout, 8);
  }
  uint32_t Fault(enum Fault fault, OpRef op, ObjectId object, const char* function, uint64_t value = 0) {
    return Add(EventKind::kFault, op, object, function, value, static_cast<uint8_t>(fault));
  }

  // Task A saturates a storage's reference count, and task B waits for ever because of that: two faces of one cause.
  // To be judged as a run that a fatal fault ended.
  void SaturateAndHang() {
    const ObjectId storage = Alloc(kSetupOp, KERNEL_STORAGE);
    Fault(nofail::Fault::kRefcountDecToZero, kOpA, storage, "Unpin");
    Add(EventKind::kRelax, kOpB, 0, "Destroy");
    Fault(nofail::Fault::kLivelock, kOpB, 0, nullptr);
  }

  Verdict Judged(bool fatal = false) const {
    Verdict verdict;
    Judge({trace, resources, TestSubject(), owner_ends, fatal}, &verdict);
    return verdict;
  }
  std::vector<std::string> Signatures(bool fatal = false) const {
    std::vector<std::string> signatures;
    for (const Violation& violation : Judged(fatal).violations) signatures.push_back(violation.Signature());
    return signatures;
  }

  Trace trace;
  std::vector<int32_t> resources = {0};
  std::vector<OwnerEnd> owner_ends;

 private:
  uint8_t counts_[8] = {};
};

}  // namespace nofail
#endif  // NOFAIL_TESTS_TRACE_BUILDER_H_
