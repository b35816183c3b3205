// SPDX-License-Identifier: MIT
//
// nofail list: what is listed for a subject, in which circumstances, and what of the crash corpus it does not show.
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

nlohmann::ordered_json ListingsJson(const std::string& subject, const Listings& listings) {
  nlohmann::ordered_json listed = nlohmann::ordered_json::array(), gone = nlohmann::ordered_json::array();
  for (const auto& [signature, listing] : listings.all()) {
    std::vector<std::string> sightings;
    for (const Sighting& sighting : listing.sightings) sightings.push_back(SightingText(sighting));
    listed.push_back(
        {{"signature", signature}, {"name", listing.name}, {"known", listing.is_known}, {"sightings", sightings}});
  }
  for (const Gone& row : listings.gone()) {
    gone.push_back({{"signature", row.signature}, {"name", row.name}, {"schedule", row.schedule}});
  }
  return {{"format", 1}, {"subject", subject}, {"as_on", ReferenceOf(subject)}, {"listed", listed}, {"gone", gone}};
}

void PrintListings(const std::string& subject, const Listings& listings) {
  const std::string reference = ReferenceOf(subject);
  const bool is_told = reference == subject || reference.empty();
  absl::PrintF("listed for %s%s\n", subject, is_told ? "" : absl::StrCat(", as on ", reference));
  for (const auto& [signature, listing] : listings.all()) {
    absl::PrintF("  %s\n      %s: %s\n", signature, listing.is_known ? "known limitation" : "finding", listing.name);
    for (const Sighting& sighting : listing.sightings) absl::PrintF("      %s\n", SightingText(sighting));
  }
  if (listings.gone().empty()) return;
  absl::PrintF("gone: the crash corpus no longer shows these\n");
  for (const Gone& row : listings.gone()) absl::PrintF("  %s\n      %s\n", row.signature, row.schedule);
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "--subject --json");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (!arguments->files.empty()) return Fail(kUsage, "list: takes no file; `nofail replay` runs one");
  InstallSanitizerHooks(nullptr);
  const subject* first[] = {AllSubjects().front()};
  const absl::Span<const subject* const> subjects =
      arguments->subjects.empty() ? absl::MakeConstSpan(first) : absl::MakeConstSpan(arguments->subjects);
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const subject* subject : subjects) {
    Executor executor(*subject, Sim::Get());
    const Listings listings = ListByReplay(subject->name, &executor, Effort::kThorough);
    if (arguments->json) {
      all.push_back(ListingsJson(subject->name, listings));
    } else {
      PrintListings(subject->name, listings);
    }
  }
  if (arguments->json) absl::PrintF("%s\n", nlohmann::ordered_json({{"subjects", all}}).dump(2));
  return kAsExpected;
}

}  // namespace

const Command kListCommand = {"list", "say what is listed for a subject",
                              R"(usage: nofail list [--subject S]... [--json]

Runs the crash corpus (compiled in) on a subject and says which violations are
listed for it: fuzzing counts these and goes on. With each come the
circumstances in which it is no news: storage type, RCU configuration, and the
fewest failures after which it shows. The same violation in other circumstances,
such as after fewer failures, is worse than what is listed, and is news.

A Linux tree has the listings of the newest version that the corpus was written
for, as far as the tree shows them. What it does not show is gone.

  --subject S   which; `nofail --list` has the names, all stands for all of
                them. Without it: the first
  --json        the same as data

example:
  nofail list --subject linux-7.2

exit code: 0 printed, 2 wrong usage
)",
                              Run};

}  // namespace nofail
