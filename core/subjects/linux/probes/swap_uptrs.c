// SPDX-License-Identifier: MIT
//
// May values have uptr fields, and does bpf_local_storage_update's last parameter say whether to swap them in? This is
// so from 6.13 on. Before, the last parameter is gfp_t.
#include <linux/bpf_local_storage.h>

_Static_assert(__builtin_types_compatible_p(__typeof__(bpf_local_storage_update),
                                            struct bpf_local_storage_data*(void*, struct bpf_local_storage_map*, void*,
                                                                           u64, bool)),
               "");
