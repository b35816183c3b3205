// SPDX-License-Identifier: MIT
/*
 * Gates, and the plan that says who waits at them: see nofail_gates.h.
 *
 * A plan numbers *turns*. Each turn belongs to one op, which runs up to some gate or to its end; there the next turn is
 * reached, and whoever waits for it goes on. Nobody waits longer than a bound: a gate that waited in vain says so in
 * the log, and lets go.
 *
 * Files below /sys/kernel/debug/nofail:
 *   plan    write: "map I FD", "owner I TYPE FD", "op I KIND OBJECT", "begin I", "end I", "clear", "arm 0|1",
 *           "gate OP FILE LINE VISIT AGAIN AT REACH UNTIL RESCHED", "reach TURN", "wait TURN", "mark", "keep",
 *           "grace 0|1". "wait" returns when the turn is reached. "grace" returns when all that was handed to RCU
 *           before is freed; with 1, also what was handed to RCU Tasks Trace. What is allocated between "mark" and
 *           "keep" is not the plan's.
 *   bucket  read: the bucket of the owner that was named last
 *   ops     read: a line for each op: its number, "waits", "runs" or "done"
 *   log     read: what happened at the gates, in order
 *   ledger  read: what was allocated since "clear" and has not been given up
 *
 * Locking: the plan is written before it is armed, and read-only then, but for the members that only the op itself
 * writes. `turn` only grows. The log and the ledger have a raw spinlock each, because gates stand where nothing may
 * sleep.
 */
#include <linux/bpf.h>
#include <linux/bpf_local_storage.h>
#include <linux/cgroup.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/nmi.h>
#include <linux/nofail_gates.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#define MAX_OBJECTS 16
#define MAX_OPS 32
#define MAX_GATES 512
#define MAX_LOG 2048
#define MAX_LEDGER 1024
#define MAX_STEPS 200
#define PATIENCE_NS (30ULL * NSEC_PER_SEC)
#define ANYTIME U32_MAX

bool nofail_armed;

/* When an op arrives at a gate after it has been to `site` for the `visit`-th time. */
struct gate {
	u32 op, site, visit;
	u32 again;	  /* how many further gates inside that visit must be passed, too */
	bool at;	  /* the gate is that of `site` itself, and not the next one after it */
	u32 reach, until; /* the turn that is reached then, and the one that is waited for; 0: none */
	bool resched;	  /* makes rescheduling due, as a wake-up by another CPU does */
	u32 seen;
	bool passed;
};

/* An op of the plan. It is bound to the context that runs it: a task, or the softirq of a CPU. */
struct op {
	int kind; /* NOFAIL_MAP_FREE, NOFAIL_DESTROY, or -1: the driver announces it */
	u32 object;
	struct task_struct *task;
	int softirq_cpu; /* -1: none */
	u32 last_site, again;
	u32 steps; /* that the log has; a poll would fill it */
	enum { WAITS, RUNS, DONE } state;
};

static struct gate gates[MAX_GATES];
static u32 gate_count;
static struct op ops[MAX_OPS];
static u32 op_count;
static const void *maps[MAX_OBJECTS], *owners[MAX_OBJECTS];
static u32 map_bits, last_bucket;
static u32 turn;

struct log_line {
	u64 time;
	u32 op, site, turn;
	const char *what;
};
static struct log_line log_lines[MAX_LOG];
static u32 log_count;
static DEFINE_RAW_SPINLOCK(log_lock);

struct allocation {
	const void *object;
	size_t size;
	u32 site, number;
	bool kept; /* it is none of the plan's */
};
static struct allocation ledger[MAX_LEDGER];
static u32 ledger_count, allocations, mark;
static DEFINE_RAW_SPINLOCK(ledger_lock);

static void note(u32 op, u32 site, const char *what)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&log_lock, flags);
	if (log_count < MAX_LOG)
		log_lines[log_count++] = (struct log_line){ktime_get_mono_fast_ns(), op, site, READ_ONCE(turn), what};
	raw_spin_unlock_irqrestore(&log_lock, flags);
}

static void reach(u32 new_turn)
{
	u32 old = READ_ONCE(turn);

	while (old < new_turn && !try_cmpxchg(&turn, &old, new_turn))
		;
}

