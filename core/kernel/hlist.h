// SPDX-License-Identifier: MIT
//
// The kernel's RCU hash list: a doubly linked list with a one-pointer head, intrusive, read under RCU while one writer
// at a time (under the list's lock) changes it. For C and C++. (include/linux/{list,rculist}.h, Linux 7.2)
//
// A node is *hashed* while it is on a list: pprev points to the pointer that points to it. A removed node keeps `next`,
// so that a reader that stands on it finds the rest of the list.
//
// Which accesses are marked is the kernel's choice, for a plain one that meets a concurrent store is a data race:
//   first, next   readers load with rcu_dereference; insertion publishes with rcu_assign_pointer, removal stores with
//                 WRITE_ONCE. The writer reads them plain. A new node's own next is stored plain.
//   pprev         stored with WRITE_ONCE; read plain under the lock, and with READ_ONCE by the lockless check.
#ifndef NOFAIL_CORE_KERNEL_HLIST_H_
#define NOFAIL_CORE_KERNEL_HLIST_H_

#include "core/kernel/access.h"

struct hlist_node {
  struct hlist_node* next;
  struct hlist_node** pprev;
};
struct hlist_head {
  struct hlist_node* first;
};

// Of a list that nobody else sees yet.
NOFAIL_INLINE void hlist_init(struct hlist_head* head) {
  head->first = NULL;
}

// REQUIRES: the list's lock, or a node nobody else sees.
NOFAIL_INLINE bool hlist_unhashed(const struct hlist_node* node) {
  return !node->pprev;
}
// The answer may be stale when it arrives.
NOFAIL_INLINE bool hlist_unhashed_lockless(struct hlist_node* node, struct kernel_site site) {
  return !KERNEL_LOAD(node->pprev, READ_ONCE, site);
}
NOFAIL_INLINE bool hlist_empty(struct hlist_head* head, struct kernel_site site) {
  return !KERNEL_LOAD(head->first, READ_ONCE, site);
}
// Whether the node is the only one of this list. REQUIRES: the list's lock.
NOFAIL_INLINE bool hlist_is_singular_node(const struct hlist_node* node, const struct hlist_head* head) {
  return !node->next && node->pprev == &head->first;
}

// Inserts into a private list: one that nobody else sees.
NOFAIL_INLINE void hlist_add_head(struct hlist_node* node, struct hlist_head* head) {
  node->next = head->first;
  node->pprev = &head->first;
  if (head->first) head->first->pprev = &node->next;
  head->first = node;
}

// REQUIRES: the list's lock, or a list nobody else sees yet.
NOFAIL_INLINE void hlist_add_head_rcu(struct hlist_node* node, struct hlist_head* head, struct kernel_site site) {
  struct hlist_node* first = head->first;
  node->next = first;
  KERNEL_STORE(node->pprev, &head->first, WRITE_ONCE, site);
  // Release: whoever finds the node finds it initialized.
  KERNEL_STORE(head->first, node, rcu_assign_pointer, site);
  if (first) KERNEL_STORE(first->pprev, &node->next, WRITE_ONCE, site);
}

// Takes the node off its list and leaves it unhashed; nothing to do if it already is. REQUIRES: the list's lock.
NOFAIL_INLINE void hlist_del_init_rcu(struct hlist_node* node, struct kernel_site site) {
  if (hlist_unhashed(node)) return;
  struct hlist_node* next = node->next;
  struct hlist_node** pprev = node->pprev;
  // Once is enough: what readers find behind the node was published before.
  KERNEL_STORE(*pprev, next, WRITE_ONCE, site);
  if (next) KERNEL_STORE(next->pprev, pprev, WRITE_ONCE, site);
  KERNEL_STORE(node->pprev, NULL, WRITE_ONCE, site);
}

// A reader's steps along the list. REQUIRES: a reader section that covers the whole walk, or the list's lock.
NOFAIL_INLINE struct hlist_node* hlist_first_rcu(struct hlist_head* head, struct kernel_site site) {
  return KERNEL_LOAD(head->first, rcu_dereference, site);
}
NOFAIL_INLINE struct hlist_node* hlist_next_rcu(struct hlist_node* node, struct kernel_site site) {
  return KERNEL_LOAD(node->next, rcu_dereference, site);
}

#endif  // NOFAIL_CORE_KERNEL_HLIST_H_
