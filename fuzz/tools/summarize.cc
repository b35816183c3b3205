// SPDX-License-Identifier: MIT
//
// nofail summarize: what several fuzz processes have counted, as one.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/engine/status_file.h"
#include "fuzz/report/json_report.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<Status> ReadStatus(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad() || !in.is_open()) return absl::NotFoundError(absl::StrCat(path.string(), ": cannot be read"));
  absl::StatusOr<Status> status = ParseStatus(text);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat(path.string(), ":", status.status().message()));
  return status;
}

absl::StatusOr<Status> Unite(const std::string& folder) {
  Status all;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!absl::StartsWith(name, ".status.") || name.find_first_not_of("0123456789.", 8) != std::string::npos) continue;
    const absl::StatusOr<Status> status = ReadStatus(entry.path());
    if (!status.ok()) return status.status();
    UniteStatus(*status, &all);
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  return all;
}

nlohmann::ordered_json AccessJson(const AccessPlace& place) {
  return {{"access", place.access}, {"file", place.file}, {"line", place.line}, {"function", place.function}};
}

nlohmann::ordered_json StatusJson(const Status& status) {
  nlohmann::ordered_json violations = nlohmann::ordered_json::array();
  for (const ViolationCount& seen : status.violations) {
    violations.push_back({{"listed", seen.listed},
                          {"count", seen.count},
                          {"first", seen.first},
                          {"name", seen.name},
                          {"signature", seen.signature}});
  }
  nlohmann::ordered_json pairs = nlohmann::ordered_json::array();
  for (const PairCount& count : status.pair_counts) {
    pairs.push_back({{"signature", count.signature},
                     {"both", count.both},
                     {"subject_alone", count.subject_alone},
                     {"baseline_alone", count.baseline_alone},
                     {"clear_rise", count.IsClearRise()}});
  }
  nlohmann::ordered_json attempts = nlohmann::ordered_json::array();
  for (const AttemptCount& count : status.attempts) {
    attempts.push_back({{"file", count.file},
                        {"line", count.line},
                        {"function", count.function},
                        {"result", count.result},
                        {"count", count.count}});
  }
  nlohmann::ordered_json orders = nlohmann::ordered_json::array();
  for (const OrderCount& count : status.orders) {
    orders.push_back({{"kind", count.kind},
                      {"offset", count.offset},
                      {"first", AccessJson(count.first)},
                      {"second", AccessJson(count.second)},
                      {"first_then_second", count.first_then_second},
                      {"second_then_first", count.second_then_first}});
  }
  return {{"format", 1},
          {"executions", status.executions},
          {"events", status.events},
          {"interleavings", status.interleavings.Estimate()},
          {"violations", violations},
          {"pairs", status.pairs},
          {"pair_counts", pairs},
          {"attempt_runs", status.attempt_runs},
          {"attempts", attempts},
          {"order_runs", status.order_runs},
          {"orders", orders}};
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->files.size() != 1) return Fail(kUsage, "summarize: expected one folder, of findings");
  const absl::StatusOr<Status> status = Unite(arguments->files[0]);
  if (!status.ok()) return Fail(kUsage, status.status().message());
  absl::PrintF("%s\n", JsonText(StatusJson(*status)));
  return kAsExpected;
}

}  // namespace

const Command kSummarizeCommand = {"summarize", "count what fuzz processes have seen",
                                   R"(usage: nofail summarize FOLDER

Reads the status files that fuzz binaries keep in the folder of their findings
(--findings=FOLDER), while they run or afterwards, and prints their counts as
one JSON object: executions, events, about how many different interleavings
were seen by all of them together (HyperLogLog, standard error 3 %), and how
often each violation was seen. With a baseline, also how many schedules ran on
both subjects (pairs), and how often each violation showed on which. Of some
executions (attempt_runs), also what became of attempts to take a lock and to
allocate, at each place of the source. With --orders (order_runs), in how many
two conflicting accesses of two tasks came in which order.

example:
  nofail summarize build/fuzz/teardown-posted-address/findings

exit code: 0 printed, 2 wrong usage or a file that cannot be read
)",
                                   Run};

}  // namespace nofail