/*
 * Spins. It does not sleep, even where a task may: another task might then be put on this CPU and stop there with
 * interrupts off, and nothing would wake the first one. Where a task can be preempted, RCU does not wait for it.
 */
static void wait_for(u32 op, u32 site, u32 until)
{
	u64 deadline = ktime_get_mono_fast_ns() + PATIENCE_NS;

	if (READ_ONCE(turn) >= until)
		return;
	note(op, site, "waits");
	while (READ_ONCE(turn) < until && READ_ONCE(nofail_armed)) {
		if (ktime_get_mono_fast_ns() > deadline) {
			note(op, site, "waited in vain");
			reach(until);
			return;
		}
		touch_softlockup_watchdog();
		cpu_relax();
	}
	note(op, site, "goes on");
}

/* For the driver's threads, which have CPUs of their own. */
static void sleep_until(u32 until)
{
	u64 deadline = ktime_get_mono_fast_ns() + PATIENCE_NS;

	while (READ_ONCE(turn) < until && ktime_get_mono_fast_ns() < deadline)
		usleep_range(200, 400);
	if (READ_ONCE(turn) < until)
		note(ANYTIME, 0, "waited in vain");
}

static bool is_context_of(const struct op *op)
{
	if (op->state != RUNS || in_hardirq() || in_nmi())
		return false;
	if (in_serving_softirq())
		return op->softirq_cpu == raw_smp_processor_id();
	return op->task == current;
}

static void bind(struct op *op)
{
	op->softirq_cpu = in_serving_softirq() ? raw_smp_processor_id() : -1;
	op->task = in_serving_softirq() ? NULL : current;
	op->last_site = 0;
	op->again = 0;
	smp_store_release(&op->state, RUNS);
}

static struct op *current_op(void)
{
	u32 i;

	for (i = 0; i < op_count; i++)
		if (is_context_of(&ops[i]))
			return &ops[i];
	return NULL;
}

/* Has the op now left what the gate waits for? */
static bool is_due(struct gate *gate, const struct op *op, u32 site, u32 again, bool same_visit)
{
	if (gate->passed)
		return false;
	if (gate->site == site && !same_visit)
		gate->seen++;
	if (gate->at)
		return gate->site == site && gate->seen == gate->visit && again >= gate->again;
	return gate->seen >= gate->visit && (gate->site != site || (same_visit && again > gate->again));
}

static void arrive(struct op *op, u32 site, bool same_visit)
{
	u32 number = op - ops, until = 0, i;

	op->again = same_visit ? op->again + 1 : 0;
	op->last_site = site;
	if (!same_visit && op->steps++ < MAX_STEPS)
		note(number, site, "is at");
	for (i = 0; i < gate_count; i++) {
		struct gate *gate = &gates[i];

		if (gate->op != number || !is_due(gate, op, site, op->again, same_visit))
			continue;
		gate->passed = true;
		note(number, site, "arrives");
		if (gate->reach)
			reach(gate->reach);
		if (gate->until > until)
			until = gate->until;
		if (gate->resched)
			set_tsk_need_resched(current);
	}
	if (until)
		wait_for(number, site, until);
}

void nofail_arrive(u32 site)
{
	struct op *op = current_op();

	if (op)
		arrive(op, site, op->last_site == site);
}

/* Stands in for refcount_warn_saturate() in the files under test: between a count's atomic step and its repair. */
void nofail_refcount_warn_saturate(refcount_t *count, enum refcount_saturation_type type);
void nofail_refcount_warn_saturate(refcount_t *count, enum refcount_saturation_type type)
{
	if (READ_ONCE(nofail_armed)) {
		struct op *op = current_op();

		if (op)
			arrive(op, op->last_site, true);
	}
	refcount_warn_saturate(count, type);
}

static const u32 BEGIN_SITE = 1, END_SITE = 2;

static void begin(struct op *op)
{
	bind(op);
	note(op - ops, BEGIN_SITE, "begins");
	arrive(op, BEGIN_SITE, false);
}

static void end(struct op *op)
{
	arrive(op, END_SITE, false);
	note(op - ops, END_SITE, "ends");
	smp_store_release(&op->state, DONE);
}

struct nofail_scope nofail_begin(int kind, const void *object)
{
	const void **objects = kind == NOFAIL_MAP_FREE ? maps : owners;
	u32 i;

