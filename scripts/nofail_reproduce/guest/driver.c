// SPDX-License-Identifier: MIT
/*
 * The first process of the virtual machine. It sets up what a plan says, runs the plan's ops in a thread for each task,
 * prints what happened, and switches the machine off. nofail_gates.c is the kernel's side.
 *
 * /plan has a line for each thing, made by plan.py:
 *   map I TYPE SIZE            owner I TYPE BUCKET          setup MAP OWNER
 *   program N MAP CREATE       the one that op N runs; before any owner
 *   op N TASK KIND MAP OWNER TURN      TURN is when it begins. KIND: map_free, destroy, update, delete, lookup;
 *                              or prog_update, prog_lookup: by a sleepable program that the owner, a task, runs
 *   gate ...                   handed to the kernel as it is
 *   rcu TURN begin|end REACH TRACE     at that turn, begin to wait until all that RCU has is freed, with TRACE also
 *                              all that RCU Tasks Trace has; wait for the end of it
 *   last TURN SECONDS          the last turn, and how long to wait for what the kernel says from then on
 *
 * With "nofail_open" on the kernel's command line no gate makes anybody wait, and all tasks begin at once.
 *
 * Every line that it prints begins with "nofail: ". `step` lines tell how far it is; the others are for console.py.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX = 16, MAX_OPS = 32, TRIES = 400 };
#define DEBUG "/sys/kernel/debug/nofail/"

static int kernel_log = 1;

/* Says a line through the kernel's log, so that lines of the driver and of the kernel do not mix. */
static void say(const char *format, ...)
{
	char line[512];
	va_list arguments;
	int size = sprintf(line, "<5>nofail: ");

	va_start(arguments, format);
	size += vsnprintf(line + size, sizeof(line) - size - 1, format, arguments);
	va_end(arguments);
	line[size++] = '\n';
	(void)!write(kernel_log, line, size);
}

static void off(void)
{
	say("end");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void fail(const char *what)
{
	say("cannot %s: %s", what, strerror(errno));
	off();
}

static void write_to(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (write(file, text, strlen(text)) < 0)
		fail(path);
	close(file);
}

/* Writes one command to the gates. */
static int command(const char *format, ...)
{
	char text[128];
	va_list arguments;
	int file = open(DEBUG "plan", O_WRONLY), written; /* of its own: threads that share a file write one by one */

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	written = write(file, text, strlen(text));
	close(file);
	return written < 0 ? -1 : 0;
}

static long bpf(int what, union bpf_attr *attributes)
{
	return syscall(__NR_bpf, what, attributes, sizeof(*attributes));
}

/* Types for a map's key (an int) and value (an array of bytes), which storage maps must have. */
static int load_types(int value_size)
{
	struct {
		struct {
			uint16_t magic;
			uint8_t version, flags;
			uint32_t size, types, type_size, strings, string_size;
		} header;
		uint32_t types[4 + 4 + 6];
		char strings[10];
	} __attribute__((packed)) blob = {
		.header = {0xeb9f, 1, 0, 24, 0, sizeof(blob.types), sizeof(blob.types), sizeof(blob.strings)},
		.types =
			{
				1, 1u << 24, 4, 1u << 24 | 32,	  /* 1: int */
				5, 1u << 24, 1, 8,		  /* 2: char */
				0, 3u << 24, 0, 2, 1, value_size, /* 3: char[value_size] */
			},
		.strings = "\0int\0char",
	};
	union bpf_attr attributes = {.btf = (uintptr_t)&blob, .btf_size = sizeof(blob)};

	return bpf(BPF_BTF_LOAD, &attributes);
}

static int map_type(const char *type)
{
	return !strcmp(type, "sk")	? BPF_MAP_TYPE_SK_STORAGE
	       : !strcmp(type, "task")	? BPF_MAP_TYPE_TASK_STORAGE
	       : !strcmp(type, "inode") ? BPF_MAP_TYPE_INODE_STORAGE
					: 32 /* BPF_MAP_TYPE_CGRP_STORAGE; older headers lack it */;
}

static int new_map(const char *type, int value_size)
{
	union bpf_attr attributes = {
		.map_type = map_type(type),
		.key_size = 4,
		.value_size = value_size,
		.map_flags = BPF_F_NO_PREALLOC,
		.btf_fd = load_types(value_size),
		.btf_key_type_id = 1,
		.btf_value_type_id = 3,
	};
	int map = bpf(BPF_MAP_CREATE, &attributes);

	close(attributes.btf_fd);
	return map;
}

static int call(int what, int map, int owner)
{
	char value[256] = {7};
	union bpf_attr attributes = {.map_fd = map, .key = (uintptr_t)&owner};

	if (what != BPF_MAP_DELETE_ELEM)
		attributes.value = (uintptr_t)value;
	return bpf(what, &attributes) ? -errno : 0;
}

struct owner {
	char type[8], path[64];
	int bucket, file, orders; /* `orders`: numbers of ops for the child to run */
	pid_t child;
	bool placed;
};
static struct owner owners[MAX];
static int maps[MAX], spare[MAX], owner_count;
static int programs[MAX_OPS];

/*
 * A sleepable program that gets the value of the task that runs it, and with `create` makes one if there is none. It
 * is given as instructions, so that nothing but the kernel is needed.
 */
static int load_program(int map, bool create)
{
	struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task_btf},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_0},
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = create},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_task_storage_get},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attributes);
}

