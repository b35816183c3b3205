// SPDX-License-Identifier: MIT
//
// Counts executions and violations, and writes the counts to a status file while fuzzing goes on.
#ifndef NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
#define NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "fuzz/check/judged_run.h"
#include "fuzz/engine/access_orders.h"
#include "fuzz/engine/attempts.h"
#include "fuzz/engine/comparison.h"
#include "fuzz/engine/hyperloglog.h"
#include "fuzz/listing/listings.h"

namespace nofail {

class RunStatus {
 public:
  // How a violation stands to what is listed. A worse one is listed, but not in the circumstances in which it showed
  // (Listing::Explains); it is counted apart. New and worse violations are news. A listed one differs where the
  // baseline passes the same schedule; these samples are counted apart as well.
  enum class Standing : uint8_t { kKnown, kFinding, kDiffers, kWorse, kNew };

  // What is known of one signature, or of the worse violations with one signature.
  struct Seen {
    Standing standing;
    std::string signature;   // Violation::Signature()
    std::string name;        // Listing::name, "baseline", or for news the name of its file in DIR without .sched
    uint64_t first;          // number of executions when it was first seen
    uint64_t count;          // how often it was counted
    const Listing* listing;  // null: not listed
    bool is_news() const { return standing >= Standing::kWorse; }
  };

  RunStatus();

  // From now on, keeps a status file in `directory` up to date, which is this process's alone: .status.<pid>, or
  // .status.<pid>.2 if an earlier process had the same id, and so on. REQUIRES: the folder exists.
  void WriteTo(const std::string& directory);

  // Counts one run with its number of events and its Trace::interleaving(). Writes the status file when the last time
  // was at least a second ago.
  void CountExecution(uint32_t events, uint64_t interleaving);
  // Counts what became of the attempts of a run to take locks and to allocate. To be called for a share of all runs,
  // because it goes through the whole trace.
  void CountAttempts(const Trace& trace) { attempts_.Count(trace); }
  // Counts one violation of a run. The result is valid until the next call.
  struct Counted {
    const Seen& seen;
    bool is_fresh;  // seen for the first time: the signature, or so bad a violation of the signature
  };
  Counted CountViolation(const JudgedRun& run, const Violation& violation);
  // Counts a sample that violates and that the baseline passes (Comparison::Differs). `listed` was returned for the
  // violation of this run. The result is valid until the next call; it is fresh as long as few are saved.
  Counted CountDiffering(const Seen& listed);
  // Whether the signature is not new, or was counted before.
  bool IsSettled(const std::string& signature) {
    const Seen& seen = Find(signature);
    return !seen.is_news() || seen.count != 0;
  }
  // Sets what is listed, and signatures that do not count as new besides. Called once, before the first violation.
  void SetListings(Listings listings, std::set<std::string> baseline) {
    listings_ = std::move(listings);
    baseline_ = std::move(baseline);
  }
  // From now on, the status file has the counts of the comparison as well, which must outlive this object.
  void SetComparison(const Comparison& comparison) { comparison_ = &comparison; }
  // The same for the orders of accesses.
  void SetOrders(const AccessOrders& orders) { orders_ = &orders; }
  // How many executions were counted.
  uint64_t executions() const { return executions_; }

  // Writes the status file (fuzz/engine/status_file.h has its format); does nothing before WriteTo. The file is
  // replaced as a whole, so that a reader never sees half of it. A failure to write is ignored. `done` says whether the
  // process has come to its end.
  void Write(bool done);

 private:
  Seen& Find(const std::string& signature);
  Seen& CountWorse(const Seen& listed, const Sighting& sighting);

  Listings listings_;
  std::set<std::string> baseline_;
  const Comparison* comparison_ = nullptr;  // null: there is no baseline
  const AccessOrders* orders_ = nullptr;    // null: nobody asked for them
  std::string directory_;
  std::string file_;  // the status file of the process `owner_`; "": there is none yet
  pid_t owner_ = 0;
  // The key is HashOfSignature. A map of strings would compare strings, and an engine puts strings that a process
  // compares into inputs, where signatures are of no use.
  std::map<uint64_t, Seen> seen_, worse_, differs_;
  uint64_t executions_ = 0, events_ = 0;
  HyperLogLog interleavings_;
  Attempts attempts_;
  std::chrono::steady_clock::time_point start_, written_;
};

// A file name for a signature: its first 60 characters in lower case, with '_' for everything but letters, digits, dots
// and dashes, and then a hash that keeps it unique. For example, "leak.fields/selem/F" becomes
// "leak.fields_selem_f-" and 8 hexadecimal digits.
std::string SlugOf(const std::string& signature);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
