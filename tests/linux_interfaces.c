// SPDX-License-Identifier: MIT
//
// Everyday kernel interfaces, written as a file of a Linux tree would use them. This file is compiled as such a file
// is, against the shims alone. The expectations are the documented ones (sources are named in core/subjects/linux).
#include "tests/linux_interfaces.h"

#include "core/subjects/linux/api.h"

// What the tasks share.
struct node {
  int value;
  struct list_head entry;
  struct hlist_node hash;
  struct hlist_bl_node locked;
  struct llist_node lockless;
  struct rcu_head rcu;
};
struct shared {
  atomic_t atomic;
  atomic64_t wide;
  atomic_long_t along;
  refcount_t refs;
  struct kref kref;
  int plain, other;
  u8 byte;
  void* pointer;
  unsigned long bits[2];
  spinlock_t spin;
  raw_spinlock_t raw;
  rqspinlock_t resilient;
  struct mutex mutex;
  wait_queue_head_t queue;
  struct completion done;
  struct work_struct work;
  struct delayed_work delayed;
  struct irq_work irq_work;
  struct timer_list timer;
  struct percpu_ref ref;
  seqcount_t seq;
  struct srcu_struct srcu;
  struct node nodes[3];
  struct list_head list, more;
  struct hlist_head hlist;
  struct hlist_bl_head hlist_bl;
  struct llist_head llist;
  struct node __rcu* published;
  int seen, ran;
};
static struct shared s;
static DEFINE_PER_CPU(int, counter) = 7;

void reset_interfaces(void) {
  s = (struct shared){.nodes = {{.value = 1}, {.value = 2}, {.value = 3}}};
  s.list = (struct list_head)LIST_HEAD_INIT(s.list);
  s.more = (struct list_head)LIST_HEAD_INIT(s.more);
}

// CHECK(name) { ... } defines the check of an interface.
#define CHECK(name) static bool check_##name(void)

// ---- Marked accesses and barriers ----------------------------------------------------------------------------------
CHECK(READ_ONCE) {
  return READ_ONCE(s.plain) == 0;
}
CHECK(WRITE_ONCE) {
  WRITE_ONCE(s.byte, 300 - 256);
  return s.byte == 44;
}
CHECK(smp_load_acquire) {
  return smp_load_acquire(&s.plain) == 0;
}
CHECK(smp_store_release) {
  smp_store_release(&s.plain, -5);
  return s.plain == -5;
}
CHECK(smp_store_mb) {
  smp_store_mb(s.plain, 3);
  return s.plain == 3;
}
CHECK(smp_mb) {
  smp_mb();
  return true;
}
CHECK(smp_rmb) {
  smp_rmb();
  return true;
}
CHECK(smp_wmb) {
  smp_wmb();
  return true;
}
CHECK(smp_mb__before_atomic) {
  smp_mb__before_atomic();
  return true;
}
CHECK(smp_mb__after_atomic) {
  smp_mb__after_atomic();
  return true;
}

