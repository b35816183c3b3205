// SPDX-License-Identifier: MIT
//
// nofail explore: searches every schedule of scenarios within bounds, and writes a certificate of that.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/kernel/sim/rewind.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/executor.h"
#include "fuzz/explore/certificate.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/explore/scenarios.h"
#include "fuzz/report/json_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"
#include "fuzz/tools/explore_compare.h"
#include "fuzz/tools/explore_progress.h"
#include "fuzz/tools/explore_report.h"
#include "fuzz/tools/explore_verify.h"
#include "fuzz/tools/explore_workers.h"
#include "fuzz/tools/identity.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSecondsOfVerification = 60;

// ---- Arguments ------------------------------------------------------------------------------------------------------

// A flag with a number. `none` says whether the word none is allowed, which stands for no bound.
absl::Status ReadNumber(const Arguments& arguments, const char* flag, uint32_t most, bool none, uint32_t* number) {
  const auto value = arguments.values.find(flag);
  if (value == arguments.values.end()) return absl::OkStatus();
  if (none && value->second == "none") {
    *number = Bounds::kUnbounded;
    return absl::OkStatus();
  }
  if (absl::SimpleAtoi(value->second, number) && *number <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " ", value->second, ": expected a number from 0 to ", most,
                                                 none ? ", or none for no bound" : ""));
}

absl::Status ReadBounds(const Arguments& arguments, Bounds* bounds) {
  static constexpr struct {
    const char* flag;
    Departure kind;
  } kFlags[] = {{"--preemptions", Departure::kPreemption},
                {"--failures", Departure::kLock},
                {"--allocations", Departure::kAllocation},
                {"--late", Departure::kGracePeriod},
                {"--restarts", Departure::kRestart}};
  for (const auto& row : kFlags) {
    uint32_t bound = bounds->of(row.kind);
    // A walk that restarts whenever it may would restart for ever.
    const bool none = row.kind != Departure::kRestart;
    absl::Status status = ReadNumber(arguments, row.flag, Bounds::kUnbounded - 1, none, &bound);
    if (!status.ok()) return status;
    bounds->of(row.kind) = static_cast<uint8_t>(bound);
  }
  return absl::OkStatus();
}

absl::Status ReadShard(const Arguments& arguments, SearchJobs* jobs) {
  const auto value = arguments.values.find("--shard");
  if (value == arguments.values.end()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(value->second, '/');
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &jobs->shard) && absl::SimpleAtoi(parts[1], &jobs->of) &&
      jobs->shard >= 1 && jobs->shard <= jobs->of) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--shard ", value->second, ": expected I/N, with I from 1 to N, for example 3/8"));
}

absl::StatusOr<std::vector<Scenario>> ReadScenarios(const Arguments& arguments) {
  if (arguments.files.empty()) {
    ScenarioSize size;
    for (const auto& [flag, most, number] :
         {std::tuple{"--maps", 3u, &size.maps}, std::tuple{"--owners", 3u, &size.owners},
          std::tuple{"--tasks", kMaxTasks, &size.tasks}}) {
      absl::Status status = ReadNumber(arguments, flag, most, false, number);
      if (!status.ok()) return status;
    }
    std::vector<Scenario> scenarios = ScenariosOf(arguments.profile.value_or(Profile::kTeardown), size);
    if (scenarios.empty()) return absl::InvalidArgumentError("explore: there is no scenario of this size");
    return scenarios;
  }
  const absl::StatusOr<std::vector<std::string>> paths = ExpandDirectories(arguments.files);
  if (!paths.ok()) return paths.status();
  std::vector<Scenario> scenarios;
  for (const std::string& path : *paths) {
    absl::StatusOr<Input> input = ReadInput(path, arguments.profile);
    if (!input.ok()) return input.status();
    input->file.schedule.deviations.clear();
    input->file.schedule.policy = {};
    scenarios.push_back({path, std::move(input->file.schedule)});
  }
  return scenarios;
}

// ---- What is said ---------------------------------------------------------------------------------------------------

int Report(const Json& certificate, const subject& subject, const Arguments& arguments) {
  const Listings listings = ListingsOf(subject);
  const std::vector<RatedViolation> violations = RateViolations(certificate, listings);
  const bool has_news = std::any_of(violations.begin(), violations.end(),
                                    [](const RatedViolation& violation) { return violation.news != News::kNone; });
  if (arguments.json) {
    absl::PrintF("%s\n", JsonText(WithNews(certificate, violations, listings)));
  } else {
    PrintSummary(certificate);
    PrintViolations(violations, listings);
  }
  if (has_news) return kUnexpected;
  return certificate["complete"].get<bool>() ? kAsExpected : kIncomplete;
}

