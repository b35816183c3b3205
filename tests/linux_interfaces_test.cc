// SPDX-License-Identifier: MIT
//
// Whether the shims (core/subjects/linux) give everyday kernel interfaces their meaning: the values, the memory orders,
// the faults, and what two tasks can make of them in every interleaving. The interfaces are in linux_interfaces.c.
#include "tests/linux_interfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "fuzz/report/describe.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

constexpr size_t kEveryday = 80;  // how many interfaces there are to be at least

template <typename Row>
std::vector<const Row*> Rows(const Row* rows) {
  std::vector<const Row*> all;
  for (const Row* row = rows; row->name != nullptr; ++row) all.push_back(row);
  return all;
}
template <typename Row>
std::string NameOfRow(const testing::TestParamInfo<const Row*>& info) {
  std::string name = info.param->name;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

// What `interface::trace` is about, of the run that the simulator has just made.
std::string TraceText() {
  std::vector<std::string> said;
  for (const Event& e : Sim::Get().trace().events()) {
    if (e.kind == EventKind::kFault) said.push_back(std::string("!") + FaultText(e.fault()));
    if (e.kind == EventKind::kWarning) said.push_back("WARNING");
    if (e.HasOrder()) said.push_back(OrderText(e));
  }
  return absl::StrJoin(said, " ");
}

class InterfaceTest : public testing::TestWithParam<const interface*> {};

TEST_P(InterfaceTest, DoesWhatItsDocumentationSays) {
  static bool right;
  right = false;
  reset_interfaces();
  Litmus().Task([](Shared&) { right = GetParam()->check(); }).Outcomes();
  EXPECT_TRUE(right) << "the values are wrong";
  if (GetParam()->trace != nullptr) {
    EXPECT_EQ(TraceText(), GetParam()->trace);
  }
}
INSTANTIATE_TEST_SUITE_P(Each, InterfaceTest, testing::ValuesIn(Rows(interfaces)), NameOfRow<interface>);

// Where a fault is expected, what the thread sanitizer says of the same mistake depends on the interleaving. What has
// no fault must have no race either.
std::set<std::string> WithoutRacesOfFaults(const std::vector<std::string>& outcomes, const meeting& m) {
  std::set<std::string> kept;
  for (const std::string& outcome : outcomes) {
    const bool expects_fault = std::string(m.outcomes).find('!') != std::string::npos;
    kept.insert(expects_fault ? absl::StrReplaceAll(outcome, {{"!data-race ", ""}, {" !data-race", ""}}) : outcome);
  }
  return kept;
}

class MeetingTest : public testing::TestWithParam<const meeting*> {};

TEST_P(MeetingTest, HasTheseOutcomes) {
  const meeting& m = *GetParam();
  const auto outcomes = Litmus()
                            .Init([&](Shared&) { reset_interfaces(), m.init(); })
                            .Task([&](Shared&) { m.a(); })
                            .Task([&](Shared&) { m.b(); })
                            .Final([&](Shared&) { return std::string(m.is_right() ? "right" : "wrong"); })
                            .WithRaces()
                            .Outcomes();
  EXPECT_EQ(absl::StrJoin(WithoutRacesOfFaults(Keys(outcomes), m), " | "), m.outcomes);
}
INSTANTIATE_TEST_SUITE_P(Each, MeetingTest, testing::ValuesIn(Rows(meetings)), NameOfRow<meeting>);

TEST(Interfaces, CoverEverydayOnes) {
  std::set<std::string> names;
  for (const interface* row : Rows(interfaces)) names.insert(row->name);
  EXPECT_GE(names.size(), kEveryday);
  EXPECT_EQ(names.size(), Rows(interfaces).size()) << "an interface is there twice";
}

}  // namespace
}  // namespace nofail
