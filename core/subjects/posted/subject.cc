// SPDX-License-Identifier: MIT
#include "core/subjects/subject.h"

#include "core/subjects/storage/local_storage.h"
#include "core/subjects/storage/storage_types.h"

namespace nofail {
namespace {

kernel_map* PostedMapAlloc(const subject_map_attr* attr) {
  Map* map = MapAlloc(attr);
  return map ? &map->map : nullptr;
}

void PostedMapFree(kernel_map* map) {
  MapFree(reinterpret_cast<Map*>(map));
}

constexpr subject kPosted = {
    .name = "posted",
    .types = {.map = "Map", .bucket = "Bucket", .storage = "Storage", .selem = "Selem", .owner = "Owner"},
    .reset = TypesReset,
    .memory = TypesMemory,
    .map_alloc = PostedMapAlloc,
    .map_free = PostedMapFree,
    .owner_size = sizeof(Owner),
    .owner_init = OwnerInit,
    .owner_destroy = OwnerDestroy,
    .owner_charge = OwnerCharge,
    .owner_charge_offset = offsetof(Owner, omem),
    .update = OwnerUpdate,
    .remove = OwnerRemove,
    .lookup = OwnerLookup,
    .clone = SkClone,
    .dump = SkDump,
    .selem_state_offset = offsetof(Selem, state),
};

}  // namespace
}  // namespace nofail

const subject* const linked_subject = &nofail::kPosted;
