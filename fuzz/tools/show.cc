// SPDX-License-Identifier: MIT
//
// nofail show: runs a schedule and prints its report.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/base/printable.h"
#include "fuzz/check/known.h"
#include "fuzz/exec/executor.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/mail_report.h"
#include "fuzz/report/perfetto_report.h"
#include "fuzz/report/sarif_report.h"
#include "fuzz/report/text_report.h"
#include "fuzz/report/timeline/html_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/certificate_page.h"
#include "fuzz/tools/command.h"
#include "fuzz/tools/explore_report.h"
#include "fuzz/tools/subjects.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

// What is wrong with the way the reports are asked for; empty: nothing.
absl::string_view Misuse(const Arguments& arguments) {
  const size_t inputs = arguments.files.size() + arguments.seeds.size();
  const bool is_for_a_file = arguments.html || arguments.sarif || arguments.mail || arguments.perfetto;
  if (arguments.html + arguments.json + arguments.sarif + arguments.mail + arguments.perfetto > 1) {
    return "show: --html, --json, --sarif, --mail and --perfetto are different reports; ask for one";
  }
  if (arguments.given.contains("--console") && !arguments.mail) return "show: --console goes with --mail";
  if (arguments.sarif && inputs == 0) return "show: expected a file or a --seed";
  if (!arguments.sarif && inputs != 1) return "show: expected one file or one --seed; --sarif takes several";
  if (!is_for_a_file && !arguments.output.empty()) return "show: -o goes with --html, --mail, --perfetto and --sarif";
  if (arguments.html && arguments.output.empty() && isatty(STDOUT_FILENO)) {
    return "show: a page is nothing to read on a terminal; name its file with -o OUT.html";
  }
  return "";
}

absl::StatusOr<std::vector<Input>> Inputs(const Arguments& arguments) {
  std::vector<Input> inputs;
  for (const std::string& file : arguments.files) {
    absl::StatusOr<Input> input = ReadInput(file, arguments.profile);
    if (!input.ok()) return input.status();
    inputs.push_back(*std::move(input));
  }
  for (const uint32_t seed : arguments.seeds) inputs.push_back(GenerateInput(seed, arguments.profile));
  return inputs;
}

int Write(const Arguments& arguments, const std::string& text) {
  if (!arguments.output.empty()) return WriteOutput(arguments.output, text, arguments.force);
  absl::PrintF("%s", text);
  return kAsExpected;
}

std::string Report(const Arguments& arguments, const Input& input, const JudgedRun& run) {
  Source source(RootsOf(run.subject));
  if (arguments.html) return HtmlReport(run, Printable(std::filesystem::path(input.name).filename().string()), &source);
  if (arguments.perfetto) return PerfettoReport(run);
  if (arguments.json) return JsonText(JsonReport(run, arguments.verbose, &source)) + "\n";
  const TextOptions options{
      .width = TerminalWidth(), .verbose = arguments.verbose, .colour = UseColour(), .source = &source};
  return absl::StrCat(TextReport(run, options), TakeSanitizerReports());
}

