// SPDX-License-Identifier: MIT
//
// Values may have uptr fields, and bpf_local_storage_update's last parameter says whether to swap them in: from 6.13
// on. Before, the last parameter is the gfp_t alone.
#include <linux/bpf_local_storage.h>

_Static_assert(__builtin_types_compatible_p(__typeof__(bpf_local_storage_update),
                                            struct bpf_local_storage_data*(void*, struct bpf_local_storage_map*, void*,
                                                                           u64, bool)),
               "");
