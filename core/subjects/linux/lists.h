// SPDX-License-Identifier: MIT
//
// Lists: list_head, hlist, hlist_bl and llist, plain and for RCU readers. Which accesses are marked, and with which
// order, follows the kernel; core/kernel/hlist.h says why that matters. A removed node is poisoned as in the kernel:
// whoever follows a poisoned pointer faults.
// (include/linux/{list,rculist,list_bl,rculist_bl,llist}.h, Linux 7.2)
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_LISTS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_LISTS_H_

#include "core/kernel/hlist.h"
#include "core/subjects/linux/atomics.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"

#define LIST_POISON1 ((void*)0x100)
#define LIST_POISON2 ((void*)0x122)

// The object whose member `member` the pointer points to, or NULL for NULL.
#define NOFAIL_OBJECT_OF(pointer, type, member)                       \
  ({                                                                  \
    __typeof__(&((type*)0)->member) nofail_member = (pointer);        \
    nofail_member ? container_of(nofail_member, type, member) : NULL; \
  })

// ---- list_head -----------------------------------------------------------------------------------------------------
struct list_head {
  struct list_head *next, *prev;
};
#define LIST_HEAD_INIT(name) {&(name), &(name)}
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

NOFAIL_INLINE void nofail_list_init(struct list_head* list, struct kernel_site site) {
  KERNEL_STORE(list->next, list, WRITE_ONCE, site);
  KERNEL_STORE(list->prev, list, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_list_link(struct list_head* prev, struct list_head* next, struct kernel_site site) {
  next->prev = prev;
  KERNEL_STORE(prev->next, next, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_list_insert(struct list_head* node, struct list_head* prev, struct list_head* next, bool rcu,
                                      struct kernel_site site) {
  node->next = next;
  node->prev = prev;
  if (rcu) {
    KERNEL_STORE(prev->next, node, rcu_assign_pointer, site);
    next->prev = node;
  } else {
    next->prev = node;
    KERNEL_STORE(prev->next, node, WRITE_ONCE, site);
  }
}
NOFAIL_INLINE void nofail_list_del(struct list_head* node, struct kernel_site site) {
  nofail_list_link(node->prev, node->next, site);
  node->next = LIST_POISON1;
  node->prev = LIST_POISON2;
}
// A reader may stand on the node, so its next stays.
NOFAIL_INLINE void nofail_list_del_rcu(struct list_head* node, struct kernel_site site) {
  nofail_list_link(node->prev, node->next, site);
  node->prev = LIST_POISON2;
}
NOFAIL_INLINE void nofail_list_del_init(struct list_head* node, struct kernel_site site) {
  nofail_list_link(node->prev, node->next, site);
  nofail_list_init(node, site);
}
NOFAIL_INLINE void nofail_list_del_init_careful(struct list_head* node, struct kernel_site site) {
  nofail_list_link(node->prev, node->next, site);
  KERNEL_STORE(node->prev, node, WRITE_ONCE, site);
  KERNEL_STORE(node->next, node, smp_store_release, site);
}
NOFAIL_INLINE bool nofail_list_empty(const struct list_head* head, struct kernel_site site) {
  return KERNEL_LOAD(head->next, READ_ONCE, site) == head;
}
NOFAIL_INLINE bool nofail_list_empty_careful(const struct list_head* head, struct kernel_site site) {
  const struct list_head* next = KERNEL_LOAD(head->next, smp_load_acquire, site);
  return next == head && next == KERNEL_LOAD(head->prev, READ_ONCE, site);
}
NOFAIL_INLINE void nofail_list_move(struct list_head* node, struct list_head* head, bool tail,
                                    struct kernel_site site) {
  nofail_list_link(node->prev, node->next, site);
  nofail_list_insert(node, tail ? head->prev : head, tail ? head : head->next, false, site);
}
// Puts the entries of `list` behind `prev`.
NOFAIL_INLINE void nofail_list_splice(struct list_head* list, struct list_head* prev, bool init,
                                      struct kernel_site site) {
  if (nofail_list_empty(list, site)) return;
  struct list_head *next = prev->next, *first = list->next, *last = list->prev;
  first->prev = prev;
  prev->next = first;
  last->next = next;
  next->prev = last;
  if (init) nofail_list_init(list, site);
}
NOFAIL_INLINE void nofail_list_replace(struct list_head* old, struct list_head* node) {
  node->next = old->next;
  node->next->prev = node;
  node->prev = old->prev;
  node->prev->next = node;
}
NOFAIL_INLINE void nofail_list_replace_rcu(struct list_head* old, struct list_head* node, struct kernel_site site) {
  node->next = old->next;
  node->prev = old->prev;
  KERNEL_STORE(node->prev->next, node, rcu_assign_pointer, site);
  node->next->prev = node;
  old->prev = LIST_POISON2;
}

#define INIT_LIST_HEAD(list) nofail_list_init((list), KERNEL_HERE)
#define INIT_LIST_HEAD_RCU(list) nofail_list_init((list), KERNEL_HERE)
#define list_add(node, head)                                                        \
  ({                                                                                \
    struct list_head* nofail_head = (head);                                         \
    nofail_list_insert((node), nofail_head, nofail_head->next, false, KERNEL_HERE); \
  })
#define list_add_tail(node, head)                                                   \
  ({                                                                                \
    struct list_head* nofail_head = (head);                                         \
    nofail_list_insert((node), nofail_head->prev, nofail_head, false, KERNEL_HERE); \
  })
#define list_add_rcu(node, head)                                                   \
  ({                                                                               \
    struct list_head* nofail_head = (head);                                        \
    nofail_list_insert((node), nofail_head, nofail_head->next, true, KERNEL_HERE); \
  })
#define list_add_tail_rcu(node, head)                                              \
  ({                                                                               \
    struct list_head* nofail_head = (head);                                        \
    nofail_list_insert((node), nofail_head->prev, nofail_head, true, KERNEL_HERE); \
  })
#define list_del(node) nofail_list_del((node), KERNEL_HERE)
#define list_del_init(node) nofail_list_del_init((node), KERNEL_HERE)
#define list_del_init_careful(node) nofail_list_del_init_careful((node), KERNEL_HERE)
#define list_del_rcu(node) nofail_list_del_rcu((node), KERNEL_HERE)
#define list_move(node, head) nofail_list_move((node), (head), false, KERNEL_HERE)
#define list_move_tail(node, head) nofail_list_move((node), (head), true, KERNEL_HERE)
#define list_replace(old, node) nofail_list_replace((old), (node))
#define list_replace_init(old, node) (list_replace(old, node), nofail_list_init((old), KERNEL_HERE))
#define list_replace_rcu(old, node) nofail_list_replace_rcu((old), (node), KERNEL_HERE)
#define list_splice(list, head) nofail_list_splice((list), (head), false, KERNEL_HERE)
#define list_splice_init(list, head) nofail_list_splice((list), (head), true, KERNEL_HERE)
#define list_splice_tail(list, head) nofail_list_splice((list), (head)->prev, false, KERNEL_HERE)
#define list_splice_tail_init(list, head) nofail_list_splice((list), (head)->prev, true, KERNEL_HERE)
#define list_empty(head) nofail_list_empty((head), KERNEL_HERE)
#define list_empty_careful(head) nofail_list_empty_careful((head), KERNEL_HERE)
#define list_is_first(node, head) ((node)->prev == (head))
#define list_is_last(node, head) ((node)->next == (head))
#define list_is_head(node, head) ((node) == (head))
#define list_is_singular(head) (!list_empty(head) && (head)->next == (head)->prev)

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member)                             \
  ({                                                                             \
    struct list_head* nofail_head = (head);                                      \
    struct list_head* nofail_first = READ_ONCE(nofail_head->next);               \
    nofail_first != nofail_head ? list_entry(nofail_first, type, member) : NULL; \
  })
#define list_next_entry(entry, member) list_entry((entry)->member.next, __typeof__(*(entry)), member)
#define list_prev_entry(entry, member) list_entry((entry)->member.prev, __typeof__(*(entry)), member)
#define list_entry_rcu(node, type, member) list_entry(READ_ONCE(node), type, member)
#define list_next_rcu(list) ((list)->next)
#define list_first_or_null_rcu(head, type, member)                               \
  ({                                                                             \
    struct list_head* nofail_head = (head);                                      \
    struct list_head* nofail_first = rcu_dereference(nofail_head->next);         \
    nofail_first != nofail_head ? list_entry(nofail_first, type, member) : NULL; \
  })

#define list_for_each(node, head) for ((node) = (head)->next; (node) != (head); (node) = (node)->next)
#define list_for_each_safe(node, after, head) \
  for ((node) = (head)->next, (after) = (node)->next; (node) != (head); (node) = (after), (after) = (node)->next)
#define list_for_each_entry(entry, head, member)                                                   \
  for ((entry) = list_first_entry(head, __typeof__(*(entry)), member); &(entry)->member != (head); \
       (entry) = list_next_entry(entry, member))
#define list_for_each_entry_reverse(entry, head, member)                                          \
  for ((entry) = list_last_entry(head, __typeof__(*(entry)), member); &(entry)->member != (head); \
       (entry) = list_prev_entry(entry, member))
#define list_for_each_entry_continue(entry, head, member) \
  for ((entry) = list_next_entry(entry, member); &(entry)->member != (head); (entry) = list_next_entry(entry, member))
#define list_for_each_entry_from(entry, head, member) \
  for (; &(entry)->member != (head); (entry) = list_next_entry(entry, member))
#define list_for_each_entry_safe(entry, after, head, member)                                                     \
  for ((entry) = list_first_entry(head, __typeof__(*(entry)), member), (after) = list_next_entry(entry, member); \
       &(entry)->member != (head); (entry) = (after), (after) = list_next_entry(after, member))
#define list_for_each_entry_rcu(entry, head, member, ...)                                                             \
  for ((entry) = list_entry(rcu_dereference((head)->next), __typeof__(*(entry)), member); &(entry)->member != (head); \
       (entry) = list_entry(rcu_dereference((entry)->member.next), __typeof__(*(entry)), member))
#define list_for_each_entry_lockless(entry, head, member) list_for_each_entry_rcu(entry, head, member)

// ---- hlist ---------------------------------------------------------------------------------------------------------
#define HLIST_HEAD_INIT {NULL}
#define HLIST_HEAD(name) struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(head) hlist_init(head)
#define INIT_HLIST_NODE(node) ((void)((node)->next = NULL, (node)->pprev = NULL))

NOFAIL_INLINE void nofail_hlist_unlink(struct hlist_node* node, struct kernel_site site) {
  struct hlist_node* next = node->next;
  struct hlist_node** pprev = node->pprev;
  KERNEL_STORE(*pprev, next, WRITE_ONCE, site);
  if (next) KERNEL_STORE(next->pprev, pprev, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_hlist_del(struct hlist_node* node, struct kernel_site site) {
  nofail_hlist_unlink(node, site);
  node->next = LIST_POISON1;
  node->pprev = LIST_POISON2;
}
NOFAIL_INLINE void nofail_hlist_del_init(struct hlist_node* node, struct kernel_site site) {
  if (hlist_unhashed(node)) return;
  nofail_hlist_unlink(node, site);
  INIT_HLIST_NODE(node);
}
NOFAIL_INLINE void nofail_hlist_del_rcu(struct hlist_node* node, struct kernel_site site) {
  nofail_hlist_unlink(node, site);
  KERNEL_STORE(node->pprev, LIST_POISON2, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_hlist_add_head(struct hlist_node* node, struct hlist_head* head, struct kernel_site site) {
  struct hlist_node* first = head->first;
  KERNEL_STORE(node->next, first, WRITE_ONCE, site);
  if (first) KERNEL_STORE(first->pprev, &node->next, WRITE_ONCE, site);
  KERNEL_STORE(head->first, node, WRITE_ONCE, site);
  KERNEL_STORE(node->pprev, &head->first, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_hlist_add_before(struct hlist_node* node, struct hlist_node* next, bool rcu,
                                           struct kernel_site site) {
  KERNEL_STORE(node->pprev, next->pprev, WRITE_ONCE, site);
  if (rcu) {
    node->next = next;
    KERNEL_STORE(*node->pprev, node, rcu_assign_pointer, site);
    KERNEL_STORE(next->pprev, &node->next, WRITE_ONCE, site);
  } else {
    KERNEL_STORE(node->next, next, WRITE_ONCE, site);
    KERNEL_STORE(next->pprev, &node->next, WRITE_ONCE, site);
    KERNEL_STORE(*node->pprev, node, WRITE_ONCE, site);
  }
}
NOFAIL_INLINE void nofail_hlist_add_behind(struct hlist_node* node, struct hlist_node* prev, bool rcu,
                                           struct kernel_site site) {
  struct hlist_node* next = prev->next;
  if (rcu) {
    node->next = next;
    KERNEL_STORE(node->pprev, &prev->next, WRITE_ONCE, site);
    KERNEL_STORE(prev->next, node, rcu_assign_pointer, site);
  } else {
    KERNEL_STORE(node->next, next, WRITE_ONCE, site);
    KERNEL_STORE(prev->next, node, WRITE_ONCE, site);
    KERNEL_STORE(node->pprev, &prev->next, WRITE_ONCE, site);
  }
  if (next) KERNEL_STORE(next->pprev, &node->next, WRITE_ONCE, site);
}
NOFAIL_INLINE void nofail_hlist_add_tail_rcu(struct hlist_node* node, struct hlist_head* head,
                                             struct kernel_site site) {
  struct hlist_node* last = NULL;
  for (struct hlist_node* i = head->first; i; i = i->next) last = i;
  if (last) {
    nofail_hlist_add_behind(node, last, true, site);
  } else {
    hlist_add_head_rcu(node, head, site);
  }
}
NOFAIL_INLINE void nofail_hlist_replace_rcu(struct hlist_node* old, struct hlist_node* node, struct kernel_site site) {
  struct hlist_node* next = old->next;
  node->next = next;
  KERNEL_STORE(node->pprev, old->pprev, WRITE_ONCE, site);
  KERNEL_STORE(*node->pprev, node, rcu_assign_pointer, site);
  if (next) KERNEL_STORE(next->pprev, &node->next, WRITE_ONCE, site);
  KERNEL_STORE(old->pprev, LIST_POISON2, WRITE_ONCE, site);
}
// Moves all nodes from one head to another, which nobody else sees.
NOFAIL_INLINE void nofail_hlist_move_list(struct hlist_head* from, struct hlist_head* to) {
  to->first = from->first;
  if (to->first) to->first->pprev = &to->first;
  from->first = NULL;
}

#define hlist_empty(head) hlist_empty((struct hlist_head*)(head), KERNEL_HERE)
#define hlist_unhashed_lockless(node) hlist_unhashed_lockless((struct hlist_node*)(node), KERNEL_HERE)
#define hlist_add_head(node, head) nofail_hlist_add_head((node), (head), KERNEL_HERE)
#define hlist_add_head_rcu(node, head) hlist_add_head_rcu((node), (head), KERNEL_HERE)
#define hlist_add_tail_rcu(node, head) nofail_hlist_add_tail_rcu((node), (head), KERNEL_HERE)
#define hlist_add_before(node, next) nofail_hlist_add_before((node), (next), false, KERNEL_HERE)
#define hlist_add_before_rcu(node, next) nofail_hlist_add_before((node), (next), true, KERNEL_HERE)
#define hlist_add_behind(node, prev) nofail_hlist_add_behind((node), (prev), false, KERNEL_HERE)
#define hlist_add_behind_rcu(node, prev) nofail_hlist_add_behind((node), (prev), true, KERNEL_HERE)
#define hlist_del(node) nofail_hlist_del((node), KERNEL_HERE)
#define hlist_del_init(node) nofail_hlist_del_init((node), KERNEL_HERE)
#define hlist_del_rcu(node) nofail_hlist_del_rcu((node), KERNEL_HERE)
#define hlist_del_init_rcu(node) hlist_del_init_rcu((node), KERNEL_HERE)
#define hlist_replace_rcu(old, node) nofail_hlist_replace_rcu((old), (node), KERNEL_HERE)
#define hlist_move_list(from, to) nofail_hlist_move_list((from), (to))
// The pointers themselves (lvalues), not loads of them: the caller puts rcu_dereference around them.
#define hlist_first_rcu(head) ((head)->first)
#define hlist_next_rcu(node) ((node)->next)
#define hlist_pprev_rcu(node) (*(node)->pprev)

#define hlist_entry(node, type, member) container_of(node, type, member)
#define hlist_entry_safe(node, type, member) NOFAIL_OBJECT_OF(node, type, member)
#define hlist_for_each(node, head) for ((node) = (head)->first; (node); (node) = (node)->next)
#define hlist_for_each_safe(node, after, head) \
  for ((node) = (head)->first; (node) && ((after) = (node)->next, true); (node) = (after))
#define hlist_for_each_entry(entry, head, member)                                        \
  for ((entry) = hlist_entry_safe((head)->first, __typeof__(*(entry)), member); (entry); \
       (entry) = hlist_entry_safe((entry)->member.next, __typeof__(*(entry)), member))
#define hlist_for_each_entry_continue(entry, member)                                            \
  for ((entry) = hlist_entry_safe((entry)->member.next, __typeof__(*(entry)), member); (entry); \
       (entry) = hlist_entry_safe((entry)->member.next, __typeof__(*(entry)), member))
#define hlist_for_each_entry_from(entry, member) \
  for (; (entry); (entry) = hlist_entry_safe((entry)->member.next, __typeof__(*(entry)), member))
#define hlist_for_each_entry_rcu(entry, head, member, ...)                                                \
  for ((entry) = hlist_entry_safe(rcu_dereference((head)->first), __typeof__(*(entry)), member); (entry); \
       (entry) = hlist_entry_safe(rcu_dereference((entry)->member.next), __typeof__(*(entry)), member))
#define hlist_for_each_entry_rcu_bh(entry, head, member) hlist_for_each_entry_rcu(entry, head, member)
#define hlist_for_each_entry_rcu_notrace(entry, head, member) hlist_for_each_entry_rcu(entry, head, member)
#define hlist_for_each_entry_continue_rcu(entry, member)                                                         \
  for ((entry) = hlist_entry_safe(rcu_dereference((entry)->member.next), __typeof__(*(entry)), member); (entry); \
       (entry) = hlist_entry_safe(rcu_dereference((entry)->member.next), __typeof__(*(entry)), member))
// Walks a list that nobody else changes, with plain loads. The body may free the entry.
#define hlist_for_each_entry_safe(entry, after, head, member)                   \
  for ((entry) = hlist_entry_safe((head)->first, __typeof__(*(entry)), member); \
       (entry) && ((after) = (entry)->member.next, true);                       \
       (entry) = hlist_entry_safe((after), __typeof__(*(entry)), member))

// ---- hlist_bl: bit 0 of the head's pointer is a lock ---------------------------------------------------------------
struct hlist_bl_node {
  struct hlist_bl_node *next, **pprev;
};
struct hlist_bl_head {
  struct hlist_bl_node* first;
};
#define INIT_HLIST_BL_HEAD(head) ((void)((head)->first = NULL))
#define INIT_HLIST_BL_NODE(node) ((void)((node)->next = NULL, (node)->pprev = NULL))
#define NOFAIL_BL_BIT 1ul
#define NOFAIL_BL_NODE(word) ((struct hlist_bl_node*)((unsigned long)(word) & ~NOFAIL_BL_BIT))

#define hlist_bl_lock(head) bit_spin_lock(0, (unsigned long*)(head))
#define hlist_bl_unlock(head) bit_spin_unlock(0, (unsigned long*)(head))
#define hlist_bl_is_locked(head) bit_spin_is_locked(0, (unsigned long*)(head))
#define hlist_bl_unhashed(node) (!(node)->pprev)
#define hlist_bl_empty(head) (!NOFAIL_BL_NODE(READ_ONCE((head)->first)))
#define hlist_bl_first(head) NOFAIL_BL_NODE((head)->first)
#define hlist_bl_first_rcu(head) NOFAIL_BL_NODE(rcu_dereference((head)->first))

// REQUIRES: the task holds the head's lock, so the lock bit is set, and stays set.
NOFAIL_INLINE void nofail_hlist_bl_add_head(struct hlist_bl_node* node, struct hlist_bl_head* head, bool rcu,
                                            struct kernel_site site) {
  struct hlist_bl_node* first = NOFAIL_BL_NODE(head->first);
  uint64_t word = (uint64_t)node | NOFAIL_BL_BIT;
  node->next = first;
  if (first) first->pprev = &node->next;
  node->pprev = &head->first;
  access_store(&head->first, sizeof(head->first), word, rcu ? KERNEL_RELEASE : KERNEL_ONCE, site);
}
// The pointer to the node may be the head's, whose lock bit stays.
NOFAIL_INLINE void nofail_hlist_bl_unlink(struct hlist_bl_node* node, struct kernel_site site) {
  struct hlist_bl_node *next = node->next, **pprev = node->pprev;
  access_store(pprev, sizeof(*pprev), (uint64_t)next | ((uint64_t)*pprev & NOFAIL_BL_BIT), KERNEL_ONCE, site);
  if (next) next->pprev = pprev;
}
#define hlist_bl_add_head(node, head) nofail_hlist_bl_add_head((node), (head), false, KERNEL_HERE)
#define hlist_bl_add_head_rcu(node, head) nofail_hlist_bl_add_head((node), (head), true, KERNEL_HERE)
#define hlist_bl_del(node)                            \
  do {                                                \
    struct hlist_bl_node* nofail_node = (node);       \
    nofail_hlist_bl_unlink(nofail_node, KERNEL_HERE); \
    nofail_node->next = LIST_POISON1;                 \
    nofail_node->pprev = LIST_POISON2;                \
  } while (0)
#define hlist_bl_del_rcu(node)                        \
  do {                                                \
    struct hlist_bl_node* nofail_node = (node);       \
    nofail_hlist_bl_unlink(nofail_node, KERNEL_HERE); \
    nofail_node->pprev = LIST_POISON2;                \
  } while (0)
#define hlist_bl_del_init(node)                         \
  do {                                                  \
    struct hlist_bl_node* nofail_node = (node);         \
    if (!hlist_bl_unhashed(nofail_node)) {              \
      nofail_hlist_bl_unlink(nofail_node, KERNEL_HERE); \
      INIT_HLIST_BL_NODE(nofail_node);                  \
    }                                                   \
  } while (0)
#define hlist_bl_entry(node, type, member) container_of(node, type, member)
#define hlist_bl_for_each_entry(entry, node, head, member)                                                            \
  for ((node) = hlist_bl_first(head); (node) && ((entry) = hlist_bl_entry(node, __typeof__(*(entry)), member), true); \
       (node) = (node)->next)
#define hlist_bl_for_each_entry_safe(entry, node, after, head, member)                                         \
  for ((node) = hlist_bl_first(head);                                                                          \
       (node) && ((after) = (node)->next, (entry) = hlist_bl_entry(node, __typeof__(*(entry)), member), true); \
       (node) = (after))
#define hlist_bl_for_each_entry_rcu(entry, node, head, member)                         \
  for ((node) = hlist_bl_first_rcu(head);                                              \
       (node) && ((entry) = hlist_bl_entry(node, __typeof__(*(entry)), member), true); \
       (node) = rcu_dereference_raw((node)->next))

// ---- llist: many add without a lock, one takes all -----------------------------------------------------------------
struct llist_node {
  struct llist_node* next;
};
struct llist_head {
  struct llist_node* first;
};
#define LLIST_HEAD_INIT(name) {NULL}
#define LLIST_HEAD(name) struct llist_head name = LLIST_HEAD_INIT(name)
#define init_llist_head(head) ((void)((head)->first = NULL))
#define init_llist_node(node) WRITE_ONCE((node)->next, (node))
#define llist_on_list(node) (READ_ONCE((node)->next) != (node))
#define llist_empty(head) (!READ_ONCE((head)->first))
#define llist_next(node) ((node)->next)
#define llist_entry(node, type, member) container_of(node, type, member)

// Adds a chain of nodes. Returns whether the list was empty. A full barrier.
NOFAIL_INLINE bool nofail_llist_add_batch(struct llist_node* first, struct llist_node* last, struct llist_head* head,
                                          struct kernel_site site) {
  struct llist_node* old = KERNEL_LOAD(head->first, READ_ONCE, site);
  for (;;) {
    last->next = old;
    struct llist_node* seen = (struct llist_node*)access_compare_exchange(
        &head->first, sizeof(head->first), (uint64_t)old, (uint64_t)first, KERNEL_FULL, site);
    if (seen == old) return !old;
    old = seen;
  }
}
// Takes the newest node off. REQUIRES: nobody else takes nodes off.
NOFAIL_INLINE struct llist_node* nofail_llist_del_first(struct llist_head* head, struct kernel_site site) {
  struct llist_node* first = KERNEL_LOAD(head->first, smp_load_acquire, site);
  while (first) {
    struct llist_node* next = KERNEL_LOAD(first->next, READ_ONCE, site);
    struct llist_node* seen = (struct llist_node*)access_compare_exchange(
        &head->first, sizeof(head->first), (uint64_t)first, (uint64_t)next, KERNEL_FULL, site);
    if (seen == first) break;
    first = seen;
  }
  return first;
}
NOFAIL_INLINE struct llist_node* nofail_llist_reverse(struct llist_node* node) {
  struct llist_node* reversed = NULL;
  while (node) {
    struct llist_node* next = node->next;
    node->next = reversed;
    reversed = node;
    node = next;
  }
  return reversed;
}
#define llist_add_batch(first, last, head) nofail_llist_add_batch((first), (last), (head), KERNEL_HERE)
#define llist_add(node, head)                                              \
  ({                                                                       \
    struct llist_node* nofail_node = (node);                               \
    nofail_llist_add_batch(nofail_node, nofail_node, (head), KERNEL_HERE); \
  })
#define llist_del_all(head) xchg(&(head)->first, NULL)
#define llist_del_first(head) nofail_llist_del_first((head), KERNEL_HERE)
#define llist_reverse_order(node) nofail_llist_reverse(node)
// For a chain that nobody else sees.
#define __llist_add(node, head)                        \
  ({                                                   \
    struct llist_node* nofail_node = (node);           \
    struct llist_head* nofail_head = (head);           \
    const bool nofail_was_empty = !nofail_head->first; \
    nofail_node->next = nofail_head->first;            \
    nofail_head->first = nofail_node;                  \
    nofail_was_empty;                                  \
  })
#define __llist_del_all(head)                             \
  ({                                                      \
    struct llist_head* nofail_head = (head);              \
    struct llist_node* nofail_chain = nofail_head->first; \
    nofail_head->first = NULL;                            \
    nofail_chain;                                         \
  })
#define llist_for_each(node, first) for ((node) = (first); (node); (node) = (node)->next)
#define llist_for_each_safe(node, after, first) \
  for ((node) = (first); (node) && ((after) = (node)->next, true); (node) = (after))
#define llist_for_each_entry(entry, first, member)                               \
  for ((entry) = NOFAIL_OBJECT_OF(first, __typeof__(*(entry)), member); (entry); \
       (entry) = NOFAIL_OBJECT_OF((entry)->member.next, __typeof__(*(entry)), member))
#define llist_for_each_entry_safe(entry, after, first, member)                                            \
  for ((entry) = NOFAIL_OBJECT_OF(first, __typeof__(*(entry)), member);                                   \
       (entry) && ((after) = NOFAIL_OBJECT_OF((entry)->member.next, __typeof__(*(entry)), member), true); \
       (entry) = (after))

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_LISTS_H_
