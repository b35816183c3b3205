// SPDX-License-Identifier: MIT
//
// Verifies a certificate: whether what it says is so, as far as that can be found out in a bounded time.
//
//   - It follows from its own rows, and its scenarios are those of its head.
//   - Each schedule shows its violation.
//   - A random part of the scenarios is searched again, with another hash of states, so that two states that were taken
//     for one are noticed, and without reduction. The violations and the number of final states must be the same.
//
// A certificate of another build is verified all the same, and the differences of the builds are said.
#ifndef NOFAIL_FUZZ_TOOLS_EXPLORE_VERIFY_H_
#define NOFAIL_FUZZ_TOOLS_EXPLORE_VERIFY_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/subjects/subject.h"
#include "fuzz/tools/explore_workers.h"

namespace nofail {

struct VerifyOptions {
  size_t sample = 0;  // how many scenarios to search again; 0: as many as the time of `jobs` allows
  uint64_t seed = 1;  // chooses them
  size_t memory = 0;  // bytes for the states of each process
  SearchJobs jobs;
};

// Verifies a certificate (ParseCertificate), and prints what was verified and what differs. `subject` is the one of its
// name. Returns the exit code: kAsExpected, kUnexpected if something differs, kIncomplete if no scenario could be
// searched again.
int VerifyCertificate(const nlohmann::ordered_json& certificate, const subject& subject, const VerifyOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_EXPLORE_VERIFY_H_
