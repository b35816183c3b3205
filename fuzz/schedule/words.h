// SPDX-License-Identifier: MIT
//
// The words of the text form, one table per enum, in its order. Internal to fuzz/schedule and fuzz/report.
#ifndef NOFAIL_FUZZ_SCHEDULE_WORDS_H_
#define NOFAIL_FUZZ_SCHEDULE_WORDS_H_

#include <iterator>

#include "absl/strings/string_view.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

inline constexpr absl::string_view kTypeWords[] = {"sk", "task", "cgroup", "inode"};
inline constexpr absl::string_view kFieldWords[] = {"kptr", "uptr", "spin_lock", "refcount"};  // by bit
inline constexpr absl::string_view kLocksWords[] = {"contended", "any"};
inline constexpr absl::string_view kMemoryWords[] = {"sc", "weak"};
inline constexpr absl::string_view kRcuWords[] = {"preemptible", "non-preemptible"};
inline constexpr absl::string_view kOpWords[] = {"update", "delete", "lookup",  "kptr",
                                                 "clone",  "dump",   "destroy", "map_free"};
inline constexpr absl::string_view kChoiceWords[] = {"preempt", "lock", "alloc", "gp", "load", "nmi", "resched"};
inline constexpr absl::string_view kLockAnswerWords[] = {"granted", "timeout", "deadlock", "peer-deadlock",
                                                         "both-deadlock"};
// What stands between a choice's ordinal and its answer, where that is a number.
inline constexpr absl::string_view kNumberWords[] = {"", "", "", "late", "older", "op", ""};
inline constexpr absl::string_view kPolicyWords[] = {"none", "uniform", "rate", "pct"};
static_assert(std::size(kTypeWords) == STORAGE_TYPES && std::size(kOpWords) == kOpKinds);
static_assert(std::size(kChoiceWords) == kChoiceKinds && std::size(kNumberWords) == kChoiceKinds);

// What an op is about, by kind: m a map, o an owner, c the child.
inline constexpr absl::string_view kOperandsOfOp[] = {"mo", "mo", "mo", "mo", "oc", "o", "o", "m"};

// What may follow an op's operands.
struct Modifier {
  OpKind kind;
  absl::string_view word;
  uint8_t flags;  // 0: sets `sleepable`
  bool IsIn(const Op& op) const { return op.kind == kind && (flags == 0 ? op.sleepable : (op.flags & flags) != 0); }
};
inline constexpr Modifier kModifiers[] = {
    {OpKind::kUpdate, "noexist", UPDATE_NOEXIST},
    {OpKind::kUpdate, "exist", UPDATE_EXIST},
    {OpKind::kUpdate, "lock", UPDATE_LOCK},
    {OpKind::kUpdate, "sleepable", 0},
    {OpKind::kDelete, "sleepable", 0},
    {OpKind::kLookup, "cache", 1},
    {OpKind::kLookup, "sleepable", 0},
};

template <typename Enum, size_t n>
absl::string_view WordOf(const absl::string_view (&words)[n], Enum value) {
  return words[static_cast<size_t>(value)];
}

// "update", or "update#2" for the second of its kind.
std::string OpLabel(const std::vector<Op>& ops, size_t index);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_WORDS_H_