// ---- Atomic operations ---------------------------------------------------------------------------------------------
CHECK(atomic_read) {
  return atomic_read(&s.atomic) == 0;
}
CHECK(atomic_read_acquire) {
  return atomic_read_acquire(&s.atomic) == 0;
}
CHECK(atomic_set) {
  atomic_set(&s.atomic, -1);
  return s.atomic.counter == -1;
}
CHECK(atomic_set_release) {
  atomic_set_release(&s.atomic, 9);
  return s.atomic.counter == 9;
}
CHECK(atomic_inc) {
  atomic_inc(&s.atomic);
  return s.atomic.counter == 1;
}
CHECK(atomic_dec) {
  atomic_dec(&s.atomic);
  return s.atomic.counter == -1;
}
CHECK(atomic_add) {
  atomic_add(-4, &s.atomic);
  return s.atomic.counter == -4;
}
CHECK(atomic_sub) {
  atomic_sub(4, &s.atomic);
  return s.atomic.counter == -4;
}
CHECK(atomic_and) {
  s.atomic.counter = 6;
  atomic_and(3, &s.atomic);
  return s.atomic.counter == 2;
}
CHECK(atomic_andnot) {
  s.atomic.counter = 7;
  atomic_andnot(2, &s.atomic);
  return s.atomic.counter == 5;
}
CHECK(atomic_or) {
  atomic_or(5, &s.atomic);
  return s.atomic.counter == 5;
}
CHECK(atomic_xor) {
  s.atomic.counter = 5;
  atomic_xor(1, &s.atomic);
  return s.atomic.counter == 4;
}
CHECK(atomic_inc_return) {
  return atomic_inc_return(&s.atomic) == 1 && s.atomic.counter == 1;
}
CHECK(atomic_dec_return_relaxed) {
  return atomic_dec_return_relaxed(&s.atomic) == -1;
}
CHECK(atomic_add_return_acquire) {
  return atomic_add_return_acquire(5, &s.atomic) == 5;
}
CHECK(atomic_sub_return_release) {
  return atomic_sub_return_release(5, &s.atomic) == -5 && s.atomic.counter == -5;
}
CHECK(atomic_fetch_add) {
  return atomic_fetch_add(2, &s.atomic) == 0 && s.atomic.counter == 2;
}
CHECK(atomic_fetch_sub_acquire) {
  return atomic_fetch_sub_acquire(2, &s.atomic) == 0 && s.atomic.counter == -2;
}
CHECK(atomic_fetch_or) {
  s.atomic.counter = 1;
  return atomic_fetch_or(2, &s.atomic) == 1 && s.atomic.counter == 3;
}
CHECK(atomic_fetch_or_release) {
  return atomic_fetch_or_release(2, &s.atomic) == 0 && s.atomic.counter == 2;
}
CHECK(atomic_fetch_and_relaxed) {
  s.atomic.counter = 6;
  return atomic_fetch_and_relaxed(2, &s.atomic) == 6 && s.atomic.counter == 2;
}
CHECK(atomic_fetch_andnot) {
  s.atomic.counter = 6;
  return atomic_fetch_andnot(2, &s.atomic) == 6 && s.atomic.counter == 4;
}
CHECK(atomic_fetch_xor) {
  s.atomic.counter = 6;
  return atomic_fetch_xor(2, &s.atomic) == 6 && s.atomic.counter == 4;
}
CHECK(atomic_xchg) {
  s.atomic.counter = -6;
  return atomic_xchg(&s.atomic, 2) == -6 && s.atomic.counter == 2;
}
CHECK(atomic_cmpxchg) {
  return atomic_cmpxchg(&s.atomic, 0, -2) == 0 && s.atomic.counter == -2;
}
CHECK(atomic_cmpxchg_that_fails) {
  return atomic_cmpxchg(&s.atomic, 1, -2) == 0 && s.atomic.counter == 0;
}
CHECK(atomic_try_cmpxchg_acquire) {
  int old = 0;
  return atomic_try_cmpxchg_acquire(&s.atomic, &old, 8) && old == 0 && s.atomic.counter == 8;
}
CHECK(atomic_try_cmpxchg_that_fails) {
  int old = 3;
  s.atomic.counter = -4;
  return !atomic_try_cmpxchg(&s.atomic, &old, 8) && old == -4 && s.atomic.counter == -4;
}
CHECK(atomic_dec_and_test) {
  s.atomic.counter = 2;
  return !atomic_dec_and_test(&s.atomic) && atomic_dec_and_test(&s.atomic);
}
CHECK(atomic_inc_and_test) {
  s.atomic.counter = -1;
  return atomic_inc_and_test(&s.atomic);
}
CHECK(atomic_sub_and_test) {
  s.atomic.counter = 3;
  return atomic_sub_and_test(3, &s.atomic);
}
CHECK(atomic_add_negative) {
  return atomic_add_negative(-1, &s.atomic) && !atomic_add_negative(1, &s.atomic);
}
CHECK(atomic_add_unless) {
  return atomic_add_unless(&s.atomic, 2, 1) && s.atomic.counter == 2;
}
CHECK(atomic_add_unless_that_does_not) {
  return !atomic_add_unless(&s.atomic, 2, 0) && s.atomic.counter == 0;
}
CHECK(atomic_fetch_add_unless) {
  return atomic_fetch_add_unless(&s.atomic, 2, 1) == 0 && s.atomic.counter == 2;
}
CHECK(atomic_inc_not_zero) {
  const bool zero = atomic_inc_not_zero(&s.atomic);
  s.atomic.counter = 1;
  return !zero && atomic_inc_not_zero(&s.atomic) && s.atomic.counter == 2;
}
CHECK(atomic_inc_unless_negative) {
  s.atomic.counter = -1;
  return !atomic_inc_unless_negative(&s.atomic) && s.atomic.counter == -1;
}
CHECK(atomic_dec_unless_positive) {
  return atomic_dec_unless_positive(&s.atomic) && s.atomic.counter == -1;
}
CHECK(atomic_dec_if_positive) {
  const int at_zero = atomic_dec_if_positive(&s.atomic);
  s.atomic.counter = 2;
  return at_zero == -1 && atomic_dec_if_positive(&s.atomic) == 1 && s.atomic.counter == 1;
}
CHECK(atomic64_add_return) {
  return atomic64_add_return(1ll << 40, &s.wide) == 1ll << 40;
}
CHECK(atomic64_fetch_sub) {
  return atomic64_fetch_sub(1, &s.wide) == 0 && s.wide.counter == -1;
}
CHECK(atomic_long_inc_return) {
  return atomic_long_inc_return(&s.along) == 1;
}
CHECK(atomic_long_cmpxchg_release) {
  return atomic_long_cmpxchg_release(&s.along, 0, -1) == 0 && s.along.counter == -1;
}
CHECK(xchg) {
  return xchg(&s.pointer, &s) == NULL && s.pointer == &s;
}
CHECK(xchg_release) {
  return xchg_release(&s.byte, 255) == 0 && s.byte == 255;
}
CHECK(cmpxchg) {
  return cmpxchg(&s.pointer, NULL, (void*)&s) == NULL && s.pointer == &s;
}
CHECK(cmpxchg_of_a_byte) {
  return cmpxchg(&s.byte, 0, 200) == 0 && s.byte == 200;
}
CHECK(try_cmpxchg) {
  void* old = NULL;
  return try_cmpxchg(&s.pointer, &old, &s) && s.pointer == &s;
}
CHECK(try_cmpxchg_relaxed) {
  int old = 0;
  return try_cmpxchg_relaxed(&s.plain, &old, -1) && s.plain == -1;
}

