// SPDX-License-Identifier: MIT
//
// The verdict on one run: pass, or every violation in order.
//
// A violation's signature is made of its kind, the kinds of object and the subject's functions involved, and attributes
// that tell causes apart which would look the same otherwise. Never of deviations, line numbers, task names or
// addresses: it is the same in every run, build and machine, and it is what known limitations and findings are listed
// by.
#ifndef NOFAIL_FUZZ_CHECK_VERDICT_H_
#define NOFAIL_FUZZ_CHECK_VERDICT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernel/trace/trace.h"

namespace nofail {

// One more thing that a cause is known by. docs/oracles.md lists keys and values.
struct Attribute {
  const char* key;
  std::string value;  // a word
};

struct Violation {
  std::string kind;                    // "use-after-free", "leak.fields", "warning", ...: docs/oracles.md lists them
  std::vector<std::string> objects;    // kinds of object: "selem"; sorted, no duplicates
  std::vector<std::string> functions;  // of the subject; sorted, no duplicates
  std::vector<Attribute> attributes;   // in the order of their keys, each once
  std::vector<ObjectId> involved;      // which objects, for reports; not part of the signature
  uint32_t event = 0;                  // where in the trace it shows; a leak: who last could have prevented it
  std::string detail;                  // one sentence for a person, with object names; not part of the signature

  // Adds an attribute in its place. An empty value: it does not apply, and nothing is added.
  void Set(const char* key, std::string_view value);

  // kind/objects/functions[/key=value]..., members joined by "+", none of them "-":
  // "leak.fields/selem/SelemUnlinkNofail/lock=buckets".
  std::string Signature() const;
};

// A number for a signature, the same everywhere.
uint64_t HashOfSignature(std::string_view signature);

struct Verdict {
  std::vector<Violation> violations;  // in the order they show in the trace; leaks last
  bool pass() const { return violations.empty(); }
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_VERDICT_H_
