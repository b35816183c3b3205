// SPDX-License-Identifier: MIT
//
// Does an element have a state word, by which the teardown paths agree which of them unlinks the element from which
// list? It does in 7.x, and not in 6.12.
#include <linux/bpf_local_storage.h>

enum { offset = offsetof(struct bpf_local_storage_elem, state) };
