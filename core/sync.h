// SPDX-License-Identifier: MIT
//
// Typed C++ over the kernel contract: what a subject written in C++ uses instead of access.h, refcount.h and hlist.h.
//
// Nothing here adds behaviour. The site of a call is the function that makes it, so that events and violations name the
// subject's own functions; the default argument captures it.
#ifndef NOFAIL_CORE_SYNC_H_
#define NOFAIL_CORE_SYNC_H_

#include "core/access.h"
#include "core/hlist.h"
#include "core/kernel.h"
#include "core/refcount.h"

// As a default argument: the caller.
#define NOFAIL_CALLER                                                               \
  kernel_site {                                                                     \
    __builtin_FUNCTION(), __builtin_FILE(), static_cast<unsigned>(__builtin_LINE()) \
  }

namespace nofail {

// A pointer that tasks share, with the kernel's accessors for one. `raw` is for plain accesses.
template <typename T>
struct Marked {
  T raw;

  // READ_ONCE semantics for a pointer that is compared, not followed.
  T Access(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_access_pointer, site); }
  // To follow it. REQUIRES: a reader section or the lock that keeps what it points to.
  T Dereference(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, rcu_dereference, site); }
  // Publishes: whoever dereferences it sees what was stored before.
  void Assign(T value, kernel_site site = NOFAIL_CALLER) { KERNEL_STORE(raw, value, rcu_assign_pointer, site); }
  // Stores without publishing: a null pointer, or into what nobody else sees yet.
  void Init(T value, kernel_site site = NOFAIL_CALLER) { KERNEL_STORE(raw, value, RCU_INIT_POINTER, site); }
  // cmpxchg. Returns the pointer before: equal to `expected` if and only if `desired` was stored.
  T CompareExchange(T expected, T desired, kernel_site site = NOFAIL_CALLER) {
    return (T)access_compare_exchange(&raw, sizeof(raw), (uint64_t)expected, (uint64_t)desired,
                                      static_cast<kernel_order>(KERNEL_ORDER_OF_cmpxchg), site);
  }
};

// atomic_t. Add, Sub and Or order nothing; CompareExchange is fully ordered if it stores.
struct Atomic32 {
  int32_t raw;

  int32_t Read(kernel_site site = NOFAIL_CALLER) { return KERNEL_LOAD(raw, atomic_read, site); }
  void Set(int32_t value, kernel_site site = NOFAIL_CALLER) {
    KERNEL_STORE(raw, static_cast<uint32_t>(value), atomic_set, site);
  }
  void Add(int32_t value, kernel_site site = NOFAIL_CALLER) {
    access_fetch_add(&raw, value, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_add), site);
  }
  void Sub(int32_t value, kernel_site site = NOFAIL_CALLER) {
    access_fetch_add(&raw, -value, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_sub), site);
  }
  void Or(int32_t bits, kernel_site site = NOFAIL_CALLER) {
    access_fetch_or(&raw, bits, static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_or), site);
  }
  int32_t CompareExchange(int32_t expected, int32_t desired, kernel_site site = NOFAIL_CALLER) {
    return static_cast<int32_t>(
        access_compare_exchange(&raw, sizeof(raw), static_cast<uint32_t>(expected), static_cast<uint32_t>(desired),
                                static_cast<kernel_order>(KERNEL_ORDER_OF_atomic_cmpxchg), site));
  }
};

// refcount_t; see refcount.h.
struct Refcount {
  refcount_t raw;

  void Set(int32_t value, kernel_site site = NOFAIL_CALLER) { refcount_set(&raw, value, site); }
  uint32_t Read(kernel_site site = NOFAIL_CALLER) { return refcount_read(&raw, site); }
  bool IncNotZero(kernel_site site = NOFAIL_CALLER) { return refcount_inc_not_zero(&raw, site); }
  void Dec(kernel_site site = NOFAIL_CALLER) { refcount_dec(&raw, site); }
  bool DecAndTest(kernel_site site = NOFAIL_CALLER) { return refcount_dec_and_test(&raw, site); }
};

// rqspinlock_t. Zeroed memory is an unlocked one.
struct RqSpinLock {
  kernel_rqspinlock raw;

  // 0, -EDEADLK or -ETIMEDOUT. There is no guard for it: what to do about an error is the protocol.
  [[nodiscard]] int Lock(kernel_site site = NOFAIL_CALLER) { return kernel_rqspin_lock(&raw, site); }
  void Unlock(kernel_site site = NOFAIL_CALLER) { kernel_rqspin_unlock(&raw, site); }
};

// spinlock_t, for a scope.
class SpinGuard {
 public:
  explicit SpinGuard(kernel_spinlock* lock, kernel_site site = NOFAIL_CALLER) : lock_(lock), site_(site) {
    kernel_spin_lock(lock_, site_);
  }
  ~SpinGuard() { kernel_spin_unlock(lock_, site_); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  kernel_spinlock* lock_;
  kernel_site site_;
};

// An RCU reader section, for a scope.
class RcuReader {
 public:
  explicit RcuReader(kernel_site site = NOFAIL_CALLER) : site_(site) { kernel_rcu_read_lock(KERNEL_RCU, site_); }
  ~RcuReader() { kernel_rcu_read_unlock(KERNEL_RCU, site_); }
  RcuReader(const RcuReader&) = delete;
  RcuReader& operator=(const RcuReader&) = delete;

 private:
  kernel_site site_;
};

// The object that a member at `offset` bytes lies in.
template <typename T>
T* ContainerOf(void* member, size_t offset) {
  return reinterpret_cast<T*>(static_cast<char*>(member) - offset);
}

// A reader's walk along an RCU list of T, linked by its hlist_node at kOffset:
//   for (T& entry : RcuWalk<T, offsetof(T, node)>(&head)) ...
// REQUIRES: a reader section that covers the walk, or the list's lock.
template <typename T, size_t kOffset>
class RcuWalk {
 public:
  explicit RcuWalk(hlist_head* head, kernel_site site = NOFAIL_CALLER) : head_(head), site_(site) {}

  struct End {};
  class Iterator {
   public:
    Iterator(hlist_node* node, kernel_site site) : node_(node), site_(site) {}
    T& operator*() const { return *ContainerOf<T>(node_, kOffset); }
    Iterator& operator++() {
      node_ = hlist_next_rcu(node_, site_);
      return *this;
    }
    bool operator!=(End) const { return node_ != nullptr; }

   private:
    hlist_node* node_;
    kernel_site site_;
  };
  Iterator begin() const { return Iterator(hlist_first_rcu(head_, site_), site_); }
  End end() const { return {}; }

 private:
  hlist_head* head_;
  kernel_site site_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_SYNC_H_
