// SPDX-License-Identifier: MIT
//
// The keywords of the text form. There is one table for each enum, in the enum's order. Internal to fuzz/schedule,
// fuzz/check, fuzz/listing and fuzz/report.
#ifndef NOFAIL_FUZZ_SCHEDULE_KEYWORDS_H_
#define NOFAIL_FUZZ_SCHEDULE_KEYWORDS_H_

#include <iterator>

#include "absl/strings/string_view.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

inline constexpr absl::string_view kTypeKeywords[] = {"sk", "task", "cgroup", "inode"};
inline constexpr absl::string_view kFieldKeywords[] = {"kptr", "uptr", "spin_lock", "refcount"};  // by bit
inline constexpr absl::string_view kLocksKeywords[] = {"contended", "any"};
inline constexpr absl::string_view kMemoryKeywords[] = {"sc", "weak"};
inline constexpr absl::string_view kRcuKeywords[] = {"preemptible", "non-preemptible"};
inline constexpr absl::string_view kOpKeywords[] = {"update", "delete", "lookup",  "kptr",
                                                    "clone",  "dump",   "destroy", "map_free"};
inline constexpr absl::string_view kChoiceKeywords[] = {"preempt", "lock", "alloc", "gp", "load", "nmi", "resched"};
inline constexpr absl::string_view kLockAnswerKeywords[] = {"granted", "timeout", "deadlock", "peer-deadlock",
                                                            "both-deadlock"};
// By ChoiceKind: the keyword between the ordinal of a choice and its answer, where the answer is a number. For example,
// "late" in "gp 1 late 2".
inline constexpr absl::string_view kNumberKeywords[] = {"", "", "", "late", "older", "op", ""};
inline constexpr absl::string_view kPolicyKeywords[] = {"none", "uniform", "rate", "pct"};
static_assert(std::size(kTypeKeywords) == STORAGE_TYPES && std::size(kOpKeywords) == kOpKinds);
static_assert(std::size(kChoiceKeywords) == kChoiceKinds && std::size(kNumberKeywords) == kChoiceKinds);

// By OpKind: the operands of the op. m: a map, o: an owner, c: the child of a clone.
inline constexpr absl::string_view kOperandsOfOp[] = {"mo", "mo", "mo", "mo", "oc", "o", "o", "m"};
static_assert(std::size(kOperandsOfOp) == kOpKinds);

// A keyword that may follow an op's operands.
struct Modifier {
  OpKind kind;                // of the ops that may have it
  absl::string_view keyword;  // the keyword
  uint8_t flags;              // the bit of Op::flags that it sets; 0: it sets Op::sleepable
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

// The keyword of an enum's value. REQUIRES: `words` is the table of that enum.
template <typename Enum, size_t n>
absl::string_view KeywordOf(const absl::string_view (&words)[n], Enum value) {
  return words[static_cast<size_t>(value)];
}

// The name of the op at `index` within its task: "update", or "update#2" for the second update of the task.
std::string OpLabel(const std::vector<Op>& ops, size_t index);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_KEYWORDS_H_
