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
#include <cstring>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// What the processes share.
struct Shared {
  std::atomic<size_t> next;  // into the list of scenarios that are to be searched
  std::atomic<size_t> done;
  std::atomic<uint64_t> states;
  std::atomic<bool> stops;
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
  Worker(const subject& subject, const SearchPlan& plan, const std::vector<size_t>& todo, Shared* shared, int journal,
         Clock::time_point end, bool has_end)
      : explorer_(subject, Sim::Get()),
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
      uint64_t told = 0;
      options.tell = [&](const Progress& progress) {
        shared_.states += progress.states - told;
        told = progress.states;
        return !MustStop();
      };
      const Explored explored = explorer_.Explore(scenario.schedule, options);
      shared_.states += explored.progress.states - told;
      Write(CertificateRow(todo_[i], scenario, explored));
      ++shared_.done;
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

  Explorer explorer_;
  const SearchPlan& plan_;
  const std::vector<size_t>& todo_;
  Shared& shared_;
  const int journal_;
  const Clock::time_point end_;
  const bool has_end_;
};

void Tell(const Shared& shared, size_t total) {
  absl::FPrintF(stderr, "\r%d of %d scenarios, %d states ", shared.done.load(), total, shared.states.load());
}

// Waits for the processes. Returns the first exit code that is not 0.
int WaitFor(std::vector<pid_t> workers, Shared* shared, size_t total, bool shows_progress) {
  int code = 0;
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
    if (shows_progress) Tell(*shared, total);
    usleep(100'000);
  }
  if (shows_progress) absl::FPrintF(stderr, "\r%60s\r", "");
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
      Worker(subject, plan, todo, shared, journal, end, jobs.seconds > 0).Run();
      _exit(0);
    }
    workers.push_back(child);
  }
  const int code = WaitFor(std::move(workers), shared, todo.size(), jobs.shows_progress);
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
