// SPDX-License-Identifier: MIT
#include "fuzz/minimize/minimizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fuzz/check/gravity.h"
#include "fuzz/minimize/sandbox.h"

namespace nofail {
namespace {

using Status = Minimized::Status;

bool Has(const SandboxResult& result, const std::string& signature) {
  return std::find(result.signatures.begin(), result.signatures.end(), signature) != result.signatures.end();
}

// The circumstances in which the violation showed. REQUIRES: the result has it.
std::optional<Sighting> SightingIn(const SandboxResult& result, const std::string& signature) {
  const auto found = std::find(result.signatures.begin(), result.signatures.end(), signature);
  if (result.sightings.empty()) return std::nullopt;  // the run ended its process
  return result.sightings[static_cast<size_t>(found - result.signatures.begin())];
}

// The schedule that runs as `result` did, with deviations only and no policy.
Schedule AsRun(Schedule schedule, const SandboxResult& result) {
  schedule.policy = {};
  schedule.deviations = result.recorded;
  return schedule;
}

class Minimizer {
 public:
  Minimizer(const subject& subject, const MinimizeOptions& options) : sandbox_(subject), options_(options) {
    if (options.baseline != nullptr) baseline_.emplace(*options.baseline);
  }

  Minimized Minimize(const Schedule& schedule);

 private:
  // The second run of the schedule. Sets the signature to keep: the one asked for, or the gravest.
  SandboxResult RunAndChoose(const Schedule& schedule, const SandboxResult& first);
  // Runs the schedule twice. Sets the signature to keep and returns the schedule as it ran. When there is nothing to
  // minimize, sets the status and returns nothing.
  std::optional<Schedule> Prove(const Schedule& schedule);
  // The Probe (passes.h) of the search.
  std::optional<Schedule> Probe(const Schedule& candidate);
  // Whether the violation showed in circumstances that are no better an excuse than those at the start.
  bool InSameCircumstances(const SandboxResult& result) const {
    const std::optional<Sighting> now = SightingIn(result, result_.signature);
    if (!now || !start_) return now == start_;
    return IsAtMost(now->need, start_->need) && (now->types & ~start_->types) == 0 &&
           now->preemptible_rcu == start_->preemptible_rcu;
  }
  // Whether there is a baseline that shows the violation as well.
  bool IsInBaseline(const Schedule& schedule, Range range = Range::kClose) {
    return baseline_ && baseline_->ShowsNearby(schedule, result_.signature, range);
  }
  // Runs all passes and returns the best schedule.
  Schedule Reduce(Schedule start);
  // The best schedule that the baseline does not show in a wide range; nothing if it shows each.
  std::optional<Schedule> ReduceBesideBaseline(const Schedule& start);
  // Runs the best schedule twice and fills in the result.
  void Conclude(Schedule best);
  // Runs the schedule in a new process, with its story.
  SandboxResult RunFresh(const Schedule& schedule) {
    sandbox_.Renew();
    return sandbox_.Explain(schedule, result_.signature);
  }

