// SPDX-License-Identifier: MIT
//
// An element has a state word, by which the teardown paths agree who unlinks it from what: 7.x, not 6.12.
#include <linux/bpf_local_storage.h>

enum { offset = offsetof(struct bpf_local_storage_elem, state) };
