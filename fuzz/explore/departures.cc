// SPDX-License-Identifier: MIT
#include "fuzz/explore/departures.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/exec/choosers.h"

namespace nofail {

namespace {

// Answers as a schedule says, and counts.
class CountingChooser final : public Chooser {
 public:
  explicit CountingChooser(const Schedule& schedule) { chooser_.Set(schedule); }
  void Begin() override {
    chooser_.Begin();
    departures = {};
  }
  uint16_t Choose(const Choice& choice) override {
    const uint16_t answer = chooser_.Choose(choice);
    const int departure = DepartureOf(choice);
    if (answer != 0 && departure != kDepartures) ++departures[static_cast<size_t>(departure)];
    return answer;
  }
  Departures departures = {};

 private:
  ScheduleChooser chooser_;
};

}  // namespace

Departures DeparturesOf(const Schedule& schedule, Executor* executor) {
  CountingChooser chooser(schedule);
  executor->Run(schedule, &chooser);
  return chooser.departures;
}

std::string DeparturesText(const Departures& departures) {
  static constexpr const char* kWords[] = {"preemption", "failed lock", "failed allocation", "late grace period",
                                           "restart"};
  std::vector<std::string> parts;
  for (size_t i = 0; i < departures.size(); ++i) {
    if (departures[i] == 0) continue;
    parts.push_back(absl::StrCat(departures[i], " ", kWords[i], departures[i] == 1 ? "" : "s"));
  }
  return parts.empty() ? "none" : absl::StrJoin(parts, ", ");
}

}  // namespace nofail
