// SPDX-License-Identifier: MIT
//
// The fields of a subject's objects, by name. The names are those of the subject's own source. They are read from the
// debug information that the subject was compiled with (DWARF, by libdw of elfutils), because each Linux version has a
// layout of its own.
//
// It costs some milliseconds, so it is for reports and not for the path of a fuzzing run: the debug information of a
// subject is read when the first field of it is asked for, and once in a process.
#ifndef NOFAIL_FUZZ_REPORT_FIELDS_H_
#define NOFAIL_FUZZ_REPORT_FIELDS_H_

#include <cstdint>
#include <string>

#include "core/subjects/subject.h"

namespace nofail {

// Which field of an object of this kind is `offset` bytes from its beginning, as it is written behind the object's
// name: ".owner_refcnt", ".snode.next", ".cache[3]", "[1].lock" of buckets. An offset in the middle of a field's bytes
// is written behind the field: ".mem_charge+4". Where fields share the bytes, because they are in a union, all are
// named: ".rcu.next|free_node.next". What only wraps a number, such as atomic_t, is not named.
//
// "" where nobody knows: the kind has no type (subject::types), the offset is behind the type's end, or the program has
// no debug information of the subject. That is so in a program that was stripped, and in one that a service builds:
// OSS-Fuzz asks for lines alone, and such a build has no libdw. A report then names the object and the offset.
std::string FieldAt(const subject& subject, kernel_object_kind kind, uint32_t offset);
// The same for a pointer to these bytes, which may point to a whole structure: ".snode", not ".snode.next".
std::string FieldPointedTo(const subject& subject, kernel_object_kind kind, uint32_t offset);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_FIELDS_H_
