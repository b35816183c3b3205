// SPDX-License-Identifier: MIT
//
// nofail explore: searches every schedule of scenarios within bounds, and writes a certificate of that.
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
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
#include "fuzz/explore/scenarios.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/report/json_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"
#include "fuzz/tools/explore_workers.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

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

std::string HashOfProgram() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

// ---- What is said ---------------------------------------------------------------------------------------------------

// What the violation is to somebody who knows what is listed.
News NewsOf(const Json& violation, const Listings& listings, Executor* executor) {
  const absl::StatusOr<ScheduleFile> file = ParseText(violation["schedule"].get<std::string>(), "certificate");
  if (!file.ok()) return News::kNew;
  const std::string signature = violation["signature"];
  const JudgedRun& run = executor->Run(file->schedule);
  for (const Violation& seen : run.verdict.violations) {
    if (seen.Signature() == signature) return listings.Rate(signature, SightingOf(run, seen));
  }
  return News::kNew;
}

// Prints what was found. Returns whether there is news.
bool PrintViolations(const Json& certificate, const subject& subject) {
  Executor executor(subject, Sim::Get());
  const Listings listings = ListByReplay(subject.name, &executor);
  bool has_news = false;
  for (const Json& violation : certificate["violations"]) {
    const News news = NewsOf(violation, listings, &executor);
    const std::string signature = violation["signature"];
    const Listing* listing = listings.Find(signature);
    const std::string as = listing == nullptr ? "" : absl::StrCat("  (", listing->name, ")");
    static constexpr const char* kWords[] = {"listed", "WORSE", "NEW"};
    absl::PrintF("  %-6s  %s%s, in %d scenarios\n", kWords[static_cast<int>(news)], signature, as,
                 violation["scenarios"].get<size_t>());
    has_news |= news != News::kNone;
  }
  return has_news;
}

std::string BoundsText(const Json& bounds) {
  std::vector<std::string> parts;
  for (const auto& [name, bound] : bounds.items()) {
    parts.push_back(absl::StrCat(name, " ", bound.is_null() ? "any" : absl::StrCat(bound.get<int>())));
  }
  return absl::StrJoin(parts, ", ");
}

void PrintSummary(const Json& certificate) {
  uint64_t states = 0, steps = 0, complete = 0;
  for (const Json& row : certificate["results"]) {
    states += row["states"].get<uint64_t>();
    steps += row["steps"].get<uint64_t>();
    complete += row["ended"] == "complete";
  }
  absl::PrintF("%s: %d of %d scenarios searched to the end; bounds: %s\n", certificate["subject"].get<std::string>(),
               complete, certificate["scenarios"].get<size_t>(), BoundsText(certificate["bounds"]));
  absl::PrintF("%d states, %d steps; the chance that two states were taken for one is %.1e\n", states, steps,
               certificate["false_match"].get<double>());
  if (!certificate["plain_reads"].get<bool>()) {
    absl::PrintF("this build does not see plain reads, so a state may be taken for another; ./scripts/explore does\n");
  }
  for (const Json& row : certificate["results"]) {
    if (row["ended"] == "complete") continue;
    absl::PrintF("  NOT searched to the end (%s): %s\n", row["ended"].get<std::string>(),
                 row["name"].get<std::string>());
  }
}

int Report(const Json& certificate, const subject& subject, const Arguments& arguments) {
  if (arguments.json) {
    absl::PrintF("%s\n", JsonText(certificate));
  } else {
    PrintSummary(certificate);
  }
  const bool has_news = arguments.json ? false : PrintViolations(certificate, subject);
  if (!arguments.json && certificate["violations"].empty()) absl::PrintF("  no violation\n");
  if (has_news) return kUnexpected;
  return certificate["complete"].get<bool>() ? kAsExpected : kIncomplete;
}

