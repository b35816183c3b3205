// SPDX-License-Identifier: MIT
/* The turns of a reproducer, for its program: /sys/kernel/debug/nofail_turn, and nofail_grace, to be written to. */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/nmi.h>
#include <linux/nofail_turn.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>
#include <linux/slab.h>

atomic_t nofail_turn;

void nofail_wait(int turn)
{
	u64 deadline = ktime_get_mono_fast_ns() + 10 * NSEC_PER_SEC;
	bool may_sleep = in_task() && preemptible() && !rcu_preempt_depth();

	while (atomic_read(&nofail_turn) < turn && ktime_get_mono_fast_ns() < deadline) {
		if (may_sleep) {
			usleep_range(50, 100);
		} else {
			cpu_relax();
			touch_softlockup_watchdog();
		}
	}
}

/* Returns when all that was handed to RCU before is freed. */
static int grace(void *unused, u64 value)
{
	kvfree_rcu_barrier();
	rcu_barrier_tasks_trace();
	rcu_barrier();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(grace_operations, NULL, grace, "%llu\n");

static int __init nofail_turn_init(void)
{
	debugfs_create_atomic_t("nofail_turn", 0600, NULL, &nofail_turn);
	debugfs_create_file_unsafe("nofail_grace", 0200, NULL, NULL, &grace_operations);
	return 0;
}
late_initcall(nofail_turn_init);