absl::StatusOr<SearchJobs> ReadJobs(const Arguments& arguments) {
  SearchJobs jobs;
  uint32_t processes = std::max(1u, std::thread::hardware_concurrency()), seconds = 0;
  absl::Status status = ReadNumber(arguments, "--jobs", SearchProgress::kMostJobs, false, &processes);
  if (status.ok()) status = ReadNumber(arguments, "--seconds", UINT32_MAX, false, &seconds);
  if (status.ok()) status = ReadShard(arguments, &jobs);
  if (!status.ok()) return status;
  jobs.jobs = processes;
  jobs.seconds = seconds;
  jobs.continues = arguments.resumes;
  jobs.journal = arguments.output.empty() ? absl::StrCat("/tmp/nofail-explore-", getpid(), ".journal")
                                          : absl::StrCat(arguments.output, ".journal");
  return jobs;
}

// The options that say what to search and how: with what there is no file for.
absl::StatusOr<SearchPlan> ReadPlan(const Arguments& arguments) {
  SearchPlan plan;
  absl::StatusOr<std::vector<Scenario>> scenarios = ReadScenarios(arguments);
  if (!scenarios.ok()) return scenarios.status();
  plan.scenarios = *std::move(scenarios);
  uint32_t seed = 0;
  absl::Status status = ReadBounds(arguments, &plan.options.bounds);
  if (status.ok()) status = ReadNumber(arguments, "--hash-seed", UINT32_MAX, false, &seed);
  if (!status.ok()) return status;
  plan.options.seed = seed;
  plan.options.reduces = arguments.reduces;
  return plan;
}

// Bytes for the states of one process.
absl::StatusOr<size_t> ReadMemory(const Arguments& arguments, unsigned jobs) {
  uint32_t mebibytes = 2048;
  const absl::Status status = ReadNumber(arguments, "--memory", 1 << 20, false, &mebibytes);
  if (!status.ok()) return status;
  return (size_t{mebibytes} << 20) / std::max(1u, jobs);
}

// ---- What is done ---------------------------------------------------------------------------------------------------

int Write(const Json& certificate, const std::string& path, bool force) {
  return path.empty() ? kAsExpected : WriteOutput(path, JsonText(certificate) + "\n", force);
}

// Searches the subject, and writes the certificate to `path` unless that is empty.
absl::StatusOr<Json> SearchAndWrite(const subject& subject, SearchPlan plan, SearchJobs jobs, const std::string& path,
                                    bool force) {
  plan.subject = subject.name;
  plan.identity = IdentityOf(subject);
  if (!path.empty()) jobs.journal = absl::StrCat(path, ".journal");
  const absl::StatusOr<std::vector<Json>> rows = Search(subject, plan, jobs);
  if (!rows.ok()) return rows.status();
  Json certificate = Certificate(CertificateHead(plan), *rows);
  if (Write(certificate, path, force) != kAsExpected) return absl::UnavailableError("the certificate is not written");
  if (path.empty() || certificate["complete"].get<bool>()) std::filesystem::remove(jobs.journal);
  return certificate;
}

// The name of the file for the baseline's certificate: "x.json" becomes "x.baseline.json".
std::string BaselinePath(const std::string& path) {
  if (path.empty()) return "";
  std::filesystem::path other(path);
  other.replace_extension(absl::StrCat(".baseline", other.extension().string()));
  return other.string();
}

int CodeOf(const Json& comparison) {
  if (!comparison["new"].empty() || !comparison["worse"].empty()) return kUnexpected;
  return comparison["complete"].get<bool>() ? kAsExpected : kIncomplete;
}

// Prints both, and what is new, worse and gone. As data that is what Report prints, and the "comparison".
int ReportBoth(const Json& certificate, const subject& subject, const Json& baseline, const Arguments& arguments) {
  Executor mine(subject, Sim::Get()), other(*arguments.baseline, Sim::Get());
  const Json comparison = CompareCertificates(certificate, baseline, {&mine, &other});
  if (arguments.json) {
    const Listings listings = ListingsOf(subject);
    Json told = WithNews(certificate, RateViolations(certificate, listings), listings);
    told["comparison"] = comparison;
    absl::PrintF("%s\n", JsonText(told));
  } else {
    PrintSummary(certificate);
    PrintSummary(baseline);
    PrintComparison(comparison);
  }
  return CodeOf(comparison);
}