// ---- Reference counts ----------------------------------------------------------------------------------------------
CHECK(refcount_inc) {
  s.refs.value = 1;
  refcount_inc(&s.refs);
  return s.refs.value == 2;
}
CHECK(refcount_add_of_zero) {
  refcount_add(2, &s.refs);
  return s.refs.value == kRefcountSaturated;
}
CHECK(refcount_inc_not_zero) {
  return !refcount_inc_not_zero(&s.refs);
}
CHECK(refcount_inc_not_zero_acquire) {
  s.refs.value = 1;
  return refcount_inc_not_zero_acquire(&s.refs) && s.refs.value == 2;
}
CHECK(refcount_dec_and_test) {
  s.refs.value = 1;
  return refcount_dec_and_test(&s.refs);
}
CHECK(refcount_sub_and_test) {
  s.refs.value = 3;
  return !refcount_sub_and_test(1, &s.refs) && refcount_sub_and_test(2, &s.refs);
}
CHECK(refcount_sub_and_test_of_too_many) {
  s.refs.value = 1;
  return !refcount_sub_and_test(2, &s.refs);
}
CHECK(refcount_dec_if_one) {
  s.refs.value = 2;
  return !refcount_dec_if_one(&s.refs) && s.refs.value == 2;
}
CHECK(refcount_dec_not_one) {
  s.refs.value = 2;
  return refcount_dec_not_one(&s.refs) && !refcount_dec_not_one(&s.refs) && s.refs.value == 1;
}
static void note_kref(struct kref* kref) {
  s.ran = kref == &s.kref;
}
CHECK(kref_put) {
  kref_init(&s.kref);
  return kref_get_unless_zero(&s.kref) && !kref_put(&s.kref, note_kref) && !s.ran && kref_put(&s.kref, note_kref) &&
         s.ran;
}

// ---- Bits ----------------------------------------------------------------------------------------------------------
CHECK(set_bit) {
  set_bit(65, s.bits);
  return s.bits[0] == 0 && s.bits[1] == 2;
}
CHECK(clear_bit) {
  s.bits[0] = 7;
  clear_bit(1, s.bits);
  return s.bits[0] == 5;
}
CHECK(clear_bit_unlock) {
  s.bits[0] = 1;
  clear_bit_unlock(0, s.bits);
  return s.bits[0] == 0;
}
CHECK(test_and_set_bit) {
  return !test_and_set_bit(3, s.bits) && s.bits[0] == 8;
}
CHECK(test_and_clear_bit) {
  s.bits[0] = 9;
  return test_and_clear_bit(3, s.bits) && s.bits[0] == 1;
}
CHECK(test_and_set_bit_lock) {
  return !test_and_set_bit_lock(0, s.bits);
}
CHECK(test_bit) {
  s.bits[1] = 1;
  return test_bit(64, s.bits);
}
CHECK(__set_bit) {
  int evaluated = 0;
  __set_bit(evaluated++, s.bits);
  return evaluated == 1 && s.bits[0] == 1;
}