/* What a task does that is an owner: nothing, until it is told to run a program. It keeps no map. */
static void be_a_task(int orders)
{
	unsigned char number;

	for (int i = 0; i < MAX; i++) {
		close(maps[i]);
		close(spare[i]);
	}
	while (read(orders, &number, 1) == 1) {
		union bpf_attr attributes = {.test.prog_fd = programs[number]};
		long result;

		command("begin %d", number);
		result = bpf(BPF_PROG_TEST_RUN, &attributes);
		command("end %d", number);
		if (result)
			say("the program of step %d does not run: %s", number, strerror(errno));
	}
	for (;;)
		pause();
}

static int start_task(struct owner *owner)
{
	int ends[2];

	if (pipe(ends))
		fail("make a pipe");
	owner->child = fork();
	if (!owner->child)
		be_a_task(ends[0]);
	close(ends[0]);
	owner->orders = ends[1];
	return syscall(__NR_pidfd_open, owner->child, 0);
}

static void create_owner(struct owner *owner)
{
	static int count;

	sprintf(owner->path, "%s/o%d", !strcmp(owner->type, "cgroup") ? "/cgroup" : "/tmp", count++);
	if (!strcmp(owner->type, "sk")) {
		/* The task that closes an unbound UDP socket destroys it, and its memory is freed at once. */
		owner->file = socket(AF_INET, SOCK_DGRAM, 0);
	} else if (!strcmp(owner->type, "task")) {
		owner->file = start_task(owner);
	} else if (!strcmp(owner->type, "cgroup")) {
		mkdir(owner->path, 0700);
		owner->file = open(owner->path, O_RDONLY | O_DIRECTORY);
	} else {
		owner->file = open(owner->path, O_RDWR | O_CREAT, 0600);
	}
	if (owner->file < 0)
		fail("create an owner");
}

/* Gives the last reference up; the kernel destroys the owner's storage then or a little later. */
static void destroy_owner(struct owner *owner)
{
	if (owner->child) {
		kill(owner->child, SIGKILL);
		waitpid(owner->child, NULL, 0);
	}
	if (!strcmp(owner->type, "inode"))
		unlink(owner->path);
	close(owner->file);
	if (!strcmp(owner->type, "cgroup"))
		rmdir(owner->path);
}

static int read_number(const char *path)
{
	char text[16] = "";
	int file = open(path, O_RDONLY);

	(void)!read(file, text, sizeof(text) - 1);
	close(file);
	return atoi(text);
}

/*
 * The first update of an owner allocates its storage, whose address decides on the bucket. Until it is the right one,
 * another owner is tried. One that is rejected keeps its storage, by an element of a spare map, so that its address is
 * not used again; nothing of it is in the plan's maps.
 */
static void place_owner(int number, int map)
{
	struct owner *owner = &owners[number];
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		command("mark");
		create_owner(owner);
		if (call(BPF_MAP_UPDATE_ELEM, maps[map], owner->file) < 0)
			fail("give an owner its first value");
		command("owner %d %s %d", number, owner->type, owner->file);
		if (read_number(DEBUG "bucket") == owner->bucket || !strcmp(owner->type, "inode"))
			break;
		if (call(BPF_MAP_UPDATE_ELEM, spare[map], owner->file) ||
		    call(BPF_MAP_DELETE_ELEM, maps[map], owner->file))
			fail("reject an owner");
		command("keep");
	}
	if (tries == TRIES)
		say("o%d is in another bucket than the plan's", number);
	owner->placed = true;
}

static void set_up(int map, int owner)
{
	if (!owners[owner].placed)
		place_owner(owner, map);
	else if (call(BPF_MAP_UPDATE_ELEM, maps[map], owners[owner].file) < 0)
		fail("set up a value");
}