absl::StatusOr<SearchJobs> ReadJobs(const Arguments& arguments) {
  SearchJobs jobs;
  uint32_t processes = std::max(1u, std::thread::hardware_concurrency()), seconds = 0;
  absl::Status status = ReadNumber(arguments, "--jobs", 1024, false, &processes);
  if (status.ok()) status = ReadNumber(arguments, "--seconds", UINT32_MAX, false, &seconds);
  if (status.ok()) status = ReadShard(arguments, &jobs);
  if (!status.ok()) return status;
  jobs.jobs = processes;
  jobs.seconds = seconds;
  jobs.continues = arguments.resumes;
  jobs.shows_progress = isatty(STDERR_FILENO) != 0;
  jobs.journal = arguments.output.empty() ? absl::StrCat("/tmp/nofail-explore-", getpid(), ".journal")
                                          : absl::StrCat(arguments.output, ".journal");
  return jobs;
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments(raw,
                     "--subject --target --json -o --force --continue --list --maps= --owners= --tasks= --preemptions= "
                     "--failures= --allocations= --late= --restarts= --seconds= --jobs= --shard= --memory= "
                     "--hash-seed= --no-reduction");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (!kCanRewind) {
    return Fail(kUsage, "explore: this build has a sanitizer; the search needs one without, such as preset release");
  }
  SearchPlan plan;
  absl::StatusOr<std::vector<Scenario>> scenarios = ReadScenarios(*arguments);
  if (!scenarios.ok()) return Fail(kUsage, scenarios.status().message());
  plan.scenarios = *std::move(scenarios);
  if (arguments->list) {
    for (const Scenario& scenario : plan.scenarios) absl::PrintF("%s\n", scenario.name);
    return kAsExpected;
  }
  const absl::StatusOr<const struct subject*> subject = SubjectFor({}, arguments->subjects);
  if (!subject.ok()) return Fail(kUsage, subject.status().message());
  uint32_t memory = 2048, seed = 0;
  absl::Status status = ReadBounds(*arguments, &plan.options.bounds);
  if (status.ok()) status = ReadNumber(*arguments, "--memory", 1 << 20, false, &memory);
  if (status.ok()) status = ReadNumber(*arguments, "--hash-seed", UINT32_MAX, false, &seed);
  if (status.ok() && !arguments->output.empty()) status = MayBeWritten(arguments->output, arguments->force);
  if (!status.ok()) return Fail(kUsage, status.message());
  const absl::StatusOr<SearchJobs> jobs = ReadJobs(*arguments);
  if (!jobs.ok()) return Fail(kUsage, jobs.status().message());
  plan.subject = (*subject)->name;
  plan.program = HashOfProgram();
  plan.options.memory = (size_t{memory} << 20) / jobs->jobs;
  plan.options.seed = seed;
  plan.options.reduces = arguments->reduces;
  InstallSanitizerHooks(nullptr);
  const absl::StatusOr<std::vector<Json>> rows = Search(**subject, plan, *jobs);
  if (!rows.ok()) return Fail(kSetUpFailed, rows.status().message());
  const Json certificate = Certificate(CertificateHead(plan), *rows);
  if (!arguments->output.empty()) {
    const int code = WriteOutput(arguments->output, JsonText(certificate) + "\n", arguments->force);
    if (code != kAsExpected) return code;
  }
  if (arguments->output.empty() || certificate["complete"].get<bool>()) std::filesystem::remove(jobs->journal);
  return Report(certificate, **subject, *arguments);
}

}  // namespace

const Command kExploreCommand = {"explore", "search every schedule of small scenarios, within bounds",
                                 R"(usage: nofail explore [FILE.sched]... [--subject S] [BOUND]... [-o CERTIFICATE]
       nofail explore [--maps N] [--owners N] [--tasks N] [--target T] ...

Searches every schedule of a scenario: which task runs when, which lock attempts
and allocations fail. A state that was reached before is not gone into again. With
files, the scenarios are those of the files, without their deviations. Without
files, they are all teardowns of a size, each once up to symmetry, for all types
of storage and both configurations of RCU.

  --maps N, --owners N, --tasks N   the size (1, 1 and 2)
  --target T        teardown (the default) or lifecycle: any operations
  --list            print the scenarios, and search none
  --subject S       what to search; without it: the first

How many departures from the sequential, fault-free run a schedule may have; none
stands for no bound:
  --preemptions N   switches to another task although the current one could go on
                    (none)
  --failures N      failed lock attempts (none)
  --allocations N   failed allocations (none)
  --late N          waits for a grace period during which another task runs,
                    although the grace period could end at once (none)
  --restarts N      times that rescheduling is due (1); always bounded, because a
                    walk that restarts whenever it may would never end

  -o FILE           write a certificate (JSON): what was searched, how far, all
                    violations with schedules, and what was left out
  --json            print it
  --continue        go on where a search with the same arguments was interrupted
  --seconds N       end after so long; what was not searched is said
  --jobs N          processes (as many as there are processors)
  --shard I/N       search only the I-th of N parts of the scenarios
  --memory N        MiB for states, for all processes together (2048)
  --no-reduction    also try interleavings that make no difference, to check those
                    that were left out
  --hash-seed N     hash states in another way, to check a certificate

examples:
  nofail explore corpus/findings/refcount-dec-to-zero --preemptions 2
  nofail explore --maps 2 --owners 2 --tasks 4 --preemptions 2 --failures 1

exit code: 0 searched to the end, and nothing new; 1 something new or worse;
2 wrong usage; 5 no disk space; 6 not searched to the end, and nothing new so far
)",
                                 Run};

}  // namespace nofail