// ---- Lists ---------------------------------------------------------------------------------------------------------
static int digits_of_list(const struct list_head* list) {
  struct node* node;
  int digits = 0;
  list_for_each_entry(node, list, entry) digits = digits * 10 + node->value;
  return digits;
}
CHECK(list_add) {
  list_add(&s.nodes[0].entry, &s.list);
  list_add(&s.nodes[1].entry, &s.list);
  return digits_of_list(&s.list) == 21;
}
CHECK(list_add_tail) {
  list_add_tail(&s.nodes[0].entry, &s.list);
  list_add_tail(&s.nodes[1].entry, &s.list);
  return digits_of_list(&s.list) == 12 && list_is_last(&s.nodes[1].entry, &s.list);
}
CHECK(list_del) {
  list_add(&s.nodes[0].entry, &s.list);
  list_del(&s.nodes[0].entry);
  return list_empty(&s.list) && s.nodes[0].entry.next == LIST_POISON1;
}
CHECK(list_del_init) {
  list_add(&s.nodes[0].entry, &s.list);
  list_del_init(&s.nodes[0].entry);
  return list_empty(&s.nodes[0].entry);
}
CHECK(list_move_tail) {
  list_add_tail(&s.nodes[0].entry, &s.list);
  list_add_tail(&s.nodes[1].entry, &s.list);
  list_move_tail(&s.nodes[0].entry, &s.list);
  return digits_of_list(&s.list) == 21;
}
CHECK(list_splice_init) {
  list_add_tail(&s.nodes[0].entry, &s.list);
  list_add_tail(&s.nodes[1].entry, &s.more);
  list_add_tail(&s.nodes[2].entry, &s.more);
  list_splice_init(&s.more, &s.list);
  return digits_of_list(&s.list) == 231 && list_empty(&s.more);
}
CHECK(list_for_each_entry_safe) {
  struct node *node, *after;
  int digits = 0;
  list_add_tail(&s.nodes[0].entry, &s.list);
  list_add_tail(&s.nodes[1].entry, &s.list);
  list_for_each_entry_safe(node, after, &s.list, entry) {
    digits = digits * 10 + node->value;
    list_del(&node->entry);
  }
  return digits == 12 && list_empty(&s.list);
}
CHECK(list_first_entry_or_null) {
  const bool none = list_first_entry_or_null(&s.list, struct node, entry) == NULL;
  list_add(&s.nodes[2].entry, &s.list);
  return none && list_first_entry_or_null(&s.list, struct node, entry)->value == 3 && list_is_singular(&s.list);
}
CHECK(list_add_rcu) {
  list_add_rcu(&s.nodes[0].entry, &s.list);
  return digits_of_list(&s.list) == 1;
}
CHECK(list_for_each_entry_rcu) {
  struct node* node;
  int digits = 0;
  list_add_tail_rcu(&s.nodes[0].entry, &s.list);
  list_add_tail_rcu(&s.nodes[1].entry, &s.list);
  rcu_read_lock();
  list_for_each_entry_rcu(node, &s.list, entry) digits = digits * 10 + node->value;
  rcu_read_unlock();
  list_del_rcu(&s.nodes[0].entry);
  return digits == 12 && digits_of_list(&s.list) == 2 && s.nodes[0].entry.next == &s.nodes[1].entry;
}
static int digits_of_hlist(void) {
  struct node* node;
  int digits = 0;
  hlist_for_each_entry(node, &s.hlist, hash) digits = digits * 10 + node->value;
  return digits;
}
CHECK(hlist_for_each_entry) {
  hlist_add_head(&s.nodes[0].hash, &s.hlist);
  hlist_add_head(&s.nodes[1].hash, &s.hlist);
  return digits_of_hlist() == 21;
}
CHECK(hlist_add_behind_rcu) {
  hlist_add_head_rcu(&s.nodes[0].hash, &s.hlist);
  hlist_add_behind_rcu(&s.nodes[1].hash, &s.nodes[0].hash);
  hlist_add_before_rcu(&s.nodes[2].hash, &s.nodes[0].hash);
  return digits_of_hlist() == 312;
}
CHECK(hlist_add_tail_rcu) {
  hlist_add_tail_rcu(&s.nodes[0].hash, &s.hlist);
  hlist_add_tail_rcu(&s.nodes[1].hash, &s.hlist);
  return digits_of_hlist() == 12;
}
CHECK(hlist_del_rcu) {
  hlist_add_head_rcu(&s.nodes[0].hash, &s.hlist);
  hlist_del_rcu(&s.nodes[0].hash);
  return hlist_empty(&s.hlist) && s.nodes[0].hash.pprev == LIST_POISON2;
}
CHECK(hlist_del_init) {
  hlist_add_head(&s.nodes[0].hash, &s.hlist);
  hlist_del_init(&s.nodes[0].hash);
  hlist_del_init(&s.nodes[0].hash);
  return hlist_empty(&s.hlist) && hlist_unhashed(&s.nodes[0].hash);
}
CHECK(hlist_replace_rcu) {
  hlist_add_head_rcu(&s.nodes[0].hash, &s.hlist);
  hlist_add_head_rcu(&s.nodes[1].hash, &s.hlist);
  hlist_replace_rcu(&s.nodes[0].hash, &s.nodes[2].hash);
  return digits_of_hlist() == 23;
}
CHECK(hlist_bl_add_head_rcu) {
  struct hlist_bl_node* at;
  struct node* node;
  int digits = 0;
  hlist_bl_lock(&s.hlist_bl);
  hlist_bl_add_head_rcu(&s.nodes[0].locked, &s.hlist_bl);
  hlist_bl_add_head_rcu(&s.nodes[1].locked, &s.hlist_bl);
  hlist_bl_for_each_entry(node, at, &s.hlist_bl, locked) digits = digits * 10 + node->value;
  hlist_bl_del_rcu(&s.nodes[1].locked);
  const bool locked = hlist_bl_is_locked(&s.hlist_bl);
  hlist_bl_unlock(&s.hlist_bl);
  return digits == 21 && locked && hlist_bl_first(&s.hlist_bl) == &s.nodes[0].locked;
}
CHECK(llist_add) {
  const bool first = llist_add(&s.nodes[0].lockless, &s.llist), second = llist_add(&s.nodes[1].lockless, &s.llist);
  struct node *node, *after;
  int digits = 0;
  llist_for_each_entry_safe(node, after, llist_reverse_order(llist_del_all(&s.llist)), lockless) digits =
      digits * 10 + node->value;
  return first && !second && digits == 12 && llist_empty(&s.llist);
}

// ---- Scopes --------------------------------------------------------------------------------------------------------
CHECK(guard_rcu) {
  {
    guard(rcu)();
    if (!rcu_read_lock_held()) return false;
  }
  return !rcu_read_lock_held();
}
CHECK(guard_spinlock) {
  {
    guard(spinlock)(&s.spin);
    lockdep_assert_held(&s.spin);
  }
  return !lockdep_is_held(&s.spin);
}
CHECK(scoped_guard) {
  bool inside = false;
  scoped_guard(raw_spinlock_irqsave, &s.raw) inside = lockdep_is_held(&s.raw);
  scoped_guard(rcu) inside &= rcu_read_lock_held();
  return inside && !lockdep_is_held(&s.raw) && !rcu_read_lock_held();
}
CHECK(guard_mutex) {
  scoped_guard(mutex, &s.mutex) if (!mutex_is_locked(&s.mutex)) return false;
  return !mutex_is_locked(&s.mutex);
}
DEFINE_GUARD(resilient, rqspinlock_t*, WARN_ON(raw_res_spin_lock(_T)), raw_res_spin_unlock(_T))
CHECK(DEFINE_GUARD) {
  {
    guard(resilient)(&s.resilient);
    if (!lockdep_is_held(&s.resilient)) return false;
  }
  return !lockdep_is_held(&s.resilient);
}
CHECK(__free) {
  int* kept __free(kfree) = NULL;
  {
    int* lost __free(kfree) = kmalloc(sizeof(int), GFP_KERNEL);
    int* given __free(kfree) = kmalloc(sizeof(int), GFP_KERNEL);
    if (!lost || !given) return false;
    kept = no_free_ptr(given);
  }
  WRITE_ONCE(*kept, 1);  // a use after free if it was freed
  return true;
}