struct op {
	int task, map, owner;
	unsigned int turn;
	char kind[12];
};
static struct op ops[MAX_OPS];
static int op_count;
static struct {
	unsigned int turn, reach;
	bool end, trace;
} rcu_steps[MAX_OPS];
static int rcu_step_count, settle;
static unsigned int last_turn;
static bool is_open;

static void wait_for_turn(unsigned int turn)
{
	if (turn && !is_open)
		command("wait %u", turn);
}

/* Whether somebody else runs it: the kernel on its own account, or the owner. */
static bool runs_elsewhere(const struct op *op)
{
	return !strcmp(op->kind, "map_free") || !strcmp(op->kind, "destroy") || !strncmp(op->kind, "prog_", 5);
}

static bool is_done(int number)
{
	char text[1024] = "", line[16];
	int file = open(DEBUG "ops", O_RDONLY);

	(void)!read(file, text, sizeof(text) - 1);
	close(file);
	sprintf(line, "%d done\n", number);
	return strstr(text, line);
}

/* Bounded: an op of a finding may never end. */
static bool wait_until_done(int number, int seconds)
{
	for (int i = 0; i < seconds * 100; i++) {
		if (is_done(number))
			return true;
		usleep(10000);
	}
	return false;
}

static void go_to_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/*
 * A worker of the kernel's runs map_free. Each gets a CPU of its own: of two on one CPU, the one that stops with
 * interrupts off would keep the other one from going on.
 */
static void give_worker_a_cpu(void)
{
	static const char *const masks[] = {"20", "40", "80"};
	static int count;

	write_to("/sys/devices/virtual/workqueue/cpumask", masks[count++ % 3]);
}

static void run(int number)
{
	struct op *op = &ops[number];
	int result = 0;

	/* Another one for each op: what an op hands to RCU is freed on its CPU, at which a later op may stop. */
	go_to_cpu(1 + number % 4);
	wait_for_turn(op->turn);
	say("step %d begins: %s", number, op->kind);
	if (!strcmp(op->kind, "map_free")) {
		give_worker_a_cpu();
		close(maps[op->map]);
	} else if (!strcmp(op->kind, "destroy")) {
		destroy_owner(&owners[op->owner]);
	} else if (!strncmp(op->kind, "prog_", 5)) {
		unsigned char order = number;

		(void)!write(owners[op->owner].orders, &order, 1);
	} else {
		int what = !strcmp(op->kind, "update")	 ? BPF_MAP_UPDATE_ELEM
			   : !strcmp(op->kind, "delete") ? BPF_MAP_DELETE_ELEM
							 : BPF_MAP_LOOKUP_ELEM;

		command("begin %d", number);
		result = call(what, maps[op->map], owners[op->owner].file);
		command("end %d", number);
	}
	if (runs_elsewhere(op) && !wait_until_done(number, 40))
		say("step %d does not end", number);
	else
		say("step %d ends: %d", number, result);
}

static volatile bool finished[MAX];

static void *run_task(void *argument)
{
	int task = (intptr_t)argument;

	for (int i = 0; i < op_count; i++)
		if (ops[i].task == task)
			run(i);
	finished[task] = true;
	return NULL;
}

static volatile bool is_free;

static void *run_grace(void *trace)
{
	command("grace %d", trace != NULL);
	is_free = true;
	return NULL;
}

static void begin_grace(bool trace)
{
	pthread_t thread;

	is_free = false;
	pthread_create(&thread, NULL, run_grace, trace ? (void *)&is_free : NULL);
}

static bool wait_for_grace(int seconds)
{
	for (int i = 0; i < seconds * 100 && !is_free; i++)
		usleep(10000);
	return is_free;
}

static void *run_rcu(void *unused)
{
	(void)unused;
	for (int i = 0; i < rcu_step_count; i++) {
		wait_for_turn(rcu_steps[i].turn);
		if (rcu_steps[i].end) {
			if (!wait_for_grace(25))
				say("a grace period does not end");
		} else {
			begin_grace(rcu_steps[i].trace);
			/* All caches are flushed then, and CPUs that are in no reader section have said so. */
			sleep(2);
		}
		command("reach %u", rcu_steps[i].reach);
	}
	return NULL;
}

