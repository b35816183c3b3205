// SPDX-License-Identifier: MIT
#include "fuzz/minimize/sandbox.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/minimize/sandbox_child.h"

namespace nofail {
namespace {

constexpr int kPollMilliseconds = 20;
// How long the sandbox waits (in real time) for a run that uses little processor time, before it sends kHangSignal.
// kSilent is how long it then waits for an answer before it kills the child.
constexpr auto kStuck = std::chrono::seconds(60);
constexpr auto kSilent = std::chrono::seconds(5);

// The processor time that the process has used so far, in milliseconds. 0 when it cannot be read.
int ProcessorMilliseconds(pid_t process) {
  clockid_t clock;
  timespec used;
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<int>(used.tv_sec * 1000 + used.tv_nsec / 1000000);
}

}  // namespace

void Sandbox::Start() {
  fflush(nullptr);  // otherwise the child would write the buffered output a second time when it ends by exit
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 || (child_ = fork()) < 0) {
    fprintf(stderr, "nofail: cannot start a process to run schedules in: %s\n", strerror(errno));
    exit(5);
  }
  if (child_ == 0) {
    close(ends[0]);
    ServeRuns(subject_, ends[1]);
  }
  close(ends[1]);
  channel_ = ends[0];
}

void Sandbox::Renew() {
  if (child_ < 0) return;
  close(channel_);
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

// Waits for a reply and ends a child that hangs: first by kHangSignal, which the child answers with a reply, then by
// SIGKILL. Returns false when the child is gone without a reply.
bool Sandbox::Receive(int limit, std::string* reply) {
  using Clock = std::chrono::steady_clock;
  const int used = ProcessorMilliseconds(child_);
  auto deadline = Clock::now() + kStuck;
  bool told = false;
  pollfd wait = {channel_, POLLIN, 0};
  while (poll(&wait, 1, kPollMilliseconds) <= 0) {
    if (!told && (ProcessorMilliseconds(child_) - used > limit || Clock::now() > deadline)) {
      kill(child_, kHangSignal);
      told = true;
      deadline = Clock::now() + kSilent;
    } else if (Clock::now() > deadline) {
      kill(child_, SIGKILL);
    }
  }
  uint32_t size = 0;
  if (!ReceiveAll(channel_, &size, sizeof(size))) return false;
  reply->resize(size);
  return ReceiveAll(channel_, reply->data(), size);
}

// The result of a run whose child ended without a reply. Reaps the child.
SandboxResult Sandbox::Died() {
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  close(channel_);
  child_ = -1;
  SandboxResult result;
  result.died = true;
  result.harness_bug = WIFEXITED(status) && WEXITSTATUS(status) == kHarnessBug;
  result.signatures = {WIFEXITED(status)             ? absl::StrCat("crash/exit-", WEXITSTATUS(status), "/-")
                       : WTERMSIG(status) == SIGKILL ? std::string("crash/hang/-")
                                                     : absl::StrCat("crash/SIG", sigabbrev_np(WTERMSIG(status)), "/-")};
  return result;
}

SandboxResult Sandbox::Ask(const SandboxRequest& request) {
  if (child_ < 0) Start();
  Writer writer;
  writer.Put(request.schedule);
  writer.Put(request.story_of);
  writer.Put(request.nearby);
  writer.Put(request.range);
  writer.Put(request.rates);
  std::string reply;
  const bool runs_many = request.rates || !request.nearby.empty();
  // A child that takes no request is gone, too.
  if (!SendMessage(channel_, writer.bytes()) || !Receive(runs_many ? kManyRunsMilliseconds : kHangMilliseconds, &reply))
    return Died();
  Reader reader(reply);
  SandboxResult result = GetResult(&reader);
  if (result.died) Renew();
  return result;
}

SandboxResult Sandbox::Rate(const Schedule& schedule) {
  SandboxResult result = Ask({.schedule = schedule, .rates = true});
  if (!result.died || result.harness_bug) return result;
  // The run of the schedule or of a schedule of the corpus ended the child.
  result = Run(schedule);
  const Listings names = ListByName(subject_.name);
  for (size_t i = 0; i < result.signatures.size(); ++i) {
    result.news.push_back(names.Rate(result.signatures[i], result.died ? Sighting() : result.sightings[i]));
  }
  return result;
}

}  // namespace nofail