// What --console names, to be quoted; "" without it.
absl::StatusOr<std::string> Console(const Arguments& arguments) {
  if (!arguments.given.contains("--console")) return "";
  constexpr size_t kMost = 256 << 10;  // bytes; an excerpt is for reading
  const std::string& path = arguments.values.at("--console");
  std::ifstream file(path, std::ios::binary);
  std::string text(kMost + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  if (text.size() <= kMost) return text;
  return absl::InvalidArgumentError(absl::StrCat(path, ": is larger than ", kMost, " bytes; cut it to what matters"));
}

int Mail(const Arguments& arguments, const Input& input, const JudgedRun& run) {
  const absl::StatusOr<std::string> console = Console(arguments);
  if (!console.ok()) return Fail(kUsage, console.status().message());
  if (run.verdict.pass()) {
    return Fail(kNothingToMinimize, absl::StrCat(input.name, ": nothing is wrong with its run on ", run.subject.name,
                                                 ", so there is no mail to write"));
  }
  std::string file = Printable(std::filesystem::path(input.name).filename().string());
  return Write(arguments, MailReport(run, {.file = std::move(file), .console = *console}));
}

// ---- Certificates of `nofail explore` -------------------------------------------------------------------------------

bool IsCertificate(const Arguments& arguments) {
  if (arguments.files.size() != 1 || arguments.sarif || arguments.mail || arguments.perfetto) return false;
  std::ifstream file(arguments.files[0], std::ios::binary);
  std::string first(16, '\0');
  file.read(first.data(), static_cast<std::streamsize>(first.size()));
  return LooksLikeCertificate(absl::string_view(first).substr(0, static_cast<size_t>(file.gcount())));
}

// How the certificate's violations stand to what is listed; for a subject that is not here, by their names alone.
Listings ListingsFor(const std::string& name, const Json& certificate) {
  if (const subject* subject = FindSubject(name); subject != nullptr) return ListingsOf(*subject);
  Listings listings;
  for (const Json& row : certificate["results"]) {
    for (const Json& shown : row["violations"]) {
      const std::string& signature = shown["signature"].get_ref<const std::string&>();
      const Listed* listed = FindListed(name, signature);
      if (listed == nullptr) continue;
      listings.Add(signature, listed->name, listed->is_known, SightingOf(ScheduleOf(shown), NeedOfJson(shown["need"])));
    }
  }
  return listings;
}

int ShowCertificate(const Arguments& arguments) {
  const absl::StatusOr<Json> certificate = ReadCertificate(arguments.files[0]);
  if (!certificate.ok()) return Fail(kUsage, certificate.status().message());
  const Listings listings = ListingsFor((*certificate)["subject"], *certificate);
  const std::vector<RatedViolation> violations = RateViolations(*certificate, listings);
  if (arguments.json) {
    absl::PrintF("%s\n", JsonText(WithNews(*certificate, violations, listings)));
    return kAsExpected;
  }
  if (!arguments.html) {
    PrintSummary(*certificate);
    PrintViolations(violations, listings);
    return kAsExpected;
  }
  return Write(arguments, CertificatePage(*certificate, violations, [&](const std::string& signature) {
                 const Listing* listing = listings.Find(signature);
                 return listing == nullptr ? "" : listing->name;
               }));
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(
      raw, "--verbose --json --html --mail --console= --perfetto --sarif --worse -o --force --target --seed --subject");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (const absl::string_view misuse = Misuse(*arguments); !misuse.empty()) return Fail(kUsage, misuse);
  if (IsCertificate(*arguments)) return ShowCertificate(*arguments);
  const absl::StatusOr<std::vector<Input>> inputs = Inputs(*arguments);
  if (!inputs.ok()) return Fail(kUsage, inputs.status().message());

  InstallSanitizerHooks(nullptr);
  std::map<const subject*, Executor> executors;
  SarifReport sarif(arguments->worse);
  for (const Input& input : *inputs) {
    const absl::StatusOr<const subject*> subject = SubjectFor(input.file, arguments->subjects);
    if (!subject.ok()) return Fail(kUsage, absl::StrCat(input.name, ": ", subject.status().message()));
    const JudgedRun& run =
        executors.try_emplace(*subject, **subject, Sim::Get()).first->second.Run(input.file.schedule);
    if (arguments->mail) return Mail(*arguments, input, run);
    if (!arguments->sarif) return Write(*arguments, Report(*arguments, input, run));
    sarif.Add(run);
  }
  return Write(*arguments, JsonText(sarif.Log()) + "\n");
}

}  // namespace

const Command kShowCommand = {"show", "print or draw the report of one schedule",
                              R"(usage: nofail show FILE|--seed N [--subject S] [--target T]
                   [--verbose] [--json]
       nofail show FILE|--seed N [--subject S] [--target T] --html
                   [-o OUT.html] [--force]
       nofail show FILE|--seed N [--subject S] [--target T] --mail
                   [--console LOG] [-o OUT.txt] [--force]
       nofail show FILE|--seed N [--subject S] [--target T] --perfetto
                   [-o OUT.json] [--force]
       nofail show FILE... --sarif [-o OUT.sarif] [--force]
       nofail show CERTIFICATE [--json | --html [-o OUT.html] [--force]]

Runs one schedule and prints its report: the violations, the life of each
object involved, the schedule as sentences, and the trace with one column for
each task. Colours are used on a terminal, unless NO_COLOR is set.

Of a certificate (`nofail explore -o`) it shows what was searched, what was
found and what was left out; the page has all of it.

  --subject S   what to run it on; `nofail --list` has the names. Otherwise the
                first subject that the schedule's expect lines name, or posted
  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or
                lifecycle
  --verbose     every event of the trace instead of what matters
  --json        the same as data
  --html        a page for a browser: a lane for each task, locks, reader
                sections and grace periods as bars, the objects' lives; every
                event is in it. Goes to the standard output without -o
  --mail        a mail to who maintains the code: plain text of 72 columns that
                stands alone. What is wrong, a column for each CPU, what it
                needed, how to replay it and to reproduce it on a real kernel
  --console LOG with --mail: quotes this file, such as the excerpt of a real
                kernel's console that ./scripts/reproduce saves
  --perfetto    the run for ui.perfetto.dev and chrome://tracing: a thread for
                each task, slices for ops, functions, reader sections and locks,
                arrows for who reads what. The event number is the time in us
  --sarif       the violations for code hosts, which show them beside source
                lines (SARIF 2.1.0); of several schedules as one log, each
                signature once. Listed violations are suppressed results
  --worse       with --sarif: listed violations are news, too, because they are
                worse than what is listed
  -o OUT        the file to write; one that exists is left alone
  --force       overwrites it

examples:
  nofail show crash-8a53b1
  nofail show crash-8a53b1 --html -o crash.html
  nofail show corpus/known/map_free-bucket-timeout.sched --verbose | less -S
  nofail show crash-8a53b1 --mail --console console.txt -o mail.txt
  nofail show certificate.json --html -o certificate.html

exit code: 0 whatever the verdict, 2 unreadable input, wrong usage, or output
that cannot be written, 4 --mail of a run in which nothing is wrong
)",
                              Run};

}  // namespace nofail
