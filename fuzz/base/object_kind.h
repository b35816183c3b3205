// SPDX-License-Identifier: MIT
//
// The kinds of object that core/kernel/object_kinds.def lists, as tables.
#ifndef NOFAIL_FUZZ_BASE_OBJECT_KIND_H_
#define NOFAIL_FUZZ_BASE_OBJECT_KIND_H_

#include "core/kernel/kernel.h"

namespace nofail {

inline constexpr const char* kObjectKindTexts[] = {
#define KERNEL_OBJECT_KIND(name, text, hashed) text,
#include "core/kernel/object_kinds.def"
#undef KERNEL_OBJECT_KIND
};
inline constexpr int kObjectKinds = sizeof kObjectKindTexts / sizeof *kObjectKindTexts;

// The name of the kind in reports and schedules, such as "selem".
constexpr const char* ObjectKindText(kernel_object_kind kind) {
  return kObjectKindTexts[kind];
}

// Whether the scenario says which bucket an object of this kind falls into (OwnerSpec::bucket).
constexpr bool IsHashed(kernel_object_kind kind) {
  constexpr bool kHashed[] = {
#define KERNEL_OBJECT_KIND(name, text, hashed) hashed,
#include "core/kernel/object_kinds.def"
#undef KERNEL_OBJECT_KIND
  };
  return kHashed[kind];
}

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_OBJECT_KIND_H_
