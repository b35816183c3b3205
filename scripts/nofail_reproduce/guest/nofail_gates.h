/* SPDX-License-Identifier: MIT */
/*
 * Gates: places in the kernel at which a task can be made to wait for another one.
 *
 * Each primitive in the files under test has a gate in front of it; instrument.py puts them there. A gate is known by
 * its *site*: the number of the file and the line. While no plan is armed, a gate is one load and one branch.
 *
 * Which gates make anybody wait is told by a plan, which the driver (driver.c) writes to /sys/kernel/debug/nofail/plan.
 */
#ifndef NOFAIL_GATES_H
#define NOFAIL_GATES_H

#include <linux/compiler.h>
#include <linux/types.h>

/* The kinds of op that the kernel runs on its own account; all others are run, and announced, by the driver. */
#define NOFAIL_MAP_FREE 0
#define NOFAIL_DESTROY 1

extern bool nofail_armed;

void nofail_arrive(u32 site);
void nofail_allocated(u32 site, const void *object, size_t size);
void nofail_given_up(const void *address);

/* An op of the plan, from its begin to its end; `running` is 0 if the plan does not know it. */
struct nofail_scope {
	int running;
};
struct nofail_scope nofail_begin(int kind, const void *object);
void nofail_end(struct nofail_scope *scope);

#define NOFAIL_OP(kind, object) \
	struct nofail_scope nofail_scope __attribute__((cleanup(nofail_end))) = nofail_begin(kind, object);

#define NOFAIL_AT(site) \
	do { \
		if (unlikely(READ_ONCE(nofail_armed))) \
			nofail_arrive(site); \
	} while (0)

/* The primitive itself, behind its gate. */
#define NOFAIL_GATE(site, primitive, ...) \
	({ \
		NOFAIL_AT(site); \
		primitive(__VA_ARGS__); \
	})

/* What is allocated and handed over to be freed is counted, because kmemleak does not know of kmalloc_nolock(). */
#define NOFAIL_ALLOC(site, primitive, map, size, ...) \
	({ \
		void *nofail_object; \
		NOFAIL_AT(site); \
		nofail_object = primitive(map, size, __VA_ARGS__); \
		nofail_allocated(site, nofail_object, size); \
		nofail_object; \
	})
#define NOFAIL_FREE(site, primitive, object, ...) \
	({ \
		NOFAIL_AT(site); \
		nofail_given_up(object); \
		primitive(object, ##__VA_ARGS__); \
	})

/*
 * Where the kernel's configuration lets a task leave its reader section here, it does so twice: once with a gate in the
 * middle, at which it can be away for a grace period, and once as it would anyway.
 */
#define NOFAIL_LEAVE(site, primitive) \
	({ \
		NOFAIL_AT(site); \
		if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || !IS_ENABLED(CONFIG_PREEMPT_RCU)) { \
			rcu_read_unlock(); \
			NOFAIL_AT(site); \
			rcu_read_lock(); \
		} \
		primitive(); \
	})

/* A walk has a gate in front of each load of the next element. `next` and `first` are what the kernel's walk loads. */
#define NOFAIL_WALK(site, each, pos, head, member, ...) \
	for (pos = ({ \
		     NOFAIL_AT(site); \
		     hlist_entry_safe(rcu_dereference_raw(hlist_first_rcu(head)), typeof(*(pos)), member); \
	     }); \
	     pos; \
	     pos = ({ \
		     NOFAIL_AT(site); \
		     hlist_entry_safe(rcu_dereference_raw(hlist_next_rcu(&(pos)->member)), typeof(*(pos)), member); \
	     }))

#endif