  Sandbox sandbox_;
  std::optional<Sandbox> baseline_;
  const MinimizeOptions& options_;
  Search* search_ = nullptr;
  const Pass* pass_ = nullptr;
  Minimized result_ = {};
  std::optional<Sighting> start_;  // the circumstances in the first run
  bool keeps_circumstances_ = false;
  Range range_ = Range::kClose;  // in which the baseline may not show a candidate
};

SandboxResult Minimizer::RunAndChoose(const Schedule& schedule, const SandboxResult& first) {
  result_.signature = options_.signature;
  keeps_circumstances_ = options_.worse;
  if (result_.signature.empty() && first.died) result_.signature = first.signatures.front();
  if (!result_.signature.empty()) return RunFresh(schedule);
  sandbox_.Renew();
  SandboxResult run = sandbox_.Rate(schedule);
  if (run.signatures.empty() || run.harness_bug) return run;
  const size_t kept = Gravest(run.signatures, run.news);
  result_.signature = run.signatures[kept];
  keeps_circumstances_ |= run.news[kept] == News::kWorse;
  return run;
}

std::optional<Schedule> Minimizer::Prove(const Schedule& schedule) {
  const SandboxResult first = RunFresh(schedule), second = RunAndChoose(schedule, first);
  result_.signatures = first.signatures;
  result_.other_signatures = second.signatures;
  if (first.harness_bug || second.harness_bug) {
    result_.status = Status::kHarnessBug;
  } else if (first.trace != second.trace || Has(first, result_.signature) != Has(second, result_.signature)) {
    result_.status = Status::kUnstable;
  } else if (first.signatures.empty() && second.signatures.empty()) {
    result_.status = Status::kPasses;
  } else if (!Has(first, result_.signature)) {
    result_.status = Status::kOtherwise;
  } else if (IsInBaseline(schedule) || IsInBaseline(AsRun(schedule, first))) {
    result_.status = Status::kInBaseline;
  } else if (!options_.accept(result_.signature)) {
    result_.status = Status::kNotAccepted;
  } else {
    start_ = SightingIn(first, result_.signature);
    return AsRun(schedule, first);
  }
  return std::nullopt;
}

// A candidate that is kept must violate on two runs, because a sanitizer may see a race in one run and miss it in the
// next. A run that ends its process counts at once.
std::optional<Schedule> Minimizer::Probe(const Schedule& candidate) {
  if (options_.is_interrupted()) search_->Stop();
  if (search_->stopped()) return std::nullopt;
  options_.on_progress(*pass_, *search_);
  const SandboxResult result = sandbox_.Run(candidate);
  if (result.harness_bug) {
    result_.status = Status::kHarnessBug;
    search_->Stop();
  }
  if (!Has(result, result_.signature)) return std::nullopt;
  if (keeps_circumstances_ && !InSameCircumstances(result)) return std::nullopt;
  if (!result.died && !Has(sandbox_.Run(candidate), result_.signature)) return std::nullopt;
  if (IsInBaseline(candidate, range_)) return std::nullopt;
  return AsRun(candidate, result);
}

Schedule Minimizer::Reduce(Schedule start) {
  Search search(std::move(start), [this](const Schedule& candidate) { return Probe(candidate); });
  search_ = &search;
  RunPasses(&search, [this](const Pass& pass) {
    pass_ = &pass;
    options_.on_progress(pass, *search_);
  });
  result_.tried = search.tried();
  if (search.stopped() && result_.status == Status::kDone) result_.status = Status::kInterrupted;
  return search.best();
}

// Of a violation that the baseline has by the same name, it may show any candidate, so each has to be looked around at.
// That takes long, and for one that is new it is hardly ever of use: there the end alone is looked around at first.
std::optional<Schedule> Minimizer::ReduceBesideBaseline(const Schedule& start) {
  for (range_ = keeps_circumstances_ ? Range::kClose : Range::kHere;; range_ = Range::kClose) {
    Schedule best = Reduce(start);
    if (result_.status == Status::kHarnessBug || !IsInBaseline(best, Range::kWide)) return best;
    if (range_ == Range::kClose || result_.status == Status::kInterrupted) return std::nullopt;
  }
}

void Minimizer::Conclude(Schedule best) {
  const SandboxResult first = RunFresh(best), second = RunFresh(best);
  const bool stable = first.trace == second.trace && Has(first, result_.signature) && Has(second, result_.signature);
  if (!stable) result_.status = Status::kUnstable;
  result_.signatures = first.signatures;
  result_.other_signatures = second.signatures;
  result_.story = first.story;
  result_.schedule = std::move(best);
}

Minimized Minimizer::Minimize(const Schedule& schedule) {
  std::optional<Schedule> start = Prove(schedule);
  if (!start) return std::move(result_);
  result_.status = Status::kDone;
  std::optional<Schedule> best = baseline_ ? ReduceBesideBaseline(*start) : Reduce(*std::move(start));
  if (result_.status == Status::kHarnessBug) return std::move(result_);
  if (best) {
    Conclude(*std::move(best));
  } else {
    result_.status = Status::kInBaseline;
  }
  return std::move(result_);
}

}  // namespace

size_t Gravest(std::span<const std::string> signatures, std::span<const News> news) {
  const bool has_news = std::any_of(news.begin(), news.end(), [](News n) { return n != News::kNone; });
  std::optional<size_t> best;
  for (size_t i = 0; i < signatures.size(); ++i) {
    if (has_news && news[i] == News::kNone) continue;
    if (!best || GravityOf(signatures[i]) < GravityOf(signatures[*best])) best = i;
  }
  return *best;
}

Minimized Minimize(const subject& subject, const Schedule& schedule, const MinimizeOptions& options) {
  return Minimizer(subject, options).Minimize(schedule);
}

}  // namespace nofail
