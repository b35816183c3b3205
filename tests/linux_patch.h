// SPDX-License-Identifier: MIT
//
// What a patch may put into a tree's file: static variables, and a function that uses interfaces that no stock version
// uses. Each run begins with the variables as they are at boot. A warning is a violation, so a wrong value fails the
// test (linux_test.cc, with the tree that linux_patch.edit changes).
#ifndef NOFAIL_TESTS_LINUX_PATCH_H_
#define NOFAIL_TESTS_LINUX_PATCH_H_

#include "core/subjects/linux/api.h"

struct patch_node {
  struct hlist_node hash;
  struct list_head entry;
};

static atomic_t patch_uses;
static bool patch_was_used;
static DEFINE_PER_CPU(int, patch_on_this_cpu) = 5;
static DEFINE_SPINLOCK(patch_lock);
static HLIST_HEAD(patch_hash);
static LIST_HEAD(patch_list);
static struct patch_node patch_kept;

static void patch_work_function(struct work_struct* work) {
  might_sleep();
  atomic_inc(&patch_uses);
}
static DECLARE_WORK(patch_work, patch_work_function);

static void use_everyday_interfaces(void) {
  struct patch_node node, *at;
  int old = 0, word = 0;

  guard(rcu)();
  if (atomic_inc_return(&patch_uses) <= 0) pr_warn_once("%d uses\n", atomic_read(&patch_uses));
  smp_mb__after_atomic();
  WARN_ON_ONCE(!(atomic_fetch_or(1 << 20, &patch_uses) & ~(1 << 20)));
  WARN_ON_ONCE(atomic_dec_and_test(&patch_uses));
  WARN_ON_ONCE(!try_cmpxchg(&word, &old, 2));
  WARN_ONCE(xchg(&word, 3) != 2, "word is %d\n", word);
  WARN_ON_ONCE(++*this_cpu_ptr(&patch_on_this_cpu) <= 5);
  schedule_work(&patch_work);
  scoped_guard(spinlock, &patch_lock) {
    lockdep_assert_held(&patch_lock);
    WARN_ON_ONCE(!patch_was_used && !list_empty(&patch_list));
    if (!patch_was_used) list_add(&patch_kept.entry, &patch_list);
    patch_was_used = true;
    hlist_add_head_rcu(&node.hash, &patch_hash);
    hlist_for_each_entry(at, &patch_hash, hash) WARN_ON_ONCE(at != &node);
    hlist_del_rcu(&node.hash);
  }
}

#endif  // NOFAIL_TESTS_LINUX_PATCH_H_