int RunSearch(const Arguments& arguments) {
  absl::StatusOr<SearchPlan> plan = ReadPlan(arguments);
  if (!plan.ok()) return Fail(kUsage, plan.status().message());
  if (arguments.list) {
    for (const Scenario& scenario : plan->scenarios) absl::PrintF("%s\n", scenario.name);
    return kAsExpected;
  }
  const absl::StatusOr<const struct subject*> subject = SubjectFor({}, arguments.subjects);
  if (!subject.ok()) return Fail(kUsage, subject.status().message());
  if (*subject == arguments.baseline) return Fail(kUsage, "explore: the subject and the baseline are the same");
  const std::string baseline_path = arguments.baseline == nullptr ? "" : BaselinePath(arguments.output);
  for (const std::string& path : {arguments.output, baseline_path}) {
    const absl::Status may = path.empty() ? absl::OkStatus() : MayBeWritten(path, arguments.force);
    if (!may.ok()) return Fail(kUsage, may.message());
  }
  const absl::StatusOr<SearchJobs> jobs = ReadJobs(arguments);
  if (!jobs.ok()) return Fail(kUsage, jobs.status().message());
  const absl::StatusOr<size_t> memory = ReadMemory(arguments, jobs->jobs);
  if (!memory.ok()) return Fail(kUsage, memory.status().message());
  plan->options.memory = *memory;
  const absl::StatusOr<Json> certificate = SearchAndWrite(**subject, *plan, *jobs, arguments.output, arguments.force);
  if (!certificate.ok()) return Fail(kSetUpFailed, certificate.status().message());
  if (arguments.baseline == nullptr) return Report(*certificate, **subject, arguments);
  const absl::StatusOr<Json> baseline =
      SearchAndWrite(*arguments.baseline, *plan, *jobs, baseline_path, arguments.force);
  if (!baseline.ok()) return Fail(kSetUpFailed, baseline.status().message());
  return ReportBoth(*certificate, **subject, *baseline, arguments);
}

int RunVerify(const Arguments& arguments) {
  const absl::StatusOr<Json> certificate = ReadCertificate(arguments.values.at("--verify"));
  if (!certificate.ok()) return Fail(kUsage, certificate.status().message());
  const std::string& name = (*certificate)["subject"].get_ref<const std::string&>();
  const subject* subject = FindSubject(name);
  if (subject == nullptr) {
    return Fail(kUsage, absl::StrCat("the certificate is of ", name, ", which is not linked here; there are ",
                                     NamesOf(AllSubjects())));
  }
  VerifyOptions options;
  uint32_t sample = 0;
  absl::StatusOr<SearchJobs> jobs = ReadJobs(arguments);
  if (!jobs.ok()) return Fail(kUsage, jobs.status().message());
  const absl::Status status = ReadNumber(arguments, "--sample", UINT32_MAX, false, &sample);
  if (!status.ok()) return Fail(kUsage, status.message());
  const absl::StatusOr<size_t> memory = ReadMemory(arguments, jobs->jobs);
  if (!memory.ok()) return Fail(kUsage, memory.status().message());
  options.jobs = *jobs;
  options.sample = sample;
  options.memory = *memory;
  if (!arguments.seeds.empty()) options.seed = arguments.seeds[0];
  if (sample == 0 && !arguments.given.contains("--seconds")) options.jobs.seconds = kSecondsOfVerification;
  return VerifyCertificate(*certificate, *subject, options);
}

