// SPDX-License-Identifier: MIT
#include "fuzz/report/glossary.h"

#include "absl/strings/ascii.h"

namespace nofail {
namespace {

// In a pattern, '#' stands for a number, and '@' for a name with a number, such as "selem1".
constexpr struct {
  absl::string_view pattern, meaning;
} kTerms[] = {
    {"m#", "a map of BPF local storage"},
    {"o#", "an owner: the socket, task, cgroup or inode that a map has a value for"},
    {"storage#", "what an owner has for all its values (struct bpf_local_storage): their list, and a lock for it"},
    {"selem#",
     "an element: the value of one map for one owner (struct bpf_local_storage_elem). It is on two lists, that of the "
     "storage and that of one of the map's buckets"},
    {"buckets#", "the hash table of a map; each bucket has a list of elements, and a lock for it"},
    {"@+#", "a place in an object: so many bytes from its start"},
    {"@.state", "who has unlinked the element so far: 1 map_free, 2 destroy, 3 both; 4: somebody is about to free it"},
    {"@.charge", "how many bytes the owner is charged for"},
    {"smap", "the element's pointer to its map; null once the map is done with the element"},
    {"kptr", "a special field: a reference in the value, which must be released with the value"},
    {"map_free", "what runs when a map goes: it unlinks all elements of the map"},
    {"destroy", "what runs when an owner goes: it unlinks all elements of the owner"},
    {"dump", "socket diag: it reads all values of a socket"},
    {"setup", "what happens before the tasks start; nothing runs beside it"},
    {"end", "what comes after the tasks: whatever still lives is ended, one thing after the other"},
    {"preempted", "the task is stopped here, and another one runs"},
    {"-ETIMEDOUT",
     "an attempt to take an rqspinlock has failed after a time: BPF's locks give up, and do not wait for ever"},
    {"-EDEADLK", "an attempt to take an rqspinlock has failed, because the lock saw a deadlock"},
    {"grace period", "RCU's wait until every reader that had begun before has ended"},
    {"synchronize_rcu", "waits for a grace period"},
    {"kfree_rcu", "frees the object after a grace period"},
    {"call_rcu", "has a callback run after a grace period"},
    {"hands @ to RCU", "it is freed after a grace period"},
    {"callbacks", "functions that RCU calls after a grace period"},
    {"WARN_ON_ONCE", "a check in the code: it prints a warning when what it names is true"},
};

bool IsLetter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// How many characters of the text's beginning the pattern matches; npos: it does not match there.
size_t Match(absl::string_view pattern, absl::string_view text) {
  size_t at = 0;
  const auto skip = [&](auto is_in) {
    const size_t begin = at;
    while (at < text.size() && is_in(static_cast<unsigned char>(text[at]))) ++at;
    return at > begin;
  };
  for (const char c : pattern) {
    if (c == '@' && !skip(absl::ascii_islower)) return text.npos;
    if ((c == '@' || c == '#') && !skip(absl::ascii_isdigit)) return text.npos;
    if (c == '@' || c == '#') continue;
    if (at == text.size() || text[at] != c) return text.npos;
    ++at;
  }
  return at < text.size() && IsLetter(text[at]) ? text.npos : at;
}

// The first match in the text; "" when there is none.
absl::string_view Find(absl::string_view pattern, absl::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && IsLetter(text[at - 1])) continue;
    const size_t size = Match(pattern, text.substr(at));
    if (size != text.npos) return text.substr(at, size);
  }
  return "";
}

}  // namespace

std::vector<Term> TermsIn(absl::string_view text) {
  std::vector<Term> terms;
  for (const auto& [pattern, meaning] : kTerms) {
    if (const absl::string_view name = Find(pattern, text); !name.empty())
      terms.push_back({std::string(name), meaning});
  }
  return terms;
}

}  // namespace nofail
