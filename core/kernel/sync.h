// SPDX-License-Identifier: MIT
//
// Typed C++ wrappers of the kernel contract. A subject in C++ uses them instead of access.h, refcount.h and hlist.h.
//
// The wrappers add no behaviour. The default argument of each method captures the site of the method's caller, so that
// events and violations name functions of the subject.
#ifndef NOFAIL_CORE_KERNEL_SYNC_H_
#define NOFAIL_CORE_KERNEL_SYNC_H_

#include "core/kernel/access.h"
#include "core/kernel/hlist.h"
#include "core/kernel/kernel.h"
#include "core/kernel/refcount.h"

// The site of the caller, when it stands as a default argument.
#define NOFAIL_CALLER                                                               \
  kernel_site {                                                                     \
    __builtin_FUNCTION(), __builtin_FILE(), static_cast<unsigned>(__builtin_LINE()) \
  }

// Every method here is inlined into its caller. A method that is not inlined would be compiled twice, once with the
// sanitizer for subjects and once without it for other code, and the linker would choose which of the two subjects run.
#define NOFAIL_METHOD [[gnu::always_inline]]

namespace nofail {

// A pointer that tasks share. The methods are the kernel's marked accesses to such a pointer; `raw` is for plain ones.
template <typename T>
struct Marked {
  T raw;

  // rcu_access_pointer: loads the pointer to compare it, not to follow it. It gives no order, as READ_ONCE.
  NOFAIL_METHOD T Access(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_access_pointer, site); }
  // rcu_dereference: loads the pointer to follow it.
  // REQUIRES: the task is in a reader section or holds a lock that keeps alive what the pointer points to.
  NOFAIL_METHOD T Dereference(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_dereference, site); }
  // rcu_assign_pointer: publishes. A task that dereferences the new pointer sees everything stored before this call.
  NOFAIL_METHOD void Assign(T value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, value, rcu_assign_pointer, site);
  }
  // RCU_INIT_POINTER: stores without publishing. It is for a null pointer, or for a `raw` that no other task sees yet.
  NOFAIL_METHOD void Init(T value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, value, RCU_INIT_POINTER, site);
  }
  // cmpxchg: stores `desired` if the pointer is `expected`. Returns the pointer before. It stored if and only if it
  // returns `expected`.
  NOFAIL_METHOD T CompareExchange(T expected, T desired, kernel_site site = NOFAIL_CALLER) {
    return (T)access_compare_exchange(&raw, sizeof(raw), (uint64_t)expected, (uint64_t)desired,
                                      static_cast<kernel_order>(KERNEL_ORDER_OF_cmpxchg), site);
  }
};

// atomic_t. Read, Set, Add, Sub and Or order nothing. CompareExchange is a full barrier if it stores, and orders
// nothing if it does not.
struct Atomic32 {
  int32_t raw;

  NOFAIL_METHOD int32_t Read(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, atomic_read, site); }
  NOFAIL_METHOD void Set(int32_t value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, static_cast<uint32_t>(value), atomic_set, site);
  }
  NOFAIL_METHOD void Add(int32_t value, kernel_site site = NOFAIL_CALLER) {
    access_fetch_add(&raw, value, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_add), site);
  }
  NOFAIL_METHOD void Sub(int32_t value, kernel_site site = NOFAIL_CALLER) {
    access_fetch_add(&raw, -value, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_sub), site);
  }
  NOFAIL_METHOD void Or(int32_t bits, kernel_site site = NOFAIL_CALLER) {
    access_fetch_or(&raw, bits, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_or), site);
  }
  // Stores `desired` if the value is `expected`. Returns the value before.
  NOFAIL_METHOD int32_t CompareExchange(int32_t expected, int32_t desired, kernel_site site = NOFAIL_CALLER) {
    return static_cast<int32_t>(
        access_compare_exchange(&raw, sizeof(raw), static_cast<uint32_t>(expected), static_cast<uint32_t>(desired),
                                static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_cmpxchg), site));
  }
};

// refcount_t. core/kernel/refcount.h describes the operations.
struct Refcount {
  refcount_t raw;

