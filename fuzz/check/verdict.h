// SPDX-License-Identifier: MIT
//
// The verdict on one run: pass, or every violation in order.
//
// Each violation has a signature. The signature consists of the violation's kind, the kinds of the objects involved,
// the functions of the subject involved, and attributes. Attributes tell apart causes that would otherwise look the
// same. A signature never contains deviations, line numbers, task names or addresses, so it is the same in every run,
// in every build and on every machine. Known limitations and findings are listed by their signatures.
#ifndef NOFAIL_FUZZ_CHECK_VERDICT_H_
#define NOFAIL_FUZZ_CHECK_VERDICT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernel/trace/trace.h"

namespace nofail {

// Stands for "no such event".
inline constexpr uint32_t kNoEvent = UINT32_MAX;

// A property that tells one cause from another, for example lock=buckets. docs/oracles.md lists all keys and values.
struct Attribute {
  const char* key;    // static string
  std::string value;  // a token without blanks
};

// One thing that is wrong with a run.
struct Violation {
  std::string kind;                    // "use-after-free", "leak.fields", "warning", ...: docs/oracles.md lists them
  std::vector<std::string> objects;    // kinds of the objects involved, such as "selem"; sorted, no duplicates
  std::vector<std::string> functions;  // functions of the subject involved; sorted, no duplicates
  std::vector<Attribute> attributes;   // sorted by key, each key once
  std::vector<ObjectId> involved;      // the objects themselves, for reports; not part of the signature
  uint32_t event = 0;                  // where in the trace it shows; for a leak, what could last have prevented it
  uint32_t decisive = kNoEvent;  // the event that decided it, where that is another one; not part of the signature
  std::string detail;            // one sentence for a person, with object names; not part of the signature

  // Adds an attribute and keeps the list sorted by key. An empty value means that the attribute does not apply: then
  // nothing is added.
  void Set(const char* key, std::string_view value);

  // The signature has the form kind/objects/functions[/key=value]... Several objects or functions are joined by "+"; an
  // empty list is written "-". Example: "leak.fields/selem/SelemUnlinkNofail/lock=buckets".
  std::string Signature() const;
};

// A 64-bit hash of a signature. The same signature has the same hash in every process, build and machine.
uint64_t HashOfSignature(std::string_view signature);

struct Verdict {
  std::vector<Violation> violations;  // in the order in which they show in the trace; leaks last
  bool pass() const { return violations.empty(); }
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_VERDICT_H_
