// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#if NOFAIL_ASAN || NOFAIL_TSAN
#include <sanitizer/common_interface_defs.h>
#endif

#include "absl/strings/str_cat.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/listing/shows_nearby.h"
#include "fuzz/minimize/sandbox_child.h"
#include "fuzz/report/interleaving.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

namespace nofail {
namespace {

// The signals that may end the child, with what the signature calls them.
struct DeathSignal {
  int number;
  const char* name;
};
constexpr DeathSignal kDeathSignals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},    {SIGTRAP, "SIGTRAP"},
    {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"}, {kHangSignal, "hang"},
};

class Server {
 public:
  Server(const subject& subject, int channel) : subject_(subject), channel_(channel), executor_(subject, Sim::Get()) {}

  // Answers requests until the sandbox closes the channel.
  [[noreturn]] void Serve();
  // Replies with what is known of the run that is ending the process. Later calls do nothing. The caller ends the
  // process.
  void Die(const char* why);

 private:
  SandboxResult Run();
  // The result has the signature that is looked for, or none.
  SandboxResult Look();
  std::vector<News> NewsOf(const SandboxResult& result);
  std::vector<std::string> Story(const JudgedRun& run) const;
  // Adds to the result what is known of every run, also of one that is ending the process.
  void Complete(SandboxResult* result);
  void Reply(const SandboxResult& result);

  const subject& subject_;
  const int channel_;
  Executor executor_;
  SandboxRequest request_;
  ScheduleChooser chooser_;
  RecordingChooser recorder_{&chooser_};
  bool dying_ = false;
};

Server* server = nullptr;

void OnDeathSignal(int number) {
  const auto* row = std::find_if(std::begin(kDeathSignals), std::end(kDeathSignals),
                                 [=](const DeathSignal& signal) { return signal.number == number; });
  server->Die(row->name);
  _exit(1);
}

// Installs the handlers of death signals. The sanitizer hooks are installed on top: they handle the faults in the
// subject's code and pass all others on to these handlers.
void CatchDeaths() {
  for (const DeathSignal& row : kDeathSignals) {
    struct sigaction action = {};
    action.sa_handler = OnDeathSignal;
    action.sa_flags = SA_ONSTACK;
    sigaction(row.number, &action, nullptr);
  }
  InstallSanitizerHooks(nullptr);
  PrintRaces(false);
#if NOFAIL_ASAN || NOFAIL_TSAN
  __sanitizer_set_death_callback([] { server->Die("sanitizer"); });
#endif
}

[[noreturn]] void Server::Serve() {
  uint32_t size = 0;
  std::string request;
  while (ReceiveAll(channel_, &size, sizeof(size))) {
    request.resize(size);
    if (!ReceiveAll(channel_, request.data(), size)) break;
    Reader reader(request);
    reader.Get(&request_.schedule);
    reader.Get(&request_.story_of);
    reader.Get(&request_.nearby);
    reader.Get(&request_.range);
    reader.Get(&request_.rates);
    SandboxResult result = request_.nearby.empty() ? Run() : Look();
    if (request_.rates && !result.signatures.empty()) result.news = NewsOf(result);
    Reply(result);
  }
  _exit(0);
}

SandboxResult Server::Run() {
  chooser_.Set(request_.schedule);
  Sim::Get().RenewFibers();
  const JudgedRun& run = executor_.Run(request_.schedule, &recorder_);
  const Verdict& verdict = run.verdict;
  TakeSanitizerReports();
  SandboxResult result;
  for (const Violation& violation : verdict.violations) {
    result.signatures.push_back(violation.Signature());
    result.sightings.push_back(SightingOf(run, violation));
  }
  result.story = Story(run);
  Complete(&result);
  return result;
}

SandboxResult Server::Look() {
  Sim::Get().RenewFibers();
  SandboxResult result;
  if (ShowsNearby(request_.schedule, request_.nearby, request_.range, &executor_))
    result.signatures = {request_.nearby};
  return result;
}

// Runs the crash corpus.
std::vector<News> Server::NewsOf(const SandboxResult& result) {
  const Listings listings = ListByReplay(subject_.name, &executor_);
  std::vector<News> news;
  for (size_t i = 0; i < result.signatures.size(); ++i) {
    news.push_back(listings.Rate(result.signatures[i], result.sightings[i]));
  }
  return news;
}

std::vector<std::string> Server::Story(const JudgedRun& run) const {
  if (request_.story_of.empty()) return {};
  return Interleaving(run, request_.story_of);
}

void Server::Complete(SandboxResult* result) {
  result->recorded = recorder_.deviations();
  std::sort(result->recorded.begin(), result->recorded.end());
  result->trace = executor_.trace().Hash();
}

void Server::Reply(const SandboxResult& result) {
  Writer writer;
  PutResult(result, &writer);
  SendMessage(channel_, writer.bytes());
}

// Allocates memory, although a signal handler may call it. A signal that interrupted an allocator could deadlock it,
// but the subject never allocates from the process's heap (as for WriteReportOnDeath). If it hangs after all, the
// sandbox ends the child as it ends any child that hangs.
void Server::Die(const char* why) {
  if (dying_) return;
  dying_ = true;
  const auto events = executor_.trace().events();
  const auto last =
      std::find_if(events.rbegin(), events.rend(), [](const Event& event) { return event.function != nullptr; });
  SandboxResult result;
  result.died = true;
  result.signatures = {absl::StrCat("crash/", why, "/", last == events.rend() ? "-" : last->function)};
  result.story = Story(executor_.Unjudged(request_.schedule));
  Complete(&result);
  Reply(result);
}

}  // namespace

bool SendMessage(int channel, const std::string& message) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string bytes(reinterpret_cast<const char*>(&size), sizeof(size));
  bytes += message;
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(channel, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool ReceiveAll(int channel, void* buffer, size_t size) {
  for (size_t got = 0; got < size;) {
    const ssize_t n = read(channel, static_cast<char*>(buffer) + got, size - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    got += static_cast<size_t>(n);
  }
  return true;
}

void PutResult(const SandboxResult& result, Writer* writer) {
  writer->Put(result.signatures);
  writer->Put(result.sightings);
  writer->Put(result.news);
  writer->Put(result.recorded);
  writer->Put(result.story);
  writer->Put(result.trace);
  writer->Put(result.died);
}

SandboxResult GetResult(Reader* reader) {
  SandboxResult result;
  reader->Get(&result.signatures);
  reader->Get(&result.sightings);
  reader->Get(&result.news);
  reader->Get(&result.recorded);
  reader->Get(&result.story);
  reader->Get(&result.trace);
  reader->Get(&result.died);
  return result;
}

void ServeRuns(const subject& subject, int channel) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_IGN);  // Ctrl-C in the terminal reaches both processes; only the parent is to act on it
  server = new Server(subject, channel);
  CatchDeaths();
  server->Serve();
}

}  // namespace nofail
