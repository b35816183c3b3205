// SPDX-License-Identifier: MIT
#include "fuzz/targets/sanitizer_hooks.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#endif
#if NOFAIL_ASAN || NOFAIL_TSAN
#include <sanitizer/common_interface_defs.h>
#endif
#if NOFAIL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#include "fuzz/sim/sim.h"

// Where the subject's code lies (core/section.h); null where the compiler cannot say.
extern "C" {
[[gnu::weak]] extern const char __start_nofail_subject[];
[[gnu::weak]] extern const char __stop_nofail_subject[];
}

namespace nofail {
namespace {

// ---- The sanitizers' own text ----------------------------------------------------------------------------------

// A file in memory that their reports go to. -1: they go to stderr.
int report_fd = -1;

void SendReportsTo([[maybe_unused]] int fd) {
#if NOFAIL_ASAN || NOFAIL_TSAN
  __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
#endif
}

// ---- Signals ---------------------------------------------------------------------------------------------------

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
constexpr uintptr_t kNullPage = 1 << 16;
struct sigaction previous[std::size(kSignals)];
void (*on_death)() = nullptr;
Fault landing_fault;

// The task goes on here instead of at the instruction that faulted. Never returns: the fault is fatal.
void Land() {
  // A sanitizer's report of the same access, just before, says it better.
  if (!Sim::Get().IsFatal()) Sim::Get().ReportFromSanitizer(landing_fault, nullptr, {});
  Sim::Get().Point();  // ends the run
  __builtin_unreachable();
}

#if defined(__x86_64__)
uintptr_t ProgramCounter(const ucontext_t& context) {
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}
void ContinueAt(ucontext_t* context, void (*landing)()) {
  greg_t* registers = context->uc_mcontext.gregs;
  // Below the red zone, aligned as after a call.
  registers[REG_RSP] = ((registers[REG_RSP] - 128) & ~greg_t{15}) - 8;
  registers[REG_RIP] = reinterpret_cast<greg_t>(landing);
}
#elif defined(__aarch64__)
uintptr_t ProgramCounter(const ucontext_t& context) { return context.uc_mcontext.pc; }
void ContinueAt(ucontext_t* context, void (*landing)()) {
  context->uc_mcontext.sp &= ~uint64_t{15};
  context->uc_mcontext.pc = reinterpret_cast<uintptr_t>(landing);
}
#else
uintptr_t ProgramCounter(const ucontext_t&) { return 0; }
void ContinueAt(ucontext_t*, void (*)()) {}
#endif

void OnSignal(int signal, siginfo_t* info, void* raw_context) {
  ucontext_t* context = static_cast<ucontext_t*>(raw_context);
  const uintptr_t pc = ProgramCounter(*context);
  if (reinterpret_cast<uintptr_t>(__start_nofail_subject) <= pc &&
      pc < reinterpret_cast<uintptr_t>(__stop_nofail_subject)) {
    // SI_KERNEL, with address 0, is what an address that cannot exist gives.
    const bool null = signal == SIGSEGV && info->si_code == SEGV_MAPERR &&
                      reinterpret_cast<uintptr_t>(info->si_addr) < kNullPage;
    landing_fault = null ? Fault::kNullDereference : Fault::kSanitizerReport;
#if NOFAIL_ASAN || NOFAIL_TSAN
    if (!null && report_fd >= 0) {
      char place[512];
      __sanitizer_symbolize_pc(reinterpret_cast<void*>(pc), "%f %S", place, sizeof(place));
      dprintf(report_fd, "%s in %s\n",
              signal == SIGILL || signal == SIGTRAP ? "undefined behaviour" : "access through a wild pointer", place);
    }
#endif
    ContinueAt(context, Land);
    return;
  }
  // Not the subject's: leave it to whoever handled it before, who will see it again at once.
  SendReportsTo(STDERR_FILENO);
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &previous[i], nullptr);
  if (on_death != nullptr) on_death();
}

}  // namespace