// ---- Assertions ----------------------------------------------------------------------------------------------------
CHECK(WARN_ON_ONCE) {
  return WARN_ON_ONCE(s.plain == 0) && !WARN_ON_ONCE(s.plain == 1);
}
CHECK(WARN_ONCE) {
  return WARN_ONCE(s.plain == 0, "plain is %d\n", s.plain) && !WARN_ONCE(s.plain == 1, "plain is %d\n", s.plain);
}
CHECK(lockdep_assert_held) {
  lockdep_assert_held(&s.spin);
  return true;
}
CHECK(might_sleep_with_a_spinlock) {
  spin_lock(&s.spin);
  might_sleep();
  spin_unlock(&s.spin);
  return true;
}
CHECK(might_sleep_in_a_section) {
  rcu_read_lock();
  might_sleep();
  rcu_read_unlock();
  return true;
}
CHECK(might_sleep) {
  might_sleep();
  return true;
}
CHECK(preempt_disable) {
  preempt_disable();
  might_sleep();
  preempt_enable();
  return true;
}
CHECK(pr_warn_once) {
  pr_warn_once("evaluated %d\n", ++s.plain);
  return s.plain == 1;
}

// ---- Locks, memory, CPUs -------------------------------------------------------------------------------------------
CHECK(spin_lock_irqsave) {
  unsigned long flags;
  spin_lock_irqsave(&s.spin, flags);
  const bool held = spin_is_locked(&s.spin);
  spin_unlock_irqrestore(&s.spin, flags);
  return held;
}
CHECK(spin_trylock) {
  const bool taken = spin_trylock(&s.spin), again = spin_trylock(&s.spin);
  spin_unlock(&s.spin);
  return taken && !again;
}
CHECK(kcalloc) {
  u64* words = kcalloc(4, sizeof(u64), GFP_KERNEL);
  const bool zeroed = !(words[0] | words[3]);
  kfree(words);
  return zeroed && kcalloc(SIZE_MAX, 2, GFP_KERNEL) == NULL;
}
CHECK(kmalloc_that_may_sleep) {
  spin_lock(&s.spin);
  kfree(kmalloc(8, GFP_KERNEL));
  kfree(kmalloc(8, GFP_ATOMIC));
  spin_unlock(&s.spin);
  return true;
}
CHECK(this_cpu_ptr) {
  *this_cpu_ptr(&counter) += 2;
  this_cpu_inc(counter);
  return this_cpu_read(counter) == 10 && per_cpu(counter, smp_processor_id() + 1) == 7;
}
CHECK(alloc_percpu) {
  int* memory = alloc_percpu(int);
  int cpu, sum = 0;
  *this_cpu_ptr(memory) = 3;
  for_each_possible_cpu(cpu) sum += *per_cpu_ptr(memory, cpu);
  free_percpu(memory);
  return sum == 3;
}
static void note_ref(struct percpu_ref* ref) {
  ++s.ran;
}
CHECK(percpu_ref) {
  percpu_ref_init(&s.ref, note_ref, 0, GFP_KERNEL);
  percpu_ref_get(&s.ref);
  percpu_ref_put(&s.ref);
  const bool live = percpu_ref_tryget_live(&s.ref) && s.ran == 0;
  percpu_ref_kill(&s.ref);
  const bool refused = !percpu_ref_tryget_live(&s.ref) && s.ran == 0;
  percpu_ref_put(&s.ref);
  return live && refused && s.ran == 1 && percpu_ref_is_zero(&s.ref);
}

// ---- RCU -----------------------------------------------------------------------------------------------------------
CHECK(rcu_replace_pointer) {
  rcu_assign_pointer(s.published, &s.nodes[0]);
  spin_lock(&s.spin);
  struct node* old = rcu_replace_pointer(s.published, &s.nodes[1], lockdep_is_held(&s.spin));
  spin_unlock(&s.spin);
  return old == &s.nodes[0] && rcu_access_pointer(s.published) == &s.nodes[1];
}
CHECK(rcu_dereference_outside) {
  return rcu_dereference(s.published) == NULL;
}
CHECK(synchronize_rcu_tasks_trace) {
  synchronize_rcu_tasks_trace();
  return true;
}

CHECK(poll_state_synchronize_rcu) {
  const unsigned long state = start_poll_synchronize_rcu();
  return poll_state_synchronize_rcu(state) && poll_state_synchronize_rcu(get_completed_synchronize_rcu());
}
CHECK(poll_state_synchronize_rcu_full) {
  struct rcu_gp_oldstate state;
  rcu_read_lock();
  start_poll_synchronize_rcu_full(&state);
  const bool early = poll_state_synchronize_rcu_full(&state);
  rcu_read_unlock();
  return !early && poll_state_synchronize_rcu_full(&state);
}
CHECK(cond_synchronize_rcu_of_what_has_ended) {
  const unsigned long state = get_state_synchronize_rcu();
  rcu_read_lock();
  cond_synchronize_rcu(state);
  rcu_read_unlock();
  return true;
}
CHECK(cond_synchronize_rcu_in_the_section_it_waits_for) {
  rcu_read_lock();
  cond_synchronize_rcu(get_state_synchronize_rcu());
  rcu_read_unlock();
  return true;
}

