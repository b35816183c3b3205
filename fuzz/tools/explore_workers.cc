// SPDX-License-Identifier: MIT
#include "fuzz/tools/explore_workers.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/tools/explore_progress.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// What the processes share.
struct Shared {
  std::atomic<size_t> next;  // into the list of scenarios that are to be searched
  std::atomic<bool> stops;
  SearchProgress progress;
};

volatile sig_atomic_t interrupted = 0;

absl::StatusOr<std::vector<Json>> ReadJournal(const std::string& path, const Json& head) {
  std::vector<Json> rows;
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return rows;
  if (Json::parse(line, nullptr, false) != head) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is of another search or of another build; without --continue it is written anew"));
  }
  while (std::getline(file, line)) {
    Json row = Json::parse(line, nullptr, false);
    if (row.is_discarded()) continue;  // the process was ended while it wrote this line
    if (row["ended"] == "complete") rows.push_back(std::move(row));
  }
  return rows;
}

// One process: takes scenarios until there are no more.
class Worker {
 public:
  Worker(unsigned number, const subject& subject, const SearchPlan& plan, const std::vector<size_t>& todo,
         Shared* shared, int journal, Clock::time_point end, bool has_end)
      : number_(number),
        explorer_(subject, Sim::Get()),
        plan_(plan),
        todo_(todo),
        shared_(*shared),
        journal_(journal),
        end_(end),
        has_end_(has_end) {}

  void Run() {
    for (size_t i; (i = shared_.next++) < todo_.size() && !MustStop();) {
      const Scenario& scenario = plan_.scenarios[todo_[i]];
      ExploreOptions options = plan_.options;
      const Clock::time_point began = Clock::now();
      shared_.progress.Begin(number_, todo_[i]);
      DoneEstimate estimate;
      options.tell = [&](const Progress& progress) {
        estimate.Note(progress);
        shared_.progress.Note(number_, progress, estimate.done());
        return !MustStop();
      };
      options.found = [&](const std::string& signature) {
        shared_.progress.Found(signature);
        return true;
      };
      Explored explored = explorer_.Explore(scenario.schedule, options);
      shared_.progress.End(number_, explored.progress.states);
      explored.progress.done = estimate.done();
      Json row = CertificateRow(todo_[i], scenario, explored);
      if (explored.ended == Ended::kStopped) {
        row["seconds"] = std::round(std::chrono::duration<double>(Clock::now() - began).count());
      }
      Write(row);
    }
  }

 private:
  bool MustStop() const { return shared_.stops || interrupted || (has_end_ && Clock::now() > end_); }

  // One call of write, so that lines of several processes do not mix.
  void Write(const Json& row) {
    const std::string line = row.dump() + "\n";
    if (write(journal_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
    absl::FPrintF(stderr, "nofail: the journal cannot be written: %s; what it has so far is kept\n", strerror(errno));
    shared_.stops = true;
    _exit(kSetUpFailed);
  }

  const unsigned number_;  // of the process
  Explorer explorer_;
  const SearchPlan& plan_;
  const std::vector<size_t>& todo_;
  Shared& shared_;
  const int journal_;
  const Clock::time_point end_;
  const bool has_end_;
};

// Tells how far the search has come: on a terminal all the time, in one line; elsewhere each minute.
class Teller {
 public:
  Teller(const SearchProgress& progress, size_t total) : progress_(progress), total_(total) {}

  void Tell() {
    if (is_terminal_) {
      absl::FPrintF(stderr, "\r\033[K%s", progress_.Line(total_));
      return;
    }
    if (Clock::now() < next_) return;
    next_ += kBetween;
    absl::FPrintF(stderr, "nofail: %s\n", progress_.Line(total_));
  }
  void End() const {
    if (is_terminal_) absl::FPrintF(stderr, "\r\033[K");
  }

 private:
  // The first line comes within a minute.
  static constexpr std::chrono::seconds kFirst{50}, kBetween{60};

  const SearchProgress& progress_;
  const size_t total_;
  const bool is_terminal_ = isatty(STDERR_FILENO) != 0;
  Clock::time_point next_ = Clock::now() + kFirst;
};

// Waits for the processes. Returns the first exit code that is not 0.
int WaitFor(std::vector<pid_t> workers, Shared* shared, size_t total) {
  int code = 0;
  Teller teller(shared->progress, total);
  while (!workers.empty()) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended > 0) {
      std::erase(workers, ended);
      const int own = WIFEXITED(status) ? WEXITSTATUS(status) : kHarnessBug;
      if (own != 0 && code == 0) code = own;
      continue;
    }
    if (interrupted) shared->stops = true;
    teller.Tell();
    usleep(100'000);
  }
  teller.End();
  return code;
}

}  // namespace

absl::StatusOr<std::vector<Json>> Search(const subject& subject, const SearchPlan& plan, const SearchJobs& jobs) {
  const Json head = CertificateHead(plan);
  absl::StatusOr<std::vector<Json>> before = std::vector<Json>();
  if (jobs.continues) before = ReadJournal(jobs.journal, head);
  if (!before.ok()) return before;
  const int journal = open(jobs.journal.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (journal < 0) return absl::UnavailableError(absl::StrCat(jobs.journal, ": ", strerror(errno)));
  std::set<size_t> done;
  std::string kept = head.dump() + "\n";
  for (const Json& row : *before) {
    done.insert(row["index"].get<size_t>());
    absl::StrAppend(&kept, row.dump(), "\n");
  }
  if (write(journal, kept.data(), kept.size()) != static_cast<ssize_t>(kept.size())) {
    return absl::UnavailableError(absl::StrCat(jobs.journal, ": ", strerror(errno)));
  }
  std::vector<size_t> todo;
  for (size_t i = jobs.shard - 1; i < plan.scenarios.size(); i += jobs.of) {
    if (!done.contains(i)) todo.push_back(i);
  }

  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) HarnessBug("no memory to share with the processes of a search");
  Shared* const shared = new (memory) Shared{};
  const auto note = [](int) { interrupted = 1; };
  signal(SIGINT, note);
  signal(SIGTERM, note);
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(jobs.seconds));
  std::vector<pid_t> workers;
  for (unsigned i = 0; i < std::max(1u, jobs.jobs); ++i) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) return absl::UnavailableError(absl::StrCat("fork: ", strerror(errno)));
    if (child == 0) {
      Worker(i, subject, plan, todo, shared, journal, end, jobs.seconds > 0).Run();
      _exit(0);
    }
    workers.push_back(child);
  }
  const int code = WaitFor(std::move(workers), shared, todo.size());
  close(journal);
  munmap(memory, sizeof(Shared));
  if (code == kHarnessBug) _exit(kHarnessBug);
  if (code != 0) return absl::UnavailableError("a process of the search failed");
  // The rows as the processes have written them: those of scenarios that were not searched to the end, too.
  std::vector<Json> rows;
  std::ifstream file(jobs.journal);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) rows.push_back(Json::parse(line));
  return rows;
}

}  // namespace nofail
