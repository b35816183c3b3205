// SPDX-License-Identifier: MIT
#include "fuzz/sanitizers/sanitizer_hooks.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#endif
#if NOFAIL_ASAN || NOFAIL_TSAN || NOFAIL_UBSAN
#include <sanitizer/common_interface_defs.h>
#endif
#if NOFAIL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#include "core/kernel/sim/sim.h"
#include "fuzz/sanitizers/symbol_table.h"

// The begin and the end of the section with the subject's code (core/subjects/section.h). Null where the compiler does
// not support this.
extern "C" {
[[gnu::weak]] extern const char __start_nofail_subject[];
[[gnu::weak]] extern const char __stop_nofail_subject[];
}

namespace nofail {
namespace {

// ---- The sanitizers' own text ----------------------------------------------------------------------------------

// The file in memory to which hidden reports go; -1 when there is none. In a build with UndefinedBehaviorSanitizer
// alone, reports go to stderr.
int report_fd = -1;
[[maybe_unused]] bool print_races = true;

// From now on, the sanitizers' runtime writes its reports to the file descriptor.
void SendReportsTo([[maybe_unused]] int fd) {
#if NOFAIL_ASAN || NOFAIL_TSAN || NOFAIL_UBSAN
  __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
#endif
}

// ---- Which site of the subject a report is about ---------------------------------------------------------------

// Whether the address is in the subject's code.
bool IsInSubject(uintptr_t pc) {
  return reinterpret_cast<uintptr_t>(__start_nofail_subject) <= pc &&
         pc < reinterpret_cast<uintptr_t>(__stop_nofail_subject);
}

#if NOFAIL_ASAN || NOFAIL_TSAN || NOFAIL_ACCESSES
// The symbol table of the subject's functions. The first call reads it; InstallSanitizerHooks makes that call, before
// anything is reported.
const SymbolTable& Symbols() {
  static const SymbolTable* const table = new SymbolTable(SymbolTable::OfProgram(
      reinterpret_cast<uintptr_t>(__start_nofail_subject), reinterpret_cast<uintptr_t>(__stop_nofail_subject)));
  return *table;
}

// The name of a function as __func__ has it. For example, "nofail::(anonymous namespace)::Destroy(int)" becomes
// "Destroy".
std::string_view PlainFunction(std::string_view name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  // Not those of the arguments, which come after a parenthesis of their own.
  for (size_t at; (at = name.find('(')) != name.npos && name.substr(at).starts_with(kAnonymous);) {
    name.remove_prefix(at + kAnonymous.size());
  }
  name = name.substr(0, name.find('('));
  const size_t colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

// A file as sites name it: relative to the tree of the subject. The symbolizer knows where the file was compiled, which
// may be `../../core/subjects/...` as well. So the name begins at the folder of a tree that files under test are in.
[[maybe_unused]] std::string_view PlainFile(std::string_view file) {
  constexpr std::string_view kFolders[] = {"/core/subjects/", "/kernel/bpf/", "/net/core/", "/include/"};
  for (std::string_view folder : kFolders) {
    if (const size_t at = file.rfind(folder); at != file.npos) return file.substr(at + 1);
  }
  return file;
}

// The site of an instruction. Strings end with a null byte; "" where nothing is known.
struct CodeSite {
  uintptr_t pc;
  char function[96];
  char file[96];
  unsigned line;
};

// Copies as much of the text as fits, and a null byte.
void Copy(std::string_view text, std::span<char> to) {
  to[text.copy(to.data(), to.size() - 1)] = 0;
}

// Looks up the site of an instruction. For a function of a header that was inlined, the result is the function that
// calls it, as in the sites of events. When the symbolizer knows no name, the function comes from the symbol table; so
// it does in a build that has no symbolizer.
void Symbolize(uintptr_t pc, CodeSite* site) {
  *site = {pc, "", "", 0};
#if NOFAIL_ACCESSES
  Copy(PlainFunction(Symbols().FunctionAt(pc - 1)), site->function);
#else
  char frames[1024];
  __sanitizer_symbolize_pc(reinterpret_cast<void*>(pc), "%f|%l|%s", frames, sizeof(frames));
  frames[sizeof(frames) - 2] = frames[sizeof(frames) - 1] = 0;
  for (std::string_view frame = frames; !frame.empty(); frame = frame.data() + frame.size() + 1) {
    const size_t line = frame.find('|'), file = frame.find('|', line + 1);
    if (file == frame.npos || frame.ends_with(".h")) continue;
    if (frame.starts_with("<null>") || frame.starts_with("??")) {
      // pc is the address to which a call returns. The call itself is before it.
      Copy(PlainFunction(Symbols().FunctionAt(pc - 1)), site->function);
      return;
    }
    Copy(PlainFunction(frame.substr(0, line)), site->function);
    Copy(PlainFile(frame.substr(file + 1)), site->file);
    site->line = static_cast<unsigned>(std::atoi(frame.data() + line + 1));
    return;
  }
#endif
}

// The site of an instruction, for an event. The function remembers up to 1024 results, for two reasons: a lookup takes
// as long as a thousand runs, and the strings of a site must live for ever. The site is empty when the instruction is
// not in the subject or nothing is known of it. Judges then use the site of the op's last event before (FunctionAt).
kernel_site SiteOf(uintptr_t pc) {
  static CodeSite sites[1024];
  static size_t count = 0;
  if (!IsInSubject(pc)) return {};
  size_t i = 0;
  while (i < count && sites[i].pc != pc) ++i;
  if (i == std::size(sites)) return {};
  if (i == count) Symbolize(pc, &sites[count++]);
  const CodeSite& site = sites[i];
  return site.function[0] == 0 ? kernel_site{} : kernel_site{site.function, site.file, site.line};
}
#endif

// ---- Signals ---------------------------------------------------------------------------------------------------

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
constexpr uintptr_t kNullPage = 1 << 16;         // an access below this address counts as one through a null pointer
struct sigaction previous[std::size(kSignals)];  // the handlers that were installed before
// sigaction of the C library. AddressSanitizer replaces sigaction by a function that does nothing where ASAN_OPTIONS
// has handle_segv=2. Then signals that should become faults would end the process.
int (*real_sigaction)(int, const struct sigaction*, struct sigaction*) = nullptr;
void (*on_death)() = nullptr;
Fault landing_fault;  // the fault that Land records

// The signal handler lets the task continue here instead of at the instruction that raised the signal. Land records the
// fault and ends the run. It never returns, because the fault is fatal.
void Land() {
  // If a sanitizer has just reported the same access, the run is cut short already, and that report says more.
  if (!Sim::Get().WasCutShort()) Sim::Get().ReportFromSanitizer(landing_fault, nullptr, {});
  Sim::Get().Point();  // ends the run
  __builtin_unreachable();
}

// The instruction that a signal interrupted, and a way to continue in a function instead. On other machines than these
// two, signals never become faults.
#if defined(__x86_64__)
uintptr_t ProgramCounter(const ucontext_t& context) {
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}
void ContinueAt(ucontext_t* context, void (*landing)()) {
  greg_t* registers = context->uc_mcontext.gregs;
  // The stack pointer must be below the red zone (128 bytes), and aligned as it is right after a call.
  registers[REG_RSP] = ((registers[REG_RSP] - 128) & ~greg_t{15}) - 8;
  registers[REG_RIP] = reinterpret_cast<greg_t>(landing);
}
#elif defined(__aarch64__)
uintptr_t ProgramCounter(const ucontext_t& context) {
  return context.uc_mcontext.pc;
}
void ContinueAt(ucontext_t* context, void (*landing)()) {
  context->uc_mcontext.sp &= ~uint64_t{15};
  context->uc_mcontext.pc = reinterpret_cast<uintptr_t>(landing);
}
#else
uintptr_t ProgramCounter(const ucontext_t&) {
  return 0;
}
void ContinueAt(ucontext_t*, void (*)()) {}
#endif

// The handler of all kSignals.
void OnSignal(int signal, siginfo_t* info, void* raw_context) {
  ucontext_t* context = static_cast<ucontext_t*>(raw_context);
  const uintptr_t pc = ProgramCounter(*context);
  if (IsInSubject(pc)) {
    // An address that cannot exist (not canonical) has the code SI_KERNEL and the address 0. It is no null pointer.
    const bool null =
        signal == SIGSEGV && info->si_code == SEGV_MAPERR && reinterpret_cast<uintptr_t>(info->si_addr) < kNullPage;
    landing_fault = null ? Fault::kNullDereference : Fault::kSanitizerReport;
#if NOFAIL_ASAN || NOFAIL_TSAN
    if (!null && report_fd >= 0) {
      char site[512];
      __sanitizer_symbolize_pc(reinterpret_cast<void*>(pc), "%f %S", site, sizeof(site));
      dprintf(report_fd, "%s in %s\n",
              signal == SIGILL || signal == SIGTRAP ? "undefined behaviour" : "access through a wild pointer", site);
    }
#endif
    ContinueAt(context, Land);
    return;
  }
  // The signal is not about the subject. The handlers that were installed before get it: the instruction raises it
  // again as soon as this handler returns.
  SendReportsTo(STDERR_FILENO);
  for (size_t i = 0; i < std::size(kSignals); ++i) real_sigaction(kSignals[i], &previous[i], nullptr);
  if (on_death != nullptr) on_death();
}

}  // namespace

void InstallSanitizerHooks(void (*death)()) {
  on_death = death;
#if NOFAIL_ASAN || NOFAIL_TSAN || NOFAIL_ACCESSES
  Symbols();
#endif
#if NOFAIL_ACCESSES
  Sim::SetSiteLookup(SiteOf);
#endif
  report_fd = memfd_create("sanitizer reports", MFD_CLOEXEC);
#if !NOFAIL_UBSAN
  HideSanitizerReports();
#endif
  real_sigaction = reinterpret_cast<decltype(real_sigaction)>(dlsym(RTLD_NEXT, "sigaction"));
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (size_t i = 0; i < std::size(kSignals); ++i) real_sigaction(kSignals[i], &action, &previous[i]);
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

void HideSanitizerReports() {
  if (report_fd >= 0) SendReportsTo(report_fd);
}

void PrintRaces(bool print) {
  print_races = print;
}

}  // namespace nofail

// ---- The sanitizers' hooks and options ---------------------------------------------------------------------------
//
// Reports must depend on the input alone. So the options suppress_equal_* are off, which would leave out a report
// because a similar one was made before.
extern "C" {

#if NOFAIL_ASAN
const char* __asan_default_options() {
  // quarantine_size_mb is small: the simulated heap keeps freed objects to the end of the run by itself, and no other
  // freed memory needs to be kept.
  return "halt_on_error=0:suppress_equal_pcs=0:detect_stack_use_after_return=0:quarantine_size_mb=8";
}

void __asan_on_error() {
  using namespace nofail;
  if (std::string_view(__asan_get_report_description()).ends_with("SEGV")) return;  // OnSignal handles it
  const void* address = __asan_get_report_address();
  Sim& sim = Sim::Get();
  Fault fault = Fault::kSanitizerReport;
  if (const ObjectId id = sim.ObjectAt(address); id != 0) {
    fault = sim.trace().object(id).freed != ObjectInfo::kAlive ? Fault::kUseAfterFree : Fault::kOutOfBounds;
  }
  sim.ReportFromSanitizer(fault, address, SiteOf(reinterpret_cast<uintptr_t>(__asan_get_report_pc())));
}
#endif

#if NOFAIL_UBSAN
// In a build with UndefinedBehaviorSanitizer alone, as OSS-Fuzz has it, the sanitizer reports in its own way and ends
// the process. Unsigned overflow is not reported, because unsigned numbers of a kernel may wrap.
const char* __ubsan_default_options() {
  return "print_stacktrace=1:silence_unsigned_overflow=1";
}
#endif

#if NOFAIL_TSAN
const char* __tsan_default_options() {
  // ignore_interceptors_accesses=1: the runtime replaces memmove, so it would see the suite's own calls of memmove on
  // fibers, although nothing else of the suite is instrumented.
  // report_signal_unsafe=0: otherwise libFuzzer's crash callback would hang.
  // atexit_sleep_ms=0: otherwise the process would wait a second at exit.
  return "halt_on_error=0:suppress_equal_stacks=0:suppress_equal_addresses=0:history_size=1:second_deadlock_stack=1:"
         "ignore_interceptors_accesses=1:report_signal_unsafe=0:report_thread_leaks=0:atexit_sleep_ms=0";
}

// Whether the report is about a static variable. All memory of a subject is static variables and objects of the
// simulated heap. Other memory belongs to the suite, whose calls of malloc and memmove ThreadSanitizer sees although
// nothing else of the suite is instrumented. The suite's fibers share that memory on one thread, without telling
// ThreadSanitizer, so reports about it are false.
static bool IsGlobal(void* report, int locations) {
  if (locations == 0) return false;
  const char* type = nullptr;
  void *address = nullptr, *start = nullptr, *trace[1] = {};
  unsigned long size = 0;
  int thread = 0, descriptor = 0, suppressable = 0;
  __tsan_get_report_loc(report, 0, &type, &address, &start, &size, &thread, &descriptor, &suppressable, trace, 1);
  return std::string_view(type) == "global";
}

// The runtime calls this at exit to ask for the exit code. Races do not change it, because each became a violation in
// the verdict of its run.
[[gnu::visibility("default")]] int __tsan_on_finalize(int) {
  return 0;
}
#endif

}  // extern "C"

#if NOFAIL_TSAN
namespace __tsan {

class ReportDesc;

// An access of the report, numbered from 0. Its site is the innermost frame of its stack that is in the subject. Stores
// the address of the access to *address.
static nofail::Sim::RacingAccess AccessOf(void* report, int access, void** address) {
  void* stack[32] = {};
  int thread = 0, size = 0, write = 0, atomic = 0;
  __tsan_get_report_mop(report, access, &thread, address, &size, &write, &atomic, stack, std::size(stack));
  const uint64_t how =
      nofail::kAccessKnown | (write != 0 ? nofail::kAccessStores : 0) | (atomic != 0 ? nofail::kAccessMarked : 0);
  for (void* pc : stack) {
    if (const uintptr_t value = reinterpret_cast<uintptr_t>(pc); nofail::IsInSubject(value)) {
      return {nofail::SiteOf(value), how};
    }
  }
  return {{}, how};
}

// The runtime calls this before it prints a report; the result true means that it shall not print. The public hook
// __tsan_on_report is of no use here, because it is called after the printing.
bool OnReport(const ReportDesc* opaque, bool) {
  using namespace nofail;
  void* report = const_cast<ReportDesc*>(opaque);
  const char* description = nullptr;
  int count = 0, stacks = 0, accesses = 0, locations = 0, mutexes = 0, threads = 0, unique_threads = 0;
  void* trace[1] = {};
  __tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations, &mutexes, &threads,
                         &unique_threads, trace, 1);
  if (!std::string_view(description).starts_with("data-race")) {
    Sim::Get().ReportFromSanitizer(Fault::kSanitizerReport, nullptr, {});
    return false;
  }
  void *address = nullptr, *same = nullptr;
  const Sim::RacingAccess access = AccessOf(report, 0, &address);
  if (Sim::Get().ObjectAt(address) == 0 && !IsGlobal(report, locations)) return true;
  Sim::Get().ReportRace(address, access, accesses > 1 ? AccessOf(report, 1, &same) : Sim::RacingAccess{});
  return !print_races;
}

}  // namespace __tsan
#endif