#define ROW(name, trace) {#name, check_##name, trace}
const struct interface interfaces[] = {
    ROW(READ_ONCE, "ONCE"),
    ROW(WRITE_ONCE, "ONCE"),
    ROW(smp_load_acquire, "ACQUIRE"),
    ROW(smp_store_release, "RELEASE"),
    ROW(smp_store_mb, "ONCE FULL"),
    ROW(smp_mb, "FULL"),
    ROW(smp_rmb, "ACQUIRE"),
    ROW(smp_wmb, "RELEASE"),
    ROW(smp_mb__before_atomic, "FULL"),
    ROW(smp_mb__after_atomic, "FULL"),
    ROW(atomic_read, "ONCE"),
    ROW(atomic_read_acquire, "ACQUIRE"),
    ROW(atomic_set, "ONCE"),
    ROW(atomic_set_release, "RELEASE"),
    ROW(atomic_inc, "ONCE"),
    ROW(atomic_dec, "ONCE"),
    ROW(atomic_add, "ONCE"),
    ROW(atomic_sub, "ONCE"),
    ROW(atomic_and, "ONCE"),
    ROW(atomic_andnot, "ONCE"),
    ROW(atomic_or, "ONCE"),
    ROW(atomic_xor, "ONCE"),
    ROW(atomic_inc_return, "FULL"),
    ROW(atomic_dec_return_relaxed, "ONCE"),
    ROW(atomic_add_return_acquire, "ACQUIRE"),
    ROW(atomic_sub_return_release, "RELEASE"),
    ROW(atomic_fetch_add, "FULL"),
    ROW(atomic_fetch_sub_acquire, "ACQUIRE"),
    ROW(atomic_fetch_or, "FULL"),
    ROW(atomic_fetch_or_release, "RELEASE"),
    ROW(atomic_fetch_and_relaxed, "ONCE"),
    ROW(atomic_fetch_andnot, "FULL"),
    ROW(atomic_fetch_xor, "FULL"),
    ROW(atomic_xchg, "FULL"),
    ROW(atomic_cmpxchg, "FULL"),
    ROW(atomic_cmpxchg_that_fails, "ONCE"),
    ROW(atomic_try_cmpxchg_acquire, "ACQUIRE"),
    ROW(atomic_try_cmpxchg_that_fails, "ONCE"),
    ROW(atomic_dec_and_test, "FULL FULL"),
    ROW(atomic_inc_and_test, "FULL"),
    ROW(atomic_sub_and_test, "FULL"),
    ROW(atomic_add_negative, "FULL FULL"),
    ROW(atomic_add_unless, "FULL"),
    ROW(atomic_add_unless_that_does_not, "ONCE"),
    ROW(atomic_fetch_add_unless, "FULL"),
    ROW(atomic_inc_not_zero, "ONCE FULL"),
    ROW(atomic_inc_unless_negative, "ONCE"),
    ROW(atomic_dec_unless_positive, "FULL"),
    ROW(atomic_dec_if_positive, "ONCE FULL"),
    ROW(atomic64_add_return, "FULL"),
    ROW(atomic64_fetch_sub, "FULL"),
    ROW(atomic_long_inc_return, "FULL"),
    ROW(atomic_long_cmpxchg_release, "RELEASE"),
    ROW(xchg, "FULL"),
    ROW(xchg_release, "RELEASE"),
    ROW(cmpxchg, "FULL"),
    ROW(cmpxchg_of_a_byte, "FULL"),
    ROW(try_cmpxchg, "FULL"),
    ROW(try_cmpxchg_relaxed, "ONCE"),
    ROW(refcount_inc, "ONCE"),
    ROW(refcount_add_of_zero, "ONCE ONCE !refcount-add-on-zero"),
    ROW(refcount_inc_not_zero, "ONCE"),
    ROW(refcount_inc_not_zero_acquire, "ONCE ACQUIRE"),
    ROW(refcount_dec_and_test, "RELEASE ACQUIRE"),
    ROW(refcount_sub_and_test, "RELEASE RELEASE ACQUIRE"),
    ROW(refcount_sub_and_test_of_too_many, "RELEASE ONCE !refcount-underflow"),
    ROW(refcount_dec_if_one, "ONCE"),
    ROW(refcount_dec_not_one, "ONCE RELEASE ONCE"),
    ROW(kref_put, NULL),
    ROW(set_bit, "ONCE"),
    ROW(clear_bit, "ONCE"),
    ROW(clear_bit_unlock, "RELEASE"),
    ROW(test_and_set_bit, "FULL"),
    ROW(test_and_clear_bit, "FULL"),
    ROW(test_and_set_bit_lock, "ACQUIRE"),
    ROW(test_bit, "ONCE"),
    ROW(__set_bit, ""),
    ROW(list_add, "ONCE ONCE"),
    ROW(list_add_tail, "ONCE ONCE"),
    ROW(list_del, "ONCE ONCE ONCE"),
    ROW(list_del_init, "ONCE ONCE ONCE ONCE ONCE"),
    ROW(list_move_tail, NULL),
    ROW(list_splice_init, NULL),
    ROW(list_for_each_entry_safe, NULL),
    ROW(list_first_entry_or_null, NULL),
    ROW(list_add_rcu, "RELEASE"),
    ROW(list_for_each_entry_rcu, "RELEASE RELEASE DEPENDENCY DEPENDENCY DEPENDENCY ONCE"),
    ROW(hlist_for_each_entry, NULL),
    ROW(hlist_add_behind_rcu, NULL),
    ROW(hlist_add_tail_rcu, NULL),
    ROW(hlist_del_rcu, "ONCE RELEASE ONCE ONCE ONCE"),
    ROW(hlist_del_init, NULL),
    ROW(hlist_replace_rcu, NULL),
    ROW(hlist_bl_add_head_rcu, NULL),
    ROW(llist_add, NULL),
    ROW(guard_rcu, ""),
    ROW(guard_spinlock, ""),
    ROW(scoped_guard, ""),
    ROW(guard_mutex, NULL),
    ROW(DEFINE_GUARD, ""),
    ROW(__free, "ONCE"),
    ROW(WARN_ON_ONCE, "WARNING"),
    ROW(WARN_ONCE, "WARNING"),
    ROW(lockdep_assert_held, "WARNING"),
    ROW(might_sleep_with_a_spinlock, "!sleep-in-atomic"),
    ROW(might_sleep_in_a_section, "!sleep-in-rcu"),
    ROW(might_sleep, ""),
    ROW(preempt_disable, "!sleep-in-rcu"),
    ROW(pr_warn_once, ""),
    ROW(spin_lock_irqsave, "ONCE"),
    ROW(spin_trylock, "ONCE"),
    ROW(kcalloc, ""),
    ROW(kmalloc_that_may_sleep, "!sleep-in-atomic"),
    ROW(this_cpu_ptr, ""),
    ROW(alloc_percpu, ""),
    ROW(percpu_ref, NULL),
    ROW(rcu_replace_pointer, "RELEASE DEPENDENCY RELEASE ONCE"),
    ROW(rcu_dereference_outside, "!rcu-not-held DEPENDENCY"),
    ROW(synchronize_rcu_tasks_trace, ""),
    ROW(poll_state_synchronize_rcu, ""),
    ROW(poll_state_synchronize_rcu_full, ""),
    ROW(cond_synchronize_rcu_of_what_has_ended, ""),
    ROW(cond_synchronize_rcu_in_the_section_it_waits_for, "!sleep-in-rcu"),
    {NULL, NULL, NULL},
};

