// SPDX-License-Identifier: MIT
#include "fuzz/report/side_by_side.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/base/wrap.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

constexpr uint32_t kCommonEvents = 4, kOwnEvents = 3;  // that are shown at most
constexpr size_t kNumberWidth = 6, kGap = 2;

// A value without what depends on the layout of structures.
uint64_t WithoutOffset(uint64_t value) {
  return IsPointer(value) ? PackPointer(PointerObject(value), 0) : value;
}

bool IsSame(const Event& a, const Event& b) {
  return a.kind == b.kind && a.detail == b.detail && a.op == b.op && a.object == b.object &&
         WithoutOffset(a.value) == WithoutOffset(b.value);
}

// "A: lock storage0+160 FAILS: -ETIMEDOUT".
std::string TextOf(const JudgedRun& run, uint32_t event) {
  const Event& e = run.trace.events()[event];
  const std::string who = ByWhom(e);
  return who.empty() ? Describe(run, event) : absl::StrCat(who, ": ", Describe(run, event));
}

std::vector<Line> LinesOf(const JudgedRun& run, uint32_t event, size_t width) {
  if (event >= run.trace.size()) return {};
  return Wrap(TextOf(run, event), absl::StrCat("  ", SiteText(run.trace.events()[event])), width);
}

std::string Pad(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

// The event with this number of each run, in two columns.
void AppendOwn(const JudgedRun& a, const JudgedRun& b, uint32_t event, size_t column, std::string* out) {
  const std::vector<Line> left = LinesOf(a, event, column), right = LinesOf(b, event, column);
  std::string number = absl::StrFormat("%5d ", event);
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string mine = i < left.size() ? left[i].text + left[i].site : "";
    const std::string other = i < right.size() ? right[i].text + right[i].site : "";
    absl::StrAppend(out, number, other.empty() ? mine : absl::StrCat(Pad(mine, column + kGap), other), "\n");
    number.assign(kNumberWidth, ' ');
  }
}

// An event that both runs have, in one column.
void AppendCommon(const JudgedRun& run, uint32_t event, size_t width, std::string* out) {
  std::string number = absl::StrFormat("%5d ", event);
  for (const Line& line : LinesOf(run, event, width)) {
    absl::StrAppend(out, number, line.text, line.site, "\n");
    number.assign(kNumberWidth, ' ');
  }
}

void AppendVerdict(const JudgedRun& run, std::string* out) {
  absl::StrAppend(out, run.subject.name, run.verdict.pass() ? ": passes\n" : " violates:\n");
  for (const Violation& violation : run.verdict.violations) absl::StrAppend(out, "  ", violation.Signature(), "\n");
}

}  // namespace

std::optional<uint32_t> FirstDifference(const JudgedRun& a, const JudgedRun& b) {
  const auto left = a.trace.events(), right = b.trace.events();
  const auto [mine, other] = std::mismatch(left.begin(), left.end(), right.begin(), right.end(), IsSame);
  if (mine == left.end() && other == right.end()) return std::nullopt;
  return static_cast<uint32_t>(mine - left.begin());
}

std::string SideBySide(const JudgedRun& a, const JudgedRun& b, size_t width) {
  std::string out;
  width = std::max<size_t>(width, 64) - kNumberWidth;
  const size_t column = (width - kGap) / 2;
  const std::optional<uint32_t> first = FirstDifference(a, b);
  if (!first) {
    absl::StrAppend(&out, "both runs have the same ", a.trace.size(), " events\n");
  } else {
    for (uint32_t i = *first - std::min(*first, kCommonEvents); i < *first; ++i) AppendCommon(a, i, width, &out);
    absl::StrAppend(&out, std::string(kNumberWidth, ' '), Pad(absl::StrCat("-- ", a.subject.name), column + kGap),
                    "-- ", b.subject.name, "\n");
    for (uint32_t i = *first; i < *first + kOwnEvents; ++i) AppendOwn(a, b, i, column, &out);
  }
  AppendVerdict(a, &out);
  AppendVerdict(b, &out);
  return out;
}

}  // namespace nofail