static void read_line(const char *line)
{
	struct op op;
	char type[16], what[8];
	unsigned int a, b, c, number;

	if (sscanf(line, "map %u %7s %u", &a, type, &b) == 3 && a < MAX) {
		maps[a] = new_map(type, b);
		spare[a] = new_map(type, b);
		if (maps[a] < 0 || spare[a] < 0)
			fail("create a map");
		command("map %u %d", a, maps[a]);
	} else if (sscanf(line, "program %u %u %u", &number, &a, &b) == 3) {
		programs[number] = load_program(maps[a], b);
		if (programs[number] < 0)
			fail("load a program");
	} else if (sscanf(line, "owner %u %7s %u", &a, type, &b) == 3 && a < MAX) {
		strcpy(owners[a].type, type);
		owners[a].bucket = b;
		owner_count = a + 1;
	} else if (sscanf(line, "setup %u %u", &a, &b) == 2) {
		set_up(a, b);
	} else if (sscanf(line, "op %u %d %11s %d %d %u", &number, &op.task, op.kind, &op.map, &op.owner, &op.turn) ==
		   6) {
		int kind = !strcmp(op.kind, "map_free") ? 0 : !strcmp(op.kind, "destroy") ? 1 : -1;

		ops[number] = op;
		op_count = number + 1;
		command("op %u %d %d", number, kind, kind == 1 ? op.owner : op.map);
	} else if (sscanf(line, "rcu %u %7s %u %u", &a, what, &b, &c) == 4) {
		rcu_steps[rcu_step_count].trace = c;
		rcu_steps[rcu_step_count].turn = a;
		rcu_steps[rcu_step_count].reach = b;
		rcu_steps[rcu_step_count++].end = !strcmp(what, "end");
	} else if (sscanf(line, "last %u %u", &a, &b) == 2) {
		last_turn = a;
		settle = b;
	} else if (!strncmp(line, "gate ", 5) && !is_open) {
		if (command("%s", line) < 0)
			fail("set a gate");
	}
}

static void read_plan(void)
{
	char line[128];
	FILE *plan = fopen("/plan", "r");

	if (!plan)
		fail("read the plan");
	while (fgets(line, sizeof(line), plan))
		read_line(line);
	fclose(plan);
	/* An owner that has no value at first exists from the beginning, too. */
	for (int i = 0; i < owner_count; i++)
		if (!owners[i].placed) {
			create_owner(&owners[i]);
			command("owner %d %s %d", i, owners[i].type, owners[i].file);
		}
}

static void print_file(const char *name, const char *title)
{
	char path[64], line[128];
	FILE *file;

	sprintf(path, DEBUG "%s", name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		say("%s %s", title, line);
	}
	if (file)
		fclose(file);
}

static void boot(void)
{
	mkdir("/proc", 0700);
	mkdir("/sys", 0700);
	mkdir("/dev", 0700);
	mkdir("/tmp", 0700);
	mkdir("/cgroup", 0700);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	mount("cgroup", "/cgroup", "cgroup2", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	kernel_log = open("/dev/kmsg", O_WRONLY);
	/* Whoever stops at a gate with interrupts off stops a CPU. So the kernel's workers have CPUs 5 to 7, the ops
	 * that the driver runs 1 to 4, and CPU 0 is for the driver itself. */
	write_to("/sys/devices/virtual/workqueue/cpumask", "e0");
}

static bool says_open(void)
{
	char text[1024] = "";
	int file = open("/proc/cmdline", O_RDONLY);

	(void)!read(file, text, sizeof(text) - 1);
	close(file);
	return strstr(text, "nofail_open");
}

/* Bounded, because an op of a finding may never end. */
static void wait_for_tasks(int count)
{
	for (int i = 0, done = 0; i < 3000 && done < count; i++) {
		usleep(10000);
		done = 0;
		for (int task = 0; task < count; task++)
			done += finished[task];
	}
}

int main(void)
{
	pthread_t thread;
	int tasks = 0;

	boot();
	go_to_cpu(0);
	is_open = says_open();
	if (access(DEBUG "plan", W_OK))
		fail("find the gates");
	command("clear");
	read_plan();
	say("step set up");
	for (int i = 0; i < op_count; i++)
		if (ops[i].task >= tasks)
			tasks = ops[i].task + 1;
	command("grace 1"); /* no grace period of the set-up shall be under way */
	sleep(1);
	command("arm 1");
	for (int i = 0; i < tasks; i++)
		pthread_create(&thread, NULL, run_task, (void *)(intptr_t)i);
	if (is_open) {
		wait_for_tasks(tasks);
	} else {
		pthread_create(&thread, NULL, run_rcu, NULL);
		wait_for_turn(last_turn);
	}
	say("step last turn");
	sleep(settle);
	command("arm 0");
	sleep(2);
	begin_grace(true);
	if (!wait_for_grace(10))
		say("a grace period does not end");
	print_file("log", "gate");
	print_file("ledger", "left");
	off();
}