// ---- Two tasks -----------------------------------------------------------------------------------------------------
static void nothing(void) {}
static void count_work(struct work_struct* work) {
  might_sleep();
  WRITE_ONCE(s.ran, READ_ONCE(s.ran) + 1);
}
static void count_timer(struct timer_list* timer) {
  WRITE_ONCE(s.ran, READ_ONCE(s.ran) + 1);
}
static void sleep_in_irq_work(struct irq_work* work) {
  might_sleep();
}
static bool ran_once(void) {
  return s.ran == 1;
}
static bool was_seen(void) {
  return s.seen == 1;
}

static void queue_a_work(void) {
  INIT_WORK(&s.work, count_work);
  queue_work(system_wq, &s.work);
}
static void queue_twice(void) {
  INIT_WORK(&s.work, count_work);
  const bool first = schedule_work(&s.work), second = schedule_work(&s.work);
  flush_work(&s.work);
  // The first item may have begun before the second call.
  s.seen = first && s.ran == 1 + second;
}
static void cancel_sync(void) {
  INIT_DELAYED_WORK(&s.delayed, count_work);
  schedule_delayed_work(&s.delayed, HZ);
  const bool was_pending = cancel_delayed_work_sync(&s.delayed);
  s.seen = READ_ONCE(s.ran) == !was_pending && !delayed_work_pending(&s.delayed);
}
static void arm_and_delete(void) {
  timer_setup(&s.timer, count_timer, 0);
  mod_timer(&s.timer, jiffies + HZ);
  const bool was_pending = timer_delete_sync(&s.timer);
  s.seen = READ_ONCE(s.ran) == !was_pending;
}
static void queue_irq_work(void) {
  init_irq_work(&s.irq_work, sleep_in_irq_work);
  irq_work_queue(&s.irq_work);
}
// An item that its own function frees, as a teardown does it.
static void free_item(struct work_struct* work) {
  kfree(work);
  WRITE_ONCE(s.ran, 1);
}
static void queue_and_forget(void) {
  struct work_struct* work = kmalloc(sizeof(*work), GFP_KERNEL);
  INIT_WORK(work, free_item);
  schedule_work(work);
}
// An item that somebody else frees while it is pending.
static void queue_and_free(void) {
  struct work_struct* work = kmalloc(sizeof(*work), GFP_KERNEL);
  INIT_WORK(work, free_item);
  schedule_work(work);
  kfree(work);
}

static void wait_for_flag(void) {
  wait_event(s.queue, READ_ONCE(s.plain));
  s.seen = 1;
}
static void set_flag_and_wake(void) {
  WRITE_ONCE(s.plain, 1);
  wake_up(&s.queue);
}
static void set_flag(void) {
  WRITE_ONCE(s.plain, 1);
}
static void wait_for_done(void) {
  wait_for_completion(&s.done);
  s.seen = s.plain == 1;
}
static void be_done(void) {
  s.plain = 1;
  complete(&s.done);
}

static void lock_and_add(void) {
  mutex_lock(&s.mutex);
  WRITE_ONCE(s.seen, READ_ONCE(s.seen) + 1);  // two steps
  mutex_unlock(&s.mutex);
}
static bool seen_twice(void) {
  return s.seen == 2;
}

