// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Reproduces:
$signatures
 *
 * This is the schedule, in words:
$schedule
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBUG "/sys/kernel/debug/"

struct owner {
	const char *type;
	int file;
	pid_t child;
	char path[64];
};

$declared

static void write_to(const char *name, int number)
{
	char text[16];
	int file = open(name, O_WRONLY);

	if (write(file, text, sprintf(text, "%d", number)) < 0)
		perror(name);
	close(file);
}

static int turn(void)
{
	char text[16] = "";
	int file = open(DEBUG "nofail_turn", O_RDONLY);

	if (read(file, text, sizeof(text) - 1) < 0)
		perror("nofail_turn");
	close(file);
	return atoi(text);
}

static void wait_for(int number)
{
	for (int i = 0; i < 3000 && turn() < number; i++)
		usleep(10000);
}

static void reach(int number)
{
	write_to(DEBUG "nofail_turn", number);
}

static pthread_t grace_thread;

static void *grace(void *unused)
{
	write_to(DEBUG "nofail_grace", 1);
	return unused;
}

static void begin_grace(void)
{
	pthread_create(&grace_thread, NULL, grace, NULL);
	usleep(200000);
}

static void end_grace(void)
{
	pthread_join(grace_thread, NULL);
}

static long bpf(int what, union bpf_attr *attributes)
{
	return syscall(__NR_bpf, what, attributes, sizeof(*attributes));
}

/* A storage map must have BTF for its key, an int, and its value, an array of bytes. */
static int create_map(int type, int size)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t header_size, types_at, types_size, strings_at, strings_size, types[14];
		char strings[10];
	} __attribute__((packed)) btf = {
		0xeb9f, 1, 0, 24, 0, 56, 56, 10,
		{ 1, 1 << 24, 4, 1 << 24 | 32, 5, 1 << 24, 1, 8, 0, 3 << 24, 0, 2, 1, size }, "\0int\0char",
	};
	union bpf_attr load = { .btf = (uintptr_t)&btf, .btf_size = sizeof(btf) };
	union bpf_attr create = { .map_type = type, .key_size = 4, .value_size = size, .map_flags = BPF_F_NO_PREALLOC,
				  .btf_fd = bpf(BPF_BTF_LOAD, &load), .btf_key_type_id = 1, .btf_value_type_id = 3 };
	int map = bpf(BPF_MAP_CREATE, &create);

	if (map < 0)
		perror("BPF_MAP_CREATE");
	close(create.btf_fd);
	return map;
}

static int element(int what, int map, struct owner *owner)
{
	char value[256] = { 7 };
	union bpf_attr attributes = { .map_fd = map, .key = (uintptr_t)&owner->file };

	if (what != BPF_MAP_DELETE_ELEM)
		attributes.value = (uintptr_t)value;
	return bpf(what, &attributes);
}

static void create(struct owner *owner)
{
	static int count;

	sprintf(owner->path, "%s/nofail%d", strcmp(owner->type, "cgroup") ? "/tmp" : "/sys/fs/cgroup", count++);
	if (!strcmp(owner->type, "sk")) {
		owner->file = socket(AF_INET, SOCK_DGRAM, 0);
	} else if (!strcmp(owner->type, "task")) {
		owner->child = fork();
		while (!owner->child)
			pause();
		owner->file = syscall(__NR_pidfd_open, owner->child, 0);
	} else if (!strcmp(owner->type, "cgroup")) {
		mkdir(owner->path, 0700);
		owner->file = open(owner->path, O_RDONLY | O_DIRECTORY);
	} else {
		owner->file = open(owner->path, O_RDWR | O_CREAT, 0600);
	}
}

static void destroy(struct owner *owner)
{
	if (owner->child) {
		kill(owner->child, SIGKILL);
		waitpid(owner->child, NULL, 0);
	}
	unlink(owner->path);
	close(owner->file);
	rmdir(owner->path);
}

static void set_up(int map, struct owner *owner)
{
	if (!owner->file)
		create(owner);
	if (element(BPF_MAP_UPDATE_ELEM, map, owner))
		perror("BPF_MAP_UPDATE_ELEM");
}

$tasks
int main(void)
{
	pthread_t thread;

	mount("debug", DEBUG, "debugfs", 0, NULL);
$world
$setup
$threads
	sleep(30);
	puts("Look at the kernel's log.");
	return 0;
}
