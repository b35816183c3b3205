// SPDX-License-Identifier: MIT
//
// The kernel's RCU hash list, for subjects in C and C++. It is an intrusive doubly linked list whose head is a single
// pointer. Readers walk it under RCU while one writer at a time, which holds the list's lock, changes it.
// (include/linux/{list,rculist}.h, Linux 7.2)
//
// A node is *hashed* while it is on a list. The pprev of a hashed node points to the pointer that points to the node:
// the next of the node before it, or the first of the head. A removed node keeps its next, so that a reader that has
// reached the node still finds the rest of the list.
//
// The kernel decides which accesses are marked, and this header follows it, because a plain access that meets a
// concurrent store is a data race:
//   first, next   Readers load them with rcu_dereference. Insertion publishes with rcu_assign_pointer; removal stores
//                 with WRITE_ONCE. The writer reads them with plain loads, and sets a new node's next with a plain
//                 store.
//   pprev         The writer stores it with WRITE_ONCE and reads it with plain loads. The lockless check
//                 (hlist_unhashed_lockless) reads it with READ_ONCE.
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

// Makes the list empty. REQUIRES: no other task sees the list yet.
NOFAIL_INLINE void hlist_init(struct hlist_head* head) {
  head->first = NULL;
}

// REQUIRES: the task holds the list's lock, or no other task sees the node.
NOFAIL_INLINE bool hlist_unhashed(const struct hlist_node* node) {
  return !node->pprev;
}
// hlist_unhashed without the list's lock. The answer may be stale by the time the caller has it.
NOFAIL_INLINE bool hlist_unhashed_lockless(struct hlist_node* node, struct kernel_site site) {
  return !KERNEL_LOAD(node->pprev, READ_ONCE, site);
}
NOFAIL_INLINE bool hlist_empty(struct hlist_head* head, struct kernel_site site) {
  return !KERNEL_LOAD(head->first, READ_ONCE, site);
}
// Whether the node is the only one of this list. REQUIRES: the task holds the list's lock.
NOFAIL_INLINE bool hlist_is_singular_node(const struct hlist_node* node, const struct hlist_head* head) {
  return !node->next && node->pprev == &head->first;
}

// Inserts the node with plain accesses. REQUIRES: no other task sees the list.
NOFAIL_INLINE void hlist_add_head(struct hlist_node* node, struct hlist_head* head) {
  node->next = head->first;
  node->pprev = &head->first;
  if (head->first) head->first->pprev = &node->next;
  head->first = node;
}

// Inserts the node at the head of a list that readers may walk.
// REQUIRES: the task holds the list's lock, or no other task sees the list yet.
NOFAIL_INLINE void hlist_add_head_rcu(struct hlist_node* node, struct hlist_head* head, struct kernel_site site) {
  struct hlist_node* first = head->first;
  node->next = first;
  KERNEL_STORE(node->pprev, &head->first, WRITE_ONCE, site);
  // A release, so that a reader that finds the node finds it initialized.
  KERNEL_STORE(head->first, node, rcu_assign_pointer, site);
  if (first) KERNEL_STORE(first->pprev, &node->next, WRITE_ONCE, site);
}

// Takes the node off its list and leaves it unhashed. Does nothing if the node is unhashed already.
// REQUIRES: the task holds the list's lock.
NOFAIL_INLINE void hlist_del_init_rcu(struct hlist_node* node, struct kernel_site site) {
  if (hlist_unhashed(node)) return;
  struct hlist_node* next = node->next;
  struct hlist_node** pprev = node->pprev;
  // WRITE_ONCE is enough, without a release: the next node, which readers now find here, was published earlier.
  KERNEL_STORE(*pprev, next, WRITE_ONCE, site);
  if (next) KERNEL_STORE(next->pprev, pprev, WRITE_ONCE, site);
  KERNEL_STORE(node->pprev, NULL, WRITE_ONCE, site);
}

// A reader's steps along the list. They return the first node, or the node after this one, or null at the end.
// REQUIRES: one reader section covers the whole walk, or the task holds the list's lock.
NOFAIL_INLINE struct hlist_node* hlist_first_rcu(struct hlist_head* head, struct kernel_site site) {
  return KERNEL_LOAD(head->first, rcu_dereference, site);
}
NOFAIL_INLINE struct hlist_node* hlist_next_rcu(struct hlist_node* node, struct kernel_site site) {
  return KERNEL_LOAD(node->next, rcu_dereference, site);
}

#endif  // NOFAIL_CORE_KERNEL_HLIST_H_