static void write_pair(void) {
  write_seqcount_begin(&s.seq);
  WRITE_ONCE(s.plain, 1);
  WRITE_ONCE(s.other, 1);
  write_seqcount_end(&s.seq);
}
static void read_pair(void) {
  unsigned start;
  int plain, other;
  do {
    start = read_seqcount_begin(&s.seq);
    plain = READ_ONCE(s.plain);
    other = READ_ONCE(s.other);
  } while (read_seqcount_retry(&s.seq, start));
  s.seen = plain == other;
}

static void read_under_srcu(void) {
  const int index = srcu_read_lock(&s.srcu);
  int* object = srcu_dereference(s.pointer, &s.srcu);
  if (object) READ_ONCE(*object);
  srcu_read_unlock(&s.srcu, index);
}
static void replace_under_srcu(void) {
  void* object = xchg(&s.pointer, NULL);
  synchronize_srcu(&s.srcu);
  kfree(object);
}
static void replace_without_srcu(void) {
  kfree(xchg(&s.pointer, NULL));
}
static void read_under_rcu(void) {
  guard(rcu)();
  int* object = rcu_dereference(s.pointer);
  if (object) READ_ONCE(*object);
}
static void replace_and_poll(void) {
  void* object = xchg(&s.pointer, NULL);
  const unsigned long state = start_poll_synchronize_rcu();
  while (!poll_state_synchronize_rcu(state)) cpu_relax();
  kfree(object);
}
// The state is taken before the object is replaced, so a reader may come in between.
static void take_the_state_and_replace(void) {
  const unsigned long state = get_state_synchronize_rcu();
  void* object = xchg(&s.pointer, NULL);
  cond_synchronize_rcu(state);
  kfree(object);
}
static void inc_relaxed(void) {
  atomic_inc(&s.atomic);
}
static bool incremented_twice(void) {
  return s.atomic.counter == 2;
}
static void add_if_zero(void) {
  if (!atomic_fetch_add_unless(&s.atomic, 1, 1)) ++s.seen;
}
static void count_on_this_cpu(void) {
  const int before = this_cpu_read(counter);
  set_flag();
  this_cpu_inc(counter);
  set_flag();
  WRITE_ONCE(s.seen, READ_ONCE(s.seen) + (this_cpu_read(counter) == before + 1));
}
static void read_list(void) {
  struct node* node;
  guard(rcu)();
  hlist_for_each_entry_rcu(node, &s.hlist, hash) READ_ONCE(node->value);
}
static void add_del_and_free(void) {
  struct node* node = kmalloc(sizeof(*node), GFP_KERNEL);
  hlist_add_head_rcu(&node->hash, &s.hlist);
  hlist_del_rcu(&node->hash);
  kfree_rcu(node, rcu);
}
static void add_del_and_free_at_once(void) {
  struct node* node = kmalloc(sizeof(*node), GFP_KERNEL);
  hlist_add_head_rcu(&node->hash, &s.hlist);
  hlist_del_rcu(&node->hash);
  kfree(node);
}
static void publish_object(void) {
  s.pointer = kmalloc(sizeof(int), GFP_KERNEL);
}
static bool always(void) {
  return true;
}
const struct meeting meetings[] = {
    {"queue_work", nothing, queue_a_work, nothing, ran_once, "right"},
    {"queue_work twice and flush_work", nothing, queue_twice, nothing, was_seen, "right"},
    {"cancel_delayed_work_sync", nothing, cancel_sync, set_flag, was_seen, "right"},
    {"timer_delete_sync", nothing, arm_and_delete, set_flag, was_seen, "right"},
    {"irq_work may not sleep", nothing, queue_irq_work, nothing, always, "right !sleep-in-atomic"},
    {"a work item may free itself", nothing, queue_and_forget, nothing, ran_once, "right"},
    {"a pending work item may not be freed", nothing, queue_and_free, set_flag, always,
     "!double-free | !use-after-free"},
    {"wait_event and wake_up", nothing, wait_for_flag, set_flag_and_wake, was_seen, "right"},
    {"wait_event without wake_up", nothing, wait_for_flag, set_flag, was_seen, "!livelock | right"},
    {"wait_for_completion", nothing, wait_for_done, be_done, was_seen, "right"},
    {"wait_for_completion of nothing", nothing, wait_for_done, nothing, was_seen, "!livelock"},
    {"mutex_lock", nothing, lock_and_add, lock_and_add, seen_twice, "right"},
    {"read_seqcount_retry", nothing, read_pair, write_pair, was_seen, "right"},
    {"synchronize_srcu", publish_object, read_under_srcu, replace_under_srcu, always, "right"},
    {"no synchronize_srcu", publish_object, read_under_srcu, replace_without_srcu, always, "!use-after-free | right"},
    {"poll_state_synchronize_rcu", publish_object, read_under_rcu, replace_and_poll, always, "right"},
    {"cond_synchronize_rcu with too early a state", publish_object, take_the_state_and_replace, read_under_rcu, always,
     "!freed-in-reader !use-after-free | right | right !freed-in-reader"},
    {"atomic_inc", nothing, inc_relaxed, inc_relaxed, incremented_twice, "right"},
    {"atomic_fetch_add_unless", nothing, add_if_zero, add_if_zero, was_seen, "right"},
    {"this_cpu_inc", nothing, count_on_this_cpu, count_on_this_cpu, always, "right"},
    {"hlist_del_rcu and kfree_rcu", nothing, read_list, add_del_and_free, always, "right"},
    {"hlist_del_rcu and kfree", nothing, read_list, add_del_and_free_at_once, always,
     "!freed-in-reader !use-after-free | right | right !freed-in-reader"},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
