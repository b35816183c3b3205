/* SPDX-License-Identifier: MIT */
/* Makes tasks take turns, for a reproducer. In each turn one task runs; the others wait where they have stopped. */
#ifndef NOFAIL_TURN_H
#define NOFAIL_TURN_H

#include <linux/atomic.h>
#include <linux/sched.h>

extern atomic_t nofail_turn;

/* Waits until a turn, but not for ever. */
void nofail_wait(int turn);

/* Whoever comes here in turn `now` for the `visit`-th time begins the next turn, and waits for turn `until`. */
#define nofail_stop(now, visit, until) \
	do { \
		static atomic_t visits; \
		if (atomic_read(&nofail_turn) == (now) && atomic_inc_return(&visits) == (visit)) { \
			atomic_set(&nofail_turn, (now) + 1); \
			nofail_wait(until); \
		} \
	} while (0)

/* Makes rescheduling due, as a wake-up by another CPU does. */
#define nofail_due(now, visit) \
	do { \
		static atomic_t visits; \
		if (atomic_read(&nofail_turn) == (now) && atomic_inc_return(&visits) == (visit)) \
			set_tsk_need_resched(current); \
	} while (0)

#endif
