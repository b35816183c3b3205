// SPDX-License-Identifier: MIT
#include "fuzz/engine/run_status.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/base/write_file.h"
#include "fuzz/engine/status_file.h"

namespace nofail {
namespace {

constexpr std::chrono::seconds kPeriod{1};  // between two writes of the status file, at least
constexpr uint64_t kExecutionsBetweenClockReads = 256;
constexpr size_t kSlugLength = 60;
constexpr uint64_t kSavedSamples = 4;  // that differ from the baseline, for each signature

// Creates an empty status file that no other process has, and returns its path; "" on failure. Ids of processes repeat:
// in each container, one of the first processes is the fuzz binary. So the name is .status.<pid>, or if that file is
// there, .status.<pid>.2, and so on.
std::string NewStatusFile(const std::string& directory) {
  const std::string first = absl::StrCat(directory, "/.status.", getpid());
  std::string path = first;
  for (int number = 2;; ++number) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) close(file);
    if (file >= 0) return path;
    if (errno != EEXIST) return "";
    path = absl::StrCat(first, ".", number);
  }
}

// The names of several files for one signature: SLUG-worse, SLUG-worse-2, and so on.
std::string NumberedName(const std::string& signature, const char* suffix, uint64_t number) {
  return absl::StrCat(SlugOf(signature), suffix, number == 1 ? "" : absl::StrCat("-", number));
}

}  // namespace

std::string SlugOf(const std::string& signature) {
  std::string slug;
  for (const char c : signature.substr(0, kSlugLength)) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
    slug.push_back(plain ? absl::ascii_tolower(static_cast<unsigned char>(c)) : '_');
  }
  return absl::StrFormat("%s-%08x", slug, static_cast<uint32_t>(HashOfSignature(signature)));
}

RunStatus::RunStatus() : start_(std::chrono::steady_clock::now()), written_(start_) {}

void RunStatus::WriteTo(const std::string& directory) {
  directory_ = directory;
  Write(false);
}

void RunStatus::CountExecution(uint32_t events, uint64_t interleaving) {
  events_ += events;
  interleavings_.Add(interleaving);
  if (++executions_ % kExecutionsBetweenClockReads != 0 || directory_.empty()) return;
  if (std::chrono::steady_clock::now() - written_ >= kPeriod) Write(false);
}

RunStatus::Seen& RunStatus::Find(const std::string& signature) {
  auto [it, first] = seen_.try_emplace(HashOfSignature(signature));
  Seen& seen = it->second;
  if (first) {
    seen = {Standing::kNew, signature, SlugOf(signature), executions_, 0, listings_.Find(signature)};
    if (seen.listing != nullptr) {
      seen.standing = seen.listing->is_known ? Standing::kKnown : Standing::kFinding;
      seen.name = seen.listing->name;
    } else if (baseline_.count(signature) != 0) {
      seen.standing = Standing::kFinding;
      seen.name = "baseline";
    }
  }
  return seen;
}

// What was worse once is no news when it is seen again in the same circumstances, so these are listed from now on.
RunStatus::Seen& RunStatus::CountWorse(const Seen& listed, const Sighting& sighting) {
  auto [it, first] = worse_.try_emplace(HashOfSignature(listed.signature));
  Seen& seen = it->second;
  if (first) seen = {Standing::kWorse, listed.signature, "", executions_, 0, listed.listing};
  ++seen.count;
  seen.name = NumberedName(listed.signature, "-worse", seen.count);
  listings_.Add(listed.signature, listed.name, listed.standing == Standing::kKnown, sighting);
  return seen;
}

RunStatus::Counted RunStatus::CountDiffering(const Seen& listed) {
  auto [it, first] = differs_.try_emplace(HashOfSignature(listed.signature));
  Seen& seen = it->second;
  if (first) seen = {Standing::kDiffers, listed.signature, "", executions_, 0, listed.listing};
  const bool is_saved = ++seen.count <= kSavedSamples;
  if (is_saved) seen.name = NumberedName(listed.signature, "-differs", seen.count);
  return {seen, is_saved};
}

RunStatus::Counted RunStatus::CountViolation(const JudgedRun& run, const Violation& violation) {
  Seen& seen = Find(violation.Signature());
  if (seen.listing != nullptr) {
    const Sighting sighting = SightingOf(run, violation);
    if (!seen.listing->Explains(sighting)) return {CountWorse(seen, sighting), true};
  }
  ++seen.count;
  return {seen, seen.count == 1};
}

void RunStatus::Write(bool done) {
  if (directory_.empty()) return;
  written_ = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(written_ - start_).count();
  Status status{done, executions_, events_, seconds, interleavings_, {}};
  attempts_.AddTo(&status);
  if (comparison_ != nullptr) comparison_->AddTo(&status);
  if (orders_ != nullptr) orders_->AddTo(&status);
  constexpr const char* kStandings[] = {"known", "finding", "differs", "worse", "new"};
  for (const auto* all : {&seen_, &worse_, &differs_}) {
    for (const auto& [hash, seen] : *all) {
      if (seen.count == 0) continue;  // it was looked up but never counted: a race that was not confirmed
      const char* standing = kStandings[static_cast<int>(seen.standing)];
      status.violations.push_back({standing, seen.count, seen.first, seen.name, seen.signature});
    }
  }
  // Some engines fork the process. Each child counts for itself.
  if (file_.empty() || owner_ != getpid()) file_ = NewStatusFile(directory_);
  owner_ = getpid();
  // A failure, for example a full disk, is no reason to stop: the next attempt, a second later, may succeed.
  if (!file_.empty()) WriteFile(file_, FormatStatus(status)).IgnoreError();
}

}  // namespace nofail
