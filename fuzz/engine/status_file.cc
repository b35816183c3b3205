// SPDX-License-Identifier: MIT
#include "fuzz/engine/status_file.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace nofail {
namespace {

using Values = std::vector<absl::string_view>;

constexpr absl::string_view kNoFile = "-";

bool ReadViolation(const Values& values, Status* status) {
  ViolationCount seen;
  if (values.size() != 5 || !absl::SimpleAtoi(values[1], &seen.count) || !absl::SimpleAtoi(values[2], &seen.first)) {
    return false;
  }
  seen.listed = std::string(values[0]);
  seen.name = std::string(values[3]);
  seen.signature = std::string(values[4]);
  status->violations.push_back(seen);
  return true;
}

bool ReadPair(const Values& values, Status* status) {
  PairCount count;
  if (values.size() != 4 || !absl::SimpleAtoi(values[0], &count.both) ||
      !absl::SimpleAtoi(values[1], &count.subject_alone) || !absl::SimpleAtoi(values[2], &count.baseline_alone)) {
    return false;
  }
  count.signature = std::string(values[3]);
  status->pair_counts.push_back(count);
  return true;
}

bool ReadAttempt(const Values& values, Status* status) {
  AttemptCount count;
  if (values.size() != 5 || !absl::SimpleAtoi(values[1], &count.count) || !absl::SimpleAtoi(values[2], &count.line)) {
    return false;
  }
  count.result = std::string(values[0]);
  count.file = std::string(values[3]);
  count.function = std::string(values[4]);
  status->attempts.push_back(count);
  return true;
}

bool ReadAccess(const Values& values, size_t from, AccessPlace* place) {
  place->access = std::string(values[from]);
  if (values[from + 2] != kNoFile) place->file = std::string(values[from + 2]);
  place->function = std::string(values[from + 3]);
  return absl::SimpleAtoi(values[from + 1], &place->line);
}

bool ReadOrder(const Values& values, Status* status) {
  OrderCount count;
  if (values.size() != 12 || !absl::SimpleAtoi(values[1], &count.offset) ||
      !absl::SimpleAtoi(values[2], &count.first_then_second) ||
      !absl::SimpleAtoi(values[3], &count.second_then_first) || !ReadAccess(values, 4, &count.first) ||
      !ReadAccess(values, 8, &count.second)) {
    return false;
  }
  count.kind = std::string(values[0]);
  AddOrder(std::move(count), &status->orders);
  return true;
}

bool ReadInterleavings(absl::string_view registers, Status* status) {
  const std::optional<HyperLogLog> seen = HyperLogLog::FromText({registers.data(), registers.size()});
  if (seen) status->interleavings = *seen;
  return seen.has_value();
}

bool ReadLine(absl::string_view keyword, const Values& values, Status* status) {
  if (keyword == "violation") return ReadViolation(values, status);
  if (keyword == "pair") return ReadPair(values, status);
  if (keyword == "attempt") return ReadAttempt(values, status);
  if (keyword == "order") return ReadOrder(values, status);
  if (values.size() != 1) return false;
  if (keyword == "executions") return absl::SimpleAtoi(values[0], &status->executions);
  if (keyword == "events") return absl::SimpleAtoi(values[0], &status->events);
  if (keyword == "pairs") return absl::SimpleAtoi(values[0], &status->pairs);
  if (keyword == "attempts") return absl::SimpleAtoi(values[0], &status->attempt_runs);
  if (keyword == "orders") return absl::SimpleAtoi(values[0], &status->order_runs);
  if (keyword == "seconds") return absl::SimpleAtod(values[0], &status->seconds);
  if (keyword == "interleavings") return ReadInterleavings(values[0], status);
  status->is_done = values[0] == "done";
  return keyword == "state";
}

void AddViolation(const ViolationCount& seen, std::vector<ViolationCount>* all) {
  const auto same = std::find_if(all->begin(), all->end(), [&](const ViolationCount& mine) {
    return mine.signature == seen.signature && mine.listed == seen.listed;
  });
  if (same == all->end()) {
    all->push_back(seen);
    return;
  }
  same->count += seen.count;
  same->first = std::min(same->first, seen.first);
}

void AddPair(const PairCount& count, std::vector<PairCount>* all) {
  const auto same =
      std::find_if(all->begin(), all->end(), [&](const PairCount& mine) { return mine.signature == count.signature; });
  if (same == all->end()) {
    all->push_back(count);
    return;
  }
  same->both += count.both;
  same->subject_alone += count.subject_alone;
  same->baseline_alone += count.baseline_alone;
}

void AddAttempt(const AttemptCount& count, std::vector<AttemptCount>* all) {
  const auto place = [](const AttemptCount& a) { return std::tie(a.line, a.result, a.file, a.function); };
  const auto same =
      std::find_if(all->begin(), all->end(), [&](const AttemptCount& mine) { return place(mine) == place(count); });
  if (same == all->end()) {
    all->push_back(count);
  } else {
    same->count += count.count;
  }
}

std::string AccessText(const AccessPlace& place) {
  return absl::StrCat(place.access, " ", place.line, " ", place.file.empty() ? kNoFile : place.file, " ",
                      place.function);
}

}  // namespace