absl::StatusOr<std::vector<Json>> ReadCertificates(const std::vector<std::string>& paths) {
  std::vector<Json> certificates;
  for (const std::string& path : paths) {
    absl::StatusOr<Json> certificate = ReadCertificate(path);
    if (!certificate.ok()) return certificate.status();
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

int RunMerge(const Arguments& arguments) {
  if (arguments.files.empty() || arguments.output.empty()) {
    return Fail(kUsage, "explore --merge: expected certificates, and -o for the whole");
  }
  const absl::StatusOr<std::vector<Json>> parts = ReadCertificates(arguments.files);
  if (!parts.ok()) return Fail(kUsage, parts.status().message());
  const absl::StatusOr<Json> whole = MergeCertificates(*parts, arguments.files);
  if (!whole.ok()) return Fail(kUsage, whole.status().message());
  if (const int code = Write(*whole, arguments.output, arguments.force); code != kAsExpected) return code;
  const std::vector<std::string> missing = MissingScenarios(*whole);
  if (!missing.empty()) {
    absl::FPrintF(stderr, "nofail: %s: of %d scenarios these are missing: %s\n", arguments.output,
                  (*whole)["scenarios"].get<size_t>(), absl::StrJoin(missing, ", "));
  }
  return (*whole)["complete"].get<bool>() ? kAsExpected : kIncomplete;
}

int RunCompare(const Arguments& arguments) {
  if (arguments.files.size() != 2) return Fail(kUsage, "explore --compare: expected two certificates");
  const absl::StatusOr<std::vector<Json>> both = ReadCertificates(arguments.files);
  if (!both.ok()) return Fail(kUsage, both.status().message());
  if (const std::string why = NotComparable((*both)[0], (*both)[1]); !why.empty()) return Fail(kUsage, why);
  const Json comparison = CompareCertificates((*both)[0], (*both)[1], {});
  if (arguments.json) {
    absl::PrintF("%s\n", JsonText(comparison));
  } else {
    PrintComparison(comparison);
  }
  return CodeOf(comparison);
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(
      raw,
      "--subject --baseline --target --json -o --force --continue --list --merge --compare --seed --verify= --sample= "
      "--maps= --owners= --tasks= --preemptions= --failures= --allocations= --late= --restarts= --seconds= --jobs= "
      "--shard= --memory= --hash-seed= --no-reduction");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->given.contains("--merge")) return RunMerge(*arguments);
  if (arguments->given.contains("--compare")) return RunCompare(*arguments);
  if (!kCanRewind) {
    return Fail(kUsage, "explore: this build has a sanitizer; the search needs one without, such as preset release");
  }
  InstallSanitizerHooks(nullptr);
  return arguments->given.contains("--verify") ? RunVerify(*arguments) : RunSearch(*arguments);
}

}  // namespace

const Command kExploreCommand = {"explore", "search every schedule of small scenarios, within bounds",
                                 R"(usage: nofail explore [FILE.sched]... [--subject S] [BOUND]... [-o CERTIFICATE]
       nofail explore [--maps N] [--owners N] [--tasks N] [--target T] ...
       nofail explore --verify CERTIFICATE [--sample N] [--seed N] ...
       nofail explore --merge CERTIFICATE... -o WHOLE
       nofail explore --compare CERTIFICATE BASELINE [--json]

Searches every schedule of a scenario: which task runs when, which lock attempts
and allocations fail. A state that was reached before is not gone into again.
With files, the scenarios are those of the files, without their deviations.
Without files, they are all teardowns of a size, each once up to symmetry, for
all types of storage and both configurations of RCU.

  --maps N, --owners N, --tasks N   the size (1, 1 and 2)
  --target T        teardown (the default) or lifecycle: any operations
  --list            print the scenarios, and search none
  --subject S       what to search; without it: the first
  --baseline S      search this one as well, and say what is new, worse and
                    gone; with -o X.json, its certificate is X.baseline.json

How many departures from the sequential, fault-free run a schedule may have;
none stands for no bound:
  --preemptions N   switches to another task although the current one could go
                    on (none)
  --failures N      failed lock attempts (none)
  --allocations N   failed allocations (none)
  --late N          waits for a grace period during which another task runs,
                    although the grace period could end at once (none)
  --restarts N      times that rescheduling is due (1); always bounded, because
                    a walk that restarts whenever it may would never end

  -o FILE           write a certificate (JSON): what was searched, how far, all
                    violations with schedules, and what was left out
  --json            print it
  --continue        go on where a search with the same arguments was interrupted
  --seconds N       end after so long; what was not searched is said
  --jobs N          processes (as many as there are processors)
  --shard I/N       search only the I-th of N parts of the scenarios
  --memory N        MiB for states, for all processes together (2048)
  --no-reduction    also try interleavings that make no difference, to check
                    those that were left out
  --hash-seed N     hash states in another way, to check a certificate

With certificates:
  --verify FILE     whether it is so: replays each schedule, and searches a
                    random part of the scenarios again, with another hash of
                    states and without reduction
  --sample N        how large that part is; without it, as much as one minute
                    (or --seconds) allows
  --seed N          chooses that part (1)
  --merge           join those of the parts of a search; the whole has the same
                    bytes as that of one search
  --compare         what is new, worse and gone from the second one to the first

examples:
  nofail explore corpus/findings/refcount-dec-to-zero --preemptions 2
  nofail explore --maps 2 --owners 2 --tasks 4 --preemptions 2 --failures 1
  nofail explore --subject linux-7.2 --baseline linux-6.12 -o 7.2.json
  nofail explore --verify 7.2.json

exit code: 0 searched to the end, and nothing new, or the certificate agrees;
1 something new or worse, or the certificate does not agree; 2 wrong usage, or a
certificate that cannot be used; 5 no disk space; 6 not searched to the end, and
nothing new so far
)",
                                 Run};

}  // namespace nofail
