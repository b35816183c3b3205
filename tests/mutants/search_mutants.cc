// SPDX-License-Identifier: MIT
//
// Finds planted bugs by the search alone (fuzz/explore), and says what each needs. `./scripts/mutants --explore` builds
// and calls it.
//
// For each bug, scenarios and bounds come in a fixed order, the small ones first (kRounds). So what is printed is the
// smallest size of scenario that finds the bug, and the smallest bound for that size. A violation counts if the bug's
// `found as:` names its kind, and if a search of the unmutated subject, in the same scenario and with the same bound,
// does not find the same signature.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/kernel/sim/rewind.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/exec/executor.h"
#include "fuzz/explore/departures.h"
#include "fuzz/explore/explorer.h"
#include "fuzz/explore/scenarios.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

extern "C" {
#define NOFAIL_MUTANT(symbol, name, kinds) extern const subject* const symbol;
#include "mutants.inc"
#undef NOFAIL_MUTANT
}

namespace nofail {
namespace {

// Of this process, so that it does not matter how busy the machine is.
double ProcessorSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Mutant {
  const char* name;
  const subject* linked;
  std::vector<std::string> kinds;  // of violations that it may be found as; none: the unmutated subject
};

std::vector<Mutant> AllMutants() {
  return {
#define NOFAIL_MUTANT(symbol, name, kinds) {name, symbol, absl::StrSplit(kinds, ' ', absl::SkipEmpty())},
#include "mutants.inc"
#undef NOFAIL_MUTANT
  };
}

struct Size {
  Profile profile;
  ScenarioSize size;
};
constexpr Size kSizes[] = {
    {Profile::kTeardown, {.maps = 1, .owners = 1, .tasks = 2}},
    {Profile::kLifecycle, {.maps = 1, .owners = 1, .tasks = 2}},
    {Profile::kTeardown, {.maps = 1, .owners = 2, .tasks = 2}},
    {Profile::kTeardown, {.maps = 2, .owners = 1, .tasks = 2}},
    {Profile::kLifecycle, {.maps = 2, .owners = 1, .tasks = 2}},
    {Profile::kLifecycle, {.maps = 2, .owners = 1, .tasks = 3}},
};
// What is searched, in this order: a size, with so many departures of all kinds together.
constexpr struct Round {
  uint8_t size;  // index into kSizes
  uint8_t departures;
} kRounds[] = {
    {0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {2, 2}, {2, 3}, {3, 0},
    {3, 1}, {3, 2}, {3, 3}, {4, 0}, {4, 1}, {1, 2}, {5, 0}, {5, 1}, {0, 4}, {4, 2},
};

// By size: its scenarios, but for those of a size before it.
using Scenarios = std::vector<std::vector<Scenario>>;
Scenarios AllScenarios() {
  Scenarios all;
  std::set<std::string> names;
  for (const Size& size : kSizes) {
    std::vector<Scenario>& scenarios = all.emplace_back();
    for (Scenario& scenario : ScenariosOf(size.profile, size.size)) {
      if (names.insert(scenario.name).second) scenarios.push_back(std::move(scenario));
    }
  }
  return all;
}

struct Hit {
  std::string scenario;
  FoundViolation violation;
  Departures departures;
};

// The search for one planted bug.
class Hunt {
 public:
  Hunt(const Mutant& mutant, const subject& unmutated, double end)
      : mutant_(mutant),
        explorer_(*mutant.linked, Sim::Get()),
        executor_(*mutant.linked, Sim::Get()),
        unmutated_(unmutated, Sim::Get()),
        unmutated_executor_(unmutated, Sim::Get()),
        end_(end) {}

  std::optional<Hit> Run(const Scenarios& scenarios) {
    for (const Round& round : kRounds) {
      Bounds bounds;
      bounds.all = round.departures;
      for (const Scenario& scenario : scenarios[round.size]) {
        if (IsOver()) return std::nullopt;
        if (std::optional<FoundViolation> found = Search(scenario.schedule, bounds)) {
          return Hit{scenario.name, *found, DeparturesOf(found->schedule, &executor_)};
        }
      }
    }
    return std::nullopt;
  }

  uint64_t states() const { return states_; }
  bool IsOver() const { return ProcessorSeconds() >= end_; }

 private:
  bool Names(const std::string& signature) const {
    const std::string kind = signature.substr(0, signature.find('/'));
    return std::any_of(mutant_.kinds.begin(), mutant_.kinds.end(), [&](const std::string& named) {
      return kind == named || absl::StartsWith(kind, absl::StrCat(named, "."));
    });
  }

  std::optional<FoundViolation> Search(const Schedule& scenario, const Bounds& bounds) {
    std::set<std::string> not_its_own;
    for (;;) {
      std::string candidate;
      ExploreOptions options = {.bounds = bounds, .deepens = false};
      options.tell = [&](const Progress&) { return !IsOver(); };
      options.found = [&](const std::string& signature) {
        if (Names(signature) && !not_its_own.contains(signature)) candidate = signature;
        return candidate.empty();
      };
      const Explored explored = explorer_.Explore(scenario, options);
      states_ += explored.progress.states;
      if (candidate.empty()) return std::nullopt;
      for (const FoundViolation& found : explored.found) {
        if (found.signature == candidate && !UnmutatedShows(scenario, bounds, found)) return found;
      }
      not_its_own.insert(candidate);
    }
  }

  bool UnmutatedShows(const Schedule& scenario, const Bounds& bounds, const FoundViolation& found) {
    for (const Violation& violation : unmutated_executor_.Run(found.schedule).verdict.violations) {
      if (violation.Signature() == found.signature) return true;
    }
    bool shows = false;
    ExploreOptions options = {.bounds = bounds, .deepens = false};
    options.found = [&](const std::string& signature) {
      shows |= signature == found.signature;
      return !shows;
    };
    unmutated_.Explore(scenario, options);
    return shows;
  }

  const Mutant& mutant_;
  Explorer explorer_;
  Executor executor_;
  Explorer unmutated_;
  Executor unmutated_executor_;
  const double end_;
  uint64_t states_ = 0;
};

// Prints the mutant's row of a Markdown table, in one piece. Returns whether it was found.
bool PrintRow(const Mutant& mutant, const std::optional<Hit>& hit, const Hunt& hunt, double seconds) {
  std::string found = hunt.IsOver() ? "NOT FOUND, the time was over | |" : "NOT FOUND | |";
  if (hit) {
    const std::string kind = hit->violation.signature.substr(0, hit->violation.signature.find('/'));
    const std::string scenario = absl::StrReplaceAll(hit->scenario, {{" | ", " / "}});  // a bar ends a cell
    found = absl::StrCat(kind, " | ", DeparturesText(hit->departures), " | ", scenario);
  }
  const std::string row = absl::StrFormat("| %s | %s | %d | %.2f |\n", mutant.name, found, hunt.states(), seconds);
  return write(STDOUT_FILENO, row.data(), row.size()) == static_cast<ssize_t>(row.size()) && hit.has_value();
}

struct Options {
  uint32_t jobs = std::max(1u, std::thread::hardware_concurrency());
  uint32_t seconds = 60;  // of processor time for one bug
  std::vector<std::string> names;
};

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    uint32_t* const number = argument == "--jobs"      ? &options->jobs
                             : argument == "--seconds" ? &options->seconds
                                                       : nullptr;
    if (number != nullptr) {
      if (++i == argc || !absl::SimpleAtoi(argv[i], number) || *number > 1000) return false;
    } else if (absl::StartsWith(argument, "-")) {
      return false;
    } else {
      options->names.push_back(argument);
    }
  }
  return options->jobs > 0;
}

// Takes bugs until there are no more. Returns how many were not found.
int Work(const std::vector<Mutant>& mutants, const subject& unmutated, const Options& options,
         std::atomic<size_t>* next) {
  InstallSanitizerHooks(nullptr);
  const Scenarios scenarios = AllScenarios();
  int missed = 0;
  for (size_t i; (i = (*next)++) < mutants.size();) {
    const double started = ProcessorSeconds();
    Hunt hunt(mutants[i], unmutated, started + options.seconds);
    const std::optional<Hit> hit = hunt.Run(scenarios);
    missed += !PrintRow(mutants[i], hit, hunt, ProcessorSeconds() - started);
  }
  return missed;
}

int Main(int argc, char** argv) {
  Options options;
  if (!kCanRewind || !Parse(argc, argv, &options)) {
    absl::FPrintF(stderr, "usage: %s [--jobs N] [--seconds N] [NAME]...\n", argv[0]);
    return kUsage;
  }
  std::vector<Mutant> mutants = AllMutants();
  const subject& unmutated = *mutants[0].linked;
  mutants.erase(mutants.begin());
  if (!options.names.empty()) {
    std::erase_if(mutants, [&](const Mutant& mutant) {
      return std::find(options.names.begin(), options.names.end(), mutant.name) == options.names.end();
    });
    if (mutants.size() != options.names.size()) {
      absl::FPrintF(stderr, "%s: one of these is not linked here\n", argv[0]);
      return kUsage;
    }
  }
  void* const memory =
      mmap(nullptr, sizeof(std::atomic<size_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return kSetUpFailed;
  auto* const next = new (memory) std::atomic<size_t>(0);
  for (uint32_t i = 0; i < options.jobs; ++i) {
    const pid_t child = fork();
    if (child < 0) return kSetUpFailed;
    if (child == 0) _exit(Work(mutants, unmutated, options, next) == 0 ? kAsExpected : kUnexpected);
  }
  int code = kAsExpected;
  for (int status; wait(&status) > 0;) {
    const int own = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(kHarnessBug);
    code = std::max(code, own);
  }
  return code;
}

}  // namespace
}  // namespace nofail

int main(int argc, char** argv) {
  return nofail::Main(argc, argv);
}
