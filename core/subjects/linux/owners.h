// SPDX-License-Identifier: MIT
//
// Sockets, tasks, cgroups and inodes: as much of them as local storage uses. These structures are ours, not the tree's.
// The driver decides who may use an owner and when the owner goes (fuzz/exec/world.h), so nothing here frees an owner.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_

#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/guards.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"
#include "core/subjects/linux/waiting.h"

struct net {
  struct {
    int sysctl_optmem_max;
  } core;
};
struct sock {
  struct bpf_local_storage __rcu* sk_bpf_storage;
  atomic_t sk_omem_alloc;
  refcount_t sk_refcnt;
  struct net net;
};
static inline void nofail_set_optmem_max(struct sock* sk, int bytes) {
  sk->net.core.sysctl_optmem_max = bytes;
}
struct socket {
  struct sock* sk;
};
struct task_struct {
  struct bpf_local_storage __rcu* bpf_storage;
  refcount_t usage;
};
struct pid {
  struct task_struct* task;
};
struct cgroup {
  struct bpf_local_storage __rcu* bpf_cgrp_storage;
  struct {
    struct percpu_ref refcnt;
  } self;
};
struct bpf_storage_blob {
  struct bpf_local_storage __rcu* storage;
};
struct inode {
  struct bpf_storage_blob security;
};
struct file {
  struct inode* f_inode;
};
struct fd {
  struct file* file;
};

// One owner of any type. The structures of all types are members side by side, not a union, so that an offset into an
// owner says which member it is.
struct nofail_owner {
  u32 type;    // enum storage_type
  int number;  // the file descriptor that stands for it in system calls
  struct sock sk;
  struct socket socket;
  struct task_struct task;
  struct pid pid;
  struct cgroup cgroup;
  struct inode inode;
  struct file file;
};
// Takes a reference to the owner that a file descriptor of the system call stands for, and gives it back. The driver
// holds a reference of its own, so these protect nothing. But each system call must give back what it took, which the
// adapter checks (subject.c). REQUIRES: `fd` is the number that the adapter gave an owner (linux_owner_init).
struct nofail_owner* nofail_owner_get(int fd);
void nofail_owner_put(const void* object);

#define sockfd_lookup(fd, error) ((void)(error), &nofail_owner_get(fd)->socket)
#define sockfd_put(sock) nofail_owner_put(sock)
#define pidfd_get_pid(fd, flags) ((void)(flags), &nofail_owner_get(fd)->pid)
#define pid_task(pid, kind) ((pid)->task)
#define put_pid(pid) nofail_owner_put(pid)
#define cgroup_v1v2_get_from_fd(fd) (&nofail_owner_get(fd)->cgroup)
#define cgroup_get_from_fd(fd) cgroup_v1v2_get_from_fd(fd)
#define cgroup_put(cgroup) nofail_owner_put(cgroup)
#define fget_raw(fd) (&nofail_owner_get(fd)->file)
#define fput(file) nofail_owner_put(file)
DEFINE_CLASS(fd_raw, struct fd, fput(_T.file), ((struct fd){fget_raw(fd)}), int fd)
#define fd_empty(fd) (!(fd).file)
#define fd_file(fd) ((fd).file)
#define file_inode(file) ((file)->f_inode)
#define bpf_inode(inode) (&(inode)->security)
#define bpf_lsm_initialized true

// A helper takes a reference to the socket and drops it with sock_put. In the kernel, the program's own reference keeps
// the count above zero. Here the driver's reference does, so a count that reaches zero is a mistake.
#define sk_fullsock(sk) true
#define sock_put(sk) WARN_ON_ONCE(refcount_dec_and_test(&(sk)->sk_refcnt))
#define sock_net(sk) (&(sk)->net)
#if NOFAIL_LINUX_GLOBAL_OPTMEM_MAX
// The kernel has one variable for all sockets; here every socket has a limit of its own. The tree's file uses the
// variable in a function whose parameter `owner` is the socket, so this macro can find the socket's limit.
#define sysctl_optmem_max (((struct sock*)owner)->net.core.sysctl_optmem_max)
#endif

// ---- Socket diag: a message to user space --------------------------------------------------------------------------
struct nlattr {
  u8 room[256];
};
struct sk_buff {
  unsigned len;       // bytes
  unsigned elements;  // how many values were put into the message
  struct nlattr attribute;
};
enum { NLA_HDRLEN = 4 };
enum { SK_DIAG_BPF_STORAGE_REQ_MAP_FD = 1, SK_DIAG_BPF_STORAGE = 1, SK_DIAG_BPF_STORAGE_PAD = 1 };
enum { SK_DIAG_BPF_STORAGE_MAP_ID = 2, SK_DIAG_BPF_STORAGE_MAP_VALUE = 3 };
#define nla_total_size(bytes) ((int)(bytes) + NLA_HDRLEN)
#define nla_total_size_64bit(bytes) nla_total_size((bytes) + NLA_HDRLEN)
static inline struct nlattr* nla_nest_start(struct sk_buff* skb, int type) {
  skb->len += NLA_HDRLEN;
  return &skb->attribute;
}
#define nla_nest_end(skb, attribute) ((void)(skb), (void)(attribute))
#define nla_nest_cancel(skb, attribute) ((void)(skb), (void)(attribute))
static inline int nla_put_u32(struct sk_buff* skb, int type, u32 value) {
  skb->len += NLA_HDRLEN + sizeof(value);
  return 0;
}
static inline struct nlattr* nla_reserve_64bit(struct sk_buff* skb, int type, u32 bytes, int pad) {
  if (bytes > sizeof(skb->attribute.room)) return NULL;
  skb->len += bytes;
  ++skb->elements;
  return &skb->attribute;
}
#define nla_data(attribute) ((void*)(attribute)->room)
// The request names no map, which asks for the values of all maps. So a loop over the attributes of a request ends at
// once.
#define nla_for_each_nested(attribute, nest, left) for ((attribute) = NULL, (left) = 0; (left) > 0; (void)(nest))
#define nla_for_each_nested_type(attribute, type, nest, left) nla_for_each_nested(attribute, nest, left)
#define nla_type(attribute) 0
#define nla_len(attribute) 0
#define nla_get_u32(attribute) 0u

// The hooks by which the kernel tells local storage that an owner goes.
void bpf_task_storage_free(struct task_struct* task);
void bpf_cgrp_storage_free(struct cgroup* cgroup);
void bpf_inode_storage_free(struct inode* inode);

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_