void InstallSanitizerHooks(void (*death)()) {
  on_death = death;
  report_fd = memfd_create("sanitizer reports", MFD_CLOEXEC);
  if (report_fd >= 0) SendReportsTo(report_fd);
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &previous[i]);
}

std::string TakeSanitizerReports() {
  std::string text;
  if (report_fd < 0) return text;
  const off_t size = lseek(report_fd, 0, SEEK_END);
  if (size <= 0) return text;
  text.resize(static_cast<size_t>(size));
  const ssize_t got = pread(report_fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  if (ftruncate(report_fd, 0) != 0 || lseek(report_fd, 0, SEEK_SET) != 0) text.append("(and more)\n");
  return text;
}

}  // namespace nofail

// ---- The sanitizers' hooks and options ---------------------------------------------------------------------------
//
// Reports must depend on the input alone, so nothing is left out because it was reported before (suppress_equal_*).
extern "C" {

#if NOFAIL_ASAN
const char* __asan_default_options() {
  return "halt_on_error=0:suppress_equal_pcs=0:detect_stack_use_after_return=0";
}

void __asan_on_error() {
  using namespace nofail;
  if (std::string_view(__asan_get_report_description()).ends_with("SEGV")) return;  // OnSignal has seen it
  const void* address = __asan_get_report_address();
  Sim& sim = Sim::Get();
  Fault fault = Fault::kSanitizerReport;
  if (const ObjectId id = sim.ObjectAt(address); id != 0) {
    fault = sim.trace().object(id).freed != ObjectInfo::kAlive ? Fault::kUseAfterFree : Fault::kOutOfBounds;
  }
  sim.ReportFromSanitizer(fault, address, {});
}
#endif

#if NOFAIL_TSAN
const char* __tsan_default_options() {
  // ignore_interceptors_accesses: the suite's own memmove on fibers is seen although nothing else of it is instrumented.
  // report_signal_unsafe: libFuzzer's crash callback would hang. atexit_sleep_ms: it would wait a second at exit.
  return "halt_on_error=0:suppress_equal_stacks=0:suppress_equal_addresses=0:history_size=7:second_deadlock_stack=1:"
         "ignore_interceptors_accesses=1:report_signal_unsafe=0:report_thread_leaks=0:atexit_sleep_ms=0";
}

// Whether the memory is a static variable. A subject has no other memory of its own besides the simulator's objects; what
// is neither belongs to the suite, whose calls of malloc and memmove ThreadSanitizer sees although nothing else is
// instrumented. Fibers share that memory without telling it, on one thread.
static bool IsGlobal(void* report, int locations) {
  if (locations == 0) return false;
  const char* type = nullptr;
  void *address = nullptr, *start = nullptr, *trace[1] = {};
  unsigned long size = 0;
  int thread = 0, descriptor = 0, suppressable = 0;
  __tsan_get_report_loc(report, 0, &type, &address, &start, &size, &thread, &descriptor, &suppressable, trace, 1);
  return std::string_view(type) == "global";
}

// Races were verdicts already; they do not change the exit code.
[[gnu::visibility("default")]] int __tsan_on_finalize(int) { return 0; }

void __tsan_on_report(void* report) {
  using namespace nofail;
  const char* description = nullptr;
  int count = 0, stacks = 0, accesses = 0, locations = 0, mutexes = 0, threads = 0, unique_threads = 0;
  void* trace[1] = {};
  __tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations, &mutexes, &threads,
                         &unique_threads, trace, 1);
  void* address = nullptr;
  if (accesses > 0) {
    int thread = 0, size = 0, write = 0, atomic = 0;
    __tsan_get_report_mop(report, 0, &thread, &address, &size, &write, &atomic, trace, 1);
  }
  const bool race = std::string_view(description).starts_with("data-race");
  if (race && Sim::Get().ObjectAt(address) == 0 && !IsGlobal(report, locations)) return;
  Sim::Get().ReportFromSanitizer(race ? Fault::kDataRace : Fault::kSanitizerReport, address, {});
}
#endif

}  // extern "C"
