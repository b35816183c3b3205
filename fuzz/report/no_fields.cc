// SPDX-License-Identifier: MIT
//
// Takes the place of fields.cc in a build for a service, which has no libdw.
#include "fuzz/report/fields.h"

namespace nofail {

std::string FieldAt(const subject& /*subject*/, kernel_object_kind /*kind*/, uint32_t /*offset*/) {
  return "";
}

std::string FieldPointedTo(const subject& /*subject*/, kernel_object_kind /*kind*/, uint32_t /*offset*/) {
  return "";
}

}  // namespace nofail