bool OrderLess::operator()(const OrderCount& a, const OrderCount& b) const {
  return std::tie(a.kind, a.offset, a.first, a.second) < std::tie(b.kind, b.offset, b.first, b.second);
}

void AddOrder(OrderCount count, OrderCounts* all) {
  if (count.second < count.first) {
    std::swap(count.first, count.second);
    std::swap(count.first_then_second, count.second_then_first);
  }
  if (auto same = all->extract(count)) {
    count.first_then_second += same.value().first_then_second;
    count.second_then_first += same.value().second_then_first;
  }
  all->insert(std::move(count));
}

bool PairCount::IsClearRise() const {
  const double here = static_cast<double>(subject_alone), there = static_cast<double>(baseline_alone);
  const bool is_no_chance = here - there >= 4 * std::sqrt(here + there) && here > 0;
  return is_no_chance && 2 * (both + subject_alone) >= 3 * (both + baseline_alone);
}

std::string FormatStatus(const Status& status) {
  std::string text = absl::StrFormat("state %s\nexecutions %d\nevents %d\nseconds %.1f\ninterleavings %s\n",
                                     status.is_done ? "done" : "running", status.executions, status.events,
                                     status.seconds, status.interleavings.Text());
  for (const ViolationCount& seen : status.violations) {
    absl::StrAppendFormat(&text, "violation %s %d %d %s %s\n", seen.listed, seen.count, seen.first, seen.name,
                          seen.signature);
  }
  if (status.pairs > 0) absl::StrAppendFormat(&text, "pairs %d\n", status.pairs);
  for (const PairCount& count : status.pair_counts) {
    absl::StrAppendFormat(&text, "pair %d %d %d %s\n", count.both, count.subject_alone, count.baseline_alone,
                          count.signature);
  }
  if (status.attempt_runs > 0) absl::StrAppendFormat(&text, "attempts %d\n", status.attempt_runs);
  for (const AttemptCount& count : status.attempts) {
    absl::StrAppendFormat(&text, "attempt %s %d %d %s %s\n", count.result, count.count, count.line, count.file,
                          count.function);
  }
  if (status.order_runs > 0) absl::StrAppendFormat(&text, "orders %d\n", status.order_runs);
  for (const OrderCount& count : status.orders) {
    absl::StrAppendFormat(&text, "order %s %d %d %d %s %s\n", count.kind, count.offset, count.first_then_second,
                          count.second_then_first, AccessText(count.first), AccessText(count.second));
  }
  return text;
}

absl::StatusOr<Status> ParseStatus(absl::string_view text) {
  Status status;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    Values values = absl::StrSplit(line, ' ');
    const absl::string_view keyword = values.front();
    values.erase(values.begin());
    if (!ReadLine(keyword, values, &status)) {
      return absl::InvalidArgumentError(absl::StrCat(number, ": is no line of a status file"));
    }
  }
  return status;
}

void UniteStatus(const Status& other, Status* status) {
  status->is_done &= other.is_done;
  status->executions += other.executions;
  status->events += other.events;
  status->seconds = std::max(status->seconds, other.seconds);
  status->interleavings.Unite(other.interleavings);
  for (const ViolationCount& seen : other.violations) AddViolation(seen, &status->violations);
  status->pairs += other.pairs;
  for (const PairCount& count : other.pair_counts) AddPair(count, &status->pair_counts);
  status->attempt_runs += other.attempt_runs;
  for (const AttemptCount& count : other.attempts) AddAttempt(count, &status->attempts);
  status->order_runs += other.order_runs;
  for (const OrderCount& count : other.orders) AddOrder(count, &status->orders);
}

}  // namespace nofail