	if (!READ_ONCE(nofail_armed))
		return (struct nofail_scope){0};
	for (i = 0; i < op_count; i++) {
		struct op *op = &ops[i];

		if (op->kind != kind || op->state != WAITS || objects[op->object] != object)
			continue;
		begin(op);
		return (struct nofail_scope){i + 1};
	}
	return (struct nofail_scope){0};
}

void nofail_end(struct nofail_scope *scope)
{
	if (scope->running)
		end(&ops[scope->running - 1]);
}

void nofail_allocated(u32 site, const void *object, size_t size)
{
	unsigned long flags;

	if (!object)
		return;
	raw_spin_lock_irqsave(&ledger_lock, flags);
	if (ledger_count < MAX_LEDGER)
		ledger[ledger_count++] = (struct allocation){object, size, site, allocations++, false};
	raw_spin_unlock_irqrestore(&ledger_lock, flags);
}

void nofail_given_up(const void *address)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&ledger_lock, flags);
	for (i = 0; i < ledger_count; i++)
		if (ledger[i].object <= address && address < ledger[i].object + ledger[i].size) {
			ledger[i] = ledger[--ledger_count];
			break;
		}
	raw_spin_unlock_irqrestore(&ledger_lock, flags);
}

/* The rest is what the driver calls. */

static void keep(void)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&ledger_lock, flags);
	for (i = 0; i < ledger_count; i++)
		ledger[i].kept |= ledger[i].number >= mark;
	raw_spin_unlock_irqrestore(&ledger_lock, flags);
}

static int name_map(u32 number, int fd)
{
	struct bpf_map *map = bpf_map_get(fd);

	if (IS_ERR(map))
		return PTR_ERR(map);
	maps[number] = map;
	map_bits = container_of(map, struct bpf_local_storage_map, map)->bucket_log;
	bpf_map_put(map);
	return 0;
}

/* The owner that a file descriptor stands for, and its storage; takes no reference: the driver holds the descriptor. */
static const void *owner_of(const char *type, int fd, const void **storage)
{
	const void *owner = NULL;
	struct fd file;

	if (!strcmp(type, "sk")) {
		int error;
		struct socket *sock = sockfd_lookup(fd, &error);

		if (!sock)
			return NULL;
		owner = sock->sk;
		*storage = rcu_access_pointer(sock->sk->sk_bpf_storage);
		sockfd_put(sock);
		return owner;
	}
	if (!strcmp(type, "task")) {
		unsigned int flags;
		struct task_struct *task = pidfd_get_task(fd, &flags);

		if (IS_ERR(task))
			return NULL;
		owner = task;
		*storage = rcu_access_pointer(task->bpf_storage);
		put_task_struct(task);
		return owner;
	}
#ifdef CONFIG_CGROUPS
	if (!strcmp(type, "cgroup")) {
		struct cgroup *cgroup = cgroup_v1v2_get_from_fd(fd);

		if (IS_ERR(cgroup))
			return NULL;
		owner = cgroup;
		*storage = rcu_access_pointer(cgroup->bpf_cgrp_storage);
		cgroup_put(cgroup);
		return owner;
	}
#endif
	file = fdget(fd);
	if (!fd_empty(file)) {
		owner = file_inode(fd_file(file));
		*storage = NULL; /* it hangs in the LSM's part of the inode: its bucket is not known */
		fdput(file);
	}
	return owner;
}

static int name_owner(u32 number, const char *type, int fd)
{
	const void *storage = NULL;

	owners[number] = owner_of(type, fd, &storage);
	if (!owners[number])
		return -EBADF;
	last_bucket = storage ? hash_ptr(storage, map_bits) : 0;
	return 0;
}

static int add_gate(const char *text)
{
	struct gate *gate = &gates[gate_count];
	u32 file, line, at, resched;

	if (gate_count == MAX_GATES)
		return -E2BIG;
	memset(gate, 0, sizeof(*gate));
	if (sscanf(text, "gate %u %u %u %u %u %u %u %u %u", &gate->op, &file, &line, &gate->visit, &gate->again, &at,
		   &gate->reach, &gate->until, &resched) != 9 ||
	    gate->op >= MAX_OPS)
		return -EINVAL;
	gate->site = file << 16 | line;
	gate->at = at;
	gate->resched = resched;
	gate_count++;
	return 0;
}

