// SPDX-License-Identifier: MIT
//
// Typed C++ over the kernel contract: what a subject written in C++ uses instead of access.h, refcount.h and hlist.h.
//
// Nothing here adds behaviour. The site of a call is the function that makes it, so that events and violations name the
// subject's own functions; the default argument captures it.
#ifndef NOFAIL_CORE_KERNEL_SYNC_H_
#define NOFAIL_CORE_KERNEL_SYNC_H_

#include "core/kernel/access.h"
#include "core/kernel/hlist.h"
#include "core/kernel/kernel.h"
#include "core/kernel/refcount.h"

// As a default argument: the caller.
#define NOFAIL_CALLER                                                               \
  kernel_site {                                                                     \
    __builtin_FUNCTION(), __builtin_FILE(), static_cast<unsigned>(__builtin_LINE()) \
  }

// Every method here is inlined into its caller: a copy of its own would be shared by subjects and by code that is not
// instrumented, and the linker would choose which of the two compilations subjects run.
#define NOFAIL_METHOD [[gnu::always_inline]]

namespace nofail {

// A pointer that tasks share, with the kernel's accessors for one. `raw` is for plain accesses.
template <typename T>
struct Marked {
  T raw;

  // READ_ONCE semantics for a pointer that is compared, not followed.
  NOFAIL_METHOD T Access(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_access_pointer, site); }
  // To follow it. REQUIRES: a reader section or the lock that keeps what it points to.
  NOFAIL_METHOD T Dereference(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_dereference, site); }
  // Publishes: whoever dereferences it sees what was stored before.
  NOFAIL_METHOD void Assign(T value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, value, rcu_assign_pointer, site);
  }
  // Stores without publishing: a null pointer, or into what nobody else sees yet.
  NOFAIL_METHOD void Init(T value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, value, RCU_INIT_POINTER, site);
  }
  // cmpxchg. Returns the pointer before: equal to `expected` if and only if `desired` was stored.
  NOFAIL_METHOD T CompareExchange(T expected, T desired, kernel_site site = NOFAIL_CALLER) {
    return (T)access_compare_exchange(&raw, sizeof(raw), (uint64_t)expected, (uint64_t)desired,
                                      static_cast<kernel_order>(KERNEL_ORDER_OF_cmpxchg), site);
  }
};

// atomic_t. Add, Sub and Or order nothing; CompareExchange is fully ordered if it stores.
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
  NOFAIL_METHOD int32_t CompareExchange(int32_t expected, int32_t desired, kernel_site site = NOFAIL_CALLER) {
    return static_cast<int32_t>(
        access_compare_exchange(&raw, sizeof(raw), static_cast<uint32_t>(expected), static_cast<uint32_t>(desired),
                                static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_cmpxchg), site));
  }
};

// refcount_t; see refcount.h.
struct Refcount {
  refcount_t raw;

  NOFAIL_METHOD void Set(int32_t value, kernel_site site = NOFAIL_CALLER) { refcount_set(&raw, value, site); }
  NOFAIL_METHOD uint32_t Read(kernel_site site = NOFAIL_CALLER) { return refcount_read(&raw, site); }
  NOFAIL_METHOD bool IncNotZero(kernel_site site = NOFAIL_CALLER) { return refcount_inc_not_zero(&raw, site); }
  NOFAIL_METHOD void Dec(kernel_site site = NOFAIL_CALLER) { refcount_dec(&raw, site); }
  NOFAIL_METHOD bool DecAndTest(kernel_site site = NOFAIL_CALLER) { return refcount_dec_and_test(&raw, site); }
};

// rqspinlock_t. Zeroed memory is an unlocked one.
struct RqSpinLock {
  kernel_rqspinlock raw;

  // 0, -EDEADLK or -ETIMEDOUT. There is no guard for it: what to do about an error is the protocol.
  NOFAIL_METHOD [[nodiscard]] int Lock(kernel_site site = NOFAIL_CALLER) { return kernel_rqspin_lock(&raw, site); }
  NOFAIL_METHOD void Unlock(kernel_site site = NOFAIL_CALLER) { kernel_rqspin_unlock(&raw, site); }
};

// spinlock_t, for a scope.
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

// An RCU reader section, for a scope.
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

// The object that a member at `offset` bytes lies in.
template <typename T>
NOFAIL_METHOD inline T* ContainerOf(void* member, size_t offset) {
  return reinterpret_cast<T*>(static_cast<char*>(member) - offset);
}

// A reader's walk along an RCU list of T, linked by its hlist_node at kOffset:
//   for (T& entry : RcuWalk<T, offsetof(T, node)>(&head)) ...
// REQUIRES: a reader section that covers the walk, or the list's lock.
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
