// SPDX-License-Identifier: MIT
//
// Sockets, tasks, cgroups and inodes: as much of them as local storage uses. Ours, not the tree's: who may use an
// owner, and when it goes, is the driver's business (fuzz/exec/world.h), so nothing here frees one.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_

#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"

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
struct percpu_ref {
  bool dying;
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

// One owner of any type. Each part has its own place, so that an offset says what a word is.
struct nofail_owner {
  u32 type;    // enum storage_type
  int number;  // its file descriptor
  struct sock sk;
  struct socket socket;
  struct task_struct task;
  struct pid pid;
  struct cgroup cgroup;
  struct inode inode;
  struct file file;
};
// The owner that a file descriptor of the system call stands for. The adapter makes them.
struct nofail_owner* nofail_owner_of_fd(int fd);

// What a descriptor is looked up as. The driver holds a reference already.
#define sockfd_lookup(fd, error) ((void)(error), &nofail_owner_of_fd(fd)->socket)
#define sockfd_put(sock) ((void)(sock))
#define pidfd_get_pid(fd, flags) ((void)(flags), &nofail_owner_of_fd(fd)->pid)
#define pid_task(pid, kind) ((pid)->task)
#define put_pid(pid) ((void)(pid))
#define cgroup_v1v2_get_from_fd(fd) (&nofail_owner_of_fd(fd)->cgroup)
#define cgroup_get_from_fd(fd) cgroup_v1v2_get_from_fd(fd)
#define cgroup_put(cgroup) ((void)(cgroup))
#define fget_raw(fd) (&nofail_owner_of_fd(fd)->file)
#define fput(file) ((void)(file))
static inline struct fd nofail_class_fd_raw(int fd) {
  return (struct fd){fget_raw(fd)};
}
#define CLASS(name, variable) struct fd variable = nofail_class_##name
#define fd_empty(fd) (!(fd).file)
#define fd_file(fd) ((fd).file)
#define file_inode(file) ((file)->f_inode)
#define bpf_inode(inode) (&(inode)->security)
#define bpf_lsm_initialized true

// A program holds a reference of its own while a helper runs: here the driver's, so the count never reaches zero.
#define sk_fullsock(sk) true
#define sock_put(sk) WARN_ON_ONCE(refcount_dec_and_test(&(sk)->sk_refcnt))
#define percpu_ref_is_dying(ref) ((ref)->dying)
#define sock_net(sk) (&(sk)->net)
#if NOFAIL_LINUX_GLOBAL_OPTMEM_MAX
// One variable for all sockets, in a function whose parameter `owner` is the socket. Here every socket has its own.
#define sysctl_optmem_max (((struct sock*)owner)->net.core.sysctl_optmem_max)
#endif

// ---- Socket diag: a message to user space --------------------------------------------------------------------------
struct nlattr {
  u8 room[256];
};
struct sk_buff {
  unsigned len;
  unsigned elements;  // how many values it got
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
// A request that names no map: dump all.
#define nla_for_each_nested(attribute, nest, left) for ((attribute) = NULL, (left) = 0; (left) > 0; (void)(nest))
#define nla_for_each_nested_type(attribute, type, nest, left) nla_for_each_nested(attribute, nest, left)
#define nla_type(attribute) 0
#define nla_len(attribute) 0
#define nla_get_u32(attribute) 0u

// The hooks by which owners go.
void bpf_task_storage_free(struct task_struct* task);
void bpf_cgrp_storage_free(struct cgroup* cgroup);
void bpf_inode_storage_free(struct inode* inode);

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_OWNERS_H_
