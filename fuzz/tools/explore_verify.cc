// SPDX-License-Identifier: MIT
#include "fuzz/tools/explore_verify.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "fuzz/base/printable.h"
#include "fuzz/exec/executor.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/report/text_report.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/tools/command.h"
#include "fuzz/tools/identity.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;

// Counts what differs, and says it.
class Differences {
 public:
  void Add(const std::string& what) {
    ++count_;
    if (count_ <= kMost) absl::PrintF("  DIFFERS  %s\n", Printable(what));
    if (count_ == kMost + 1) absl::PrintF("  DIFFERS  and more\n");
  }
  size_t count() const { return count_; }

 private:
  static constexpr size_t kMost = 20;
  size_t count_ = 0;
};

std::string NameOf(const Json& row) {
  return absl::StrCat("scenario ", row["index"].get<uint64_t>(), " (", row["name"].get<std::string>(), ")");
}

// What this build differs in from the one that wrote the certificate.
std::vector<std::string> OtherThanHere(const Json& certificate, const subject& subject) {
  const Json here = CertificateHead({.subject = subject.name, .identity = IdentityOf(subject)});
  std::vector<std::string> others;
  std::set<std::string> files;
  for (const Json* head : {&certificate, &here}) {
    for (const auto& [name, hash] : (*head)["sources"].items()) files.insert(name);
  }
  for (const std::string& file : files) {
    const Json &then = certificate["sources"], &now = here["sources"];
    if (!then.contains(file) || !now.contains(file) || then[file] != now[file]) others.push_back(file);
  }
  if (certificate["suite"]["sources"] != here["suite"]["sources"]) others.push_back("the suite");
  if (certificate["suite"]["compiler"] != here["suite"]["compiler"]) others.push_back("the compiler");
  if (certificate["plain_reads"] != here["plain_reads"]) others.push_back("whether plain reads are seen");
  return others;
}

void PrintBuild(const Json& certificate, const subject& subject) {
  const std::vector<std::string> others = OtherThanHere(certificate, subject);
  if (others.empty()) {
    absl::PrintF("  of this build: the same files of the subject, the same suite, the same compiler\n");
  } else {
    absl::PrintF("  of ANOTHER build; these differ: %s\n", Printable(absl::StrJoin(others, ", ")));
  }
}

std::set<std::string> SignaturesOf(const Json& row) {
  std::set<std::string> signatures;
  for (const Json& violation : row["violations"]) signatures.insert(violation["signature"].get<std::string>());
  return signatures;
}

bool Shows(Executor* executor, const Json& violation) {
  const Verdict& verdict = executor->Run(ScheduleOf(violation)).verdict;
  return std::any_of(verdict.violations.begin(), verdict.violations.end(),
                     [&](const Violation& seen) { return violation["signature"] == seen.Signature(); });
}

void ReplayAll(const Json& certificate, const subject& subject, Differences* differences) {
  Executor executor(subject, Sim::Get());
  size_t schedules = 0, shown = 0;
  for (const Json& row : certificate["results"]) {
    for (const Json& violation : row["violations"]) {
      ++schedules;
      if (Shows(&executor, violation)) {
        ++shown;
      } else {
        differences->Add(
            absl::StrCat(NameOf(row), ": the schedule does not show ", violation["signature"].get<std::string>()));
      }
    }
  }
  absl::PrintF("  schedules: %d of %d show their violation\n", shown, schedules);
}

// The rows to search again, in the order in which they are: random ones of those that were searched to the end. The
// first is the one of the fewest steps, so that at least one comes to its end in any reasonable time.
std::vector<const Json*> Sample(const Json& certificate, const VerifyOptions& options) {
  std::vector<const Json*> rows;
  for (const Json& row : certificate["results"]) {
    if (row["ended"] == "complete") rows.push_back(&row);
  }
  Rng rng(options.seed);
  for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[rng.Below(static_cast<uint32_t>(i))]);
  if (options.sample != 0) {
    rows.resize(std::min(rows.size(), options.sample));
  } else if (!rows.empty()) {
    std::iter_swap(rows.begin(), std::min_element(rows.begin(), rows.end(), [](const Json* a, const Json* b) {
                     return (*a)["steps"] < (*b)["steps"];
                   }));
  }
  return rows;
}

// Compares a row with what searching it again gave.
void Compare(const Json& row, const Json& again, Differences* differences) {
  const bool is_complete = again["ended"] == "complete";
  const std::set<std::string> then = SignaturesOf(row), now = SignaturesOf(again);
  for (const std::string& signature : now) {
    if (!then.contains(signature)) differences->Add(absl::StrCat(NameOf(row), ": now also ", signature));
  }
  for (const std::string& signature : then) {
    if (is_complete && !now.contains(signature)) differences->Add(absl::StrCat(NameOf(row), ": no ", signature));
  }
  const Json &finals = row["final_states"]["count"], &finals_again = again["final_states"]["count"];
  if (is_complete && finals != finals_again) {
    differences->Add(
        absl::StrCat(NameOf(row), ": ", finals_again.get<uint64_t>(), " final states, not ", finals.get<uint64_t>()));
  }
}

// Returns how many scenarios were searched again to their end.
absl::StatusOr<size_t> SearchAgain(const Json& certificate, const subject& subject, const VerifyOptions& options,
                                   Differences* differences) {
  const std::vector<const Json*> rows = Sample(certificate, options);
  SearchPlan plan{.subject = subject.name, .identity = IdentityOf(subject), .options = OptionsOf(certificate)};
  for (const Json* row : rows) plan.scenarios.push_back(ScenarioOf(*row));
  plan.options.memory = options.memory;
  ++plan.options.seed;
  plan.options.reduces = false;
  const absl::StatusOr<std::vector<Json>> again = Search(subject, plan, options.jobs);
  std::filesystem::remove(options.jobs.journal);
  if (!again.ok()) return again.status();
  size_t complete = 0;
  for (const Json& row : *again) {
    complete += row["ended"] == "complete";
    Compare(*rows[row["index"].get<size_t>()], row, differences);
  }
  absl::PrintF(
      "  searched again with another hash of states and without reduction: %d of %d scenarios to the end (--seed %d)\n",
      complete, certificate["results"].size(), options.seed);
  return complete;
}

}  // namespace

int VerifyCertificate(const Json& certificate, const subject& subject, const VerifyOptions& options) {
  absl::PrintF("%s: %d of %d scenarios, %d violations, %s\n", subject.name, certificate["results"].size(),
               certificate["scenarios"].get<uint64_t>(), certificate["violations"].size(),
               certificate["complete"].get<bool>() ? "complete" : "not complete");
  PrintBuild(certificate, subject);
  Differences differences;
  if (const std::string what = Contradiction(certificate); !what.empty()) differences.Add(what);
  ReplayAll(certificate, subject, &differences);
  const absl::StatusOr<size_t> searched = SearchAgain(certificate, subject, options, &differences);
  if (!searched.ok()) return Fail(kSetUpFailed, searched.status().message());
  if (differences.count() != 0) {
    absl::PrintF("does NOT agree: %d differences\n", differences.count());
    return kUnexpected;
  }
  if (*searched == 0) {
    absl::PrintF("no scenario could be searched again; the rest agrees\n");
    return kIncomplete;
  }
  absl::PrintF("agrees\n");
  return kAsExpected;
}

}  // namespace nofail
