// SPDX-License-Identifier: MIT
//
// Searches many scenarios in several processes. Each process takes the next scenario that nobody has taken, and appends
// the scenario's result to a journal: a file of one line (JSON) for each result, after a first line that says what is
// searched. So what is done survives an interruption, and the results do not depend on how many processes there were.
#ifndef NOFAIL_FUZZ_TOOLS_EXPLORE_WORKERS_H_
#define NOFAIL_FUZZ_TOOLS_EXPLORE_WORKERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/subjects/subject.h"
#include "fuzz/explore/certificate.h"

namespace nofail {

struct SearchJobs {
  unsigned jobs = 1;           // processes
  unsigned shard = 1, of = 1;  // search each of-th scenario only, from this one on, counted from 1
  std::string journal;         // path of the file
  bool continues = false;      // go on after what the journal has, if it is of the same search
  double seconds = 0;          // for everything; 0: no bound
};

// Searches, and returns the rows of the certificate (CertificateRow) of the scenarios that were searched or that the
// journal had. Errors: the journal cannot be written, or is of another search.
absl::StatusOr<std::vector<nlohmann::ordered_json>> Search(const subject& subject, const SearchPlan& plan,
                                                           const SearchJobs& jobs);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_EXPLORE_WORKERS_H_