  NOFAIL_METHOD void Set(int32_t value, kernel_site site = NOFAIL_CALLER) { refcount_set(&raw, value, site); }
  NOFAIL_METHOD uint32_t Read(kernel_site site = NOFAIL_CALLER) { return refcount_read(&raw, site); }
  NOFAIL_METHOD bool IncNotZero(kernel_site site = NOFAIL_CALLER) { return refcount_inc_not_zero(&raw, site); }
  NOFAIL_METHOD void Dec(kernel_site site = NOFAIL_CALLER) { refcount_dec(&raw, site); }
  NOFAIL_METHOD bool DecAndTest(kernel_site site = NOFAIL_CALLER) { return refcount_dec_and_test(&raw, site); }
};

// rqspinlock_t. A lock in zeroed memory is unlocked.
struct RqSpinLock {
  kernel_rqspinlock raw;

  // Returns 0, -EDEADLK or -ETIMEDOUT, as kernel_rqspin_lock does. There is no guard class for this lock, because each
  // caller must handle the errors in its own way.
  NOFAIL_METHOD [[nodiscard]] int Lock(kernel_site site = NOFAIL_CALLER) { return kernel_rqspin_lock(&raw, site); }
  NOFAIL_METHOD void Unlock(kernel_site site = NOFAIL_CALLER) { kernel_rqspin_unlock(&raw, site); }
};

// Holds a spinlock_t for a scope. Both calls have the site of the constructor's caller.
class SpinGuard {
 public:
  NOFAIL_METHOD explicit SpinGuard(kernel_spinlock* lock, kernel_site site = NOFAIL_CALLER) : lock_(lock), site_(site) {
    kernel_spin_lock(lock_, site_);
  }
  NOFAIL_METHOD ~SpinGuard() { kernel_spin_unlock(lock_, site_); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  kernel_spinlock* lock_;
  kernel_site site_;
};

// A KERNEL_RCU reader section for a scope. Both calls have the site of the constructor's caller.
class RcuReader {
 public:
  NOFAIL_METHOD explicit RcuReader(kernel_site site = NOFAIL_CALLER) : site_(site) {
    kernel_rcu_read_lock(KERNEL_RCU, site_);
  }
  NOFAIL_METHOD ~RcuReader() { kernel_rcu_read_unlock(KERNEL_RCU, site_); }
  RcuReader(const RcuReader&) = delete;
  RcuReader& operator=(const RcuReader&) = delete;

 private:
  kernel_site site_;
};

// Returns the object that contains `member` at `offset` bytes from its start.
template <typename T>
NOFAIL_METHOD inline T* ContainerOf(void* member, size_t offset) {
  return reinterpret_cast<T*>(static_cast<char*>(member) - offset);
}

// A reader's walk along an RCU list. Each T has its hlist_node at kOffset bytes from its start. For example:
//   for (T& entry : RcuWalk<T, offsetof(T, node)>(&head)) ...
// REQUIRES: one reader section covers the whole walk, or the task holds the list's lock.
template <typename T, size_t kOffset>
class RcuWalk {
 public:
  NOFAIL_METHOD explicit RcuWalk(hlist_head* head, kernel_site site = NOFAIL_CALLER) : head_(head), site_(site) {}

  struct End {};
  class Iterator {
   public:
    NOFAIL_METHOD Iterator(hlist_node* node, kernel_site site) : node_(node), site_(site) {}
    NOFAIL_METHOD T& operator*() const { return *ContainerOf<T>(node_, kOffset); }
    NOFAIL_METHOD Iterator& operator++() {
      node_ = hlist_next_rcu(node_, site_);
      return *this;
    }
    NOFAIL_METHOD bool operator!=(End) const { return node_ != nullptr; }

   private:
    hlist_node* node_;
    kernel_site site_;
  };
  NOFAIL_METHOD Iterator begin() const { return Iterator(hlist_first_rcu(head_, site_), site_); }
  NOFAIL_METHOD End end() const { return {}; }

 private:
  hlist_head* head_;
  kernel_site site_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SYNC_H_