static int add_op(u32 number, int kind, u32 object)
{
	if (number >= MAX_OPS || object >= MAX_OBJECTS)
		return -EINVAL;
	ops[number] = (struct op){.kind = kind, .object = object, .softirq_cpu = -1};
	op_count = max(op_count, number + 1);
	return 0;
}

static void clear(void)
{
	WRITE_ONCE(nofail_armed, false);
	gate_count = op_count = log_count = ledger_count = 0;
	WRITE_ONCE(turn, 0);
}

/* All that was handed to kfree_rcu() or to a callback before is freed when this returns. */
static void grace(bool trace)
{
	kvfree_rcu_barrier();
	if (trace)
		rcu_barrier_tasks_trace();
	rcu_barrier();
}

/* Commands that cannot fail. Whether the text is one of them. */
static bool simple_command(const char *text)
{
	u32 a;

	if (sscanf(text, "begin %u", &a) == 1 && a < op_count)
		begin(&ops[a]);
	else if (sscanf(text, "end %u", &a) == 1 && a < op_count)
		end(&ops[a]);
	else if (sscanf(text, "reach %u", &a) == 1)
		reach(a);
	else if (sscanf(text, "wait %u", &a) == 1)
		sleep_until(a);
	else if (sscanf(text, "arm %u", &a) == 1)
		WRITE_ONCE(nofail_armed, a);
	else if (sscanf(text, "grace %u", &a) == 1)
		grace(a);
	else if (!strcmp(text, "mark"))
		mark = allocations;
	else if (!strcmp(text, "keep"))
		keep();
	else if (!strcmp(text, "clear"))
		clear();
	else
		return false;
	return true;
}

static int command(const char *text)
{
	u32 a, b;
	int number;
	char type[8];

	if (simple_command(text))
		return 0;
	if (sscanf(text, "map %u %d", &a, &number) == 2 && a < MAX_OBJECTS)
		return name_map(a, number);
	if (sscanf(text, "owner %u %7s %d", &a, type, &number) == 3 && a < MAX_OBJECTS)
		return name_owner(a, type, number);
	if (sscanf(text, "op %u %d %u", &a, &number, &b) == 3)
		return add_op(a, number, b);
	if (!strncmp(text, "gate ", 5))
		return add_gate(text);
	return -EINVAL;
}

static ssize_t plan_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	char text[128] = "";
	int error;

	if (size >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	error = command(text);
	return error ?: size;
}

static const struct file_operations plan_operations = {.owner = THIS_MODULE, .write = plan_write};

static int bucket_show(struct seq_file *out, void *unused)
{
	seq_printf(out, "%u\n", last_bucket);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bucket);

static int ops_show(struct seq_file *out, void *unused)
{
	static const char *const names[] = {"waits", "runs", "done"};
	u32 i;

	for (i = 0; i < op_count; i++)
		seq_printf(out, "%u %s\n", i, names[smp_load_acquire(&ops[i].state)]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

static int log_show(struct seq_file *out, void *unused)
{
	u32 i;

	for (i = 0; i < log_count; i++) {
		const struct log_line *line = &log_lines[i];

		seq_printf(out, "%llu %d %u %u %u %s\n", line->time / 1000, (int)line->op, line->site >> 16,
			   line->site & 0xffff, line->turn, line->what);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

static int ledger_show(struct seq_file *out, void *unused)
{
	u32 i;

	for (i = 0; i < ledger_count; i++)
		if (!ledger[i].kept)
			seq_printf(out, "%zu %u %u\n", ledger[i].size, ledger[i].site >> 16, ledger[i].site & 0xffff);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ledger);

static int __init nofail_gates_init(void)
{
	struct dentry *folder = debugfs_create_dir("nofail", NULL);

	debugfs_create_file("plan", 0200, folder, NULL, &plan_operations);
	debugfs_create_file("bucket", 0400, folder, NULL, &bucket_fops);
	debugfs_create_file("ops", 0400, folder, NULL, &ops_fops);
	debugfs_create_file("log", 0400, folder, NULL, &log_fops);
	debugfs_create_file("ledger", 0400, folder, NULL, &ledger_fops);
	return 0;
}
late_initcall(nofail_gates_init);
