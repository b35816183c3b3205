// SPDX-License-Identifier: MIT
#include "fuzz/engine/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nofail {
namespace {

int byte_mutations = 0;
size_t FlipFirst(uint8_t* data, size_t size, size_t) {
  ++byte_mutations;
  if (size > 0) data[0] ^= 0xff;
  return size;
}

TEST(MutateInput, KeepsToTheRoomThereIsAndGivesTheEngineItsShare) {
  byte_mutations = 0;
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::vector<uint8_t> data = Encode(Decode({}, Profile::kTeardown));
    const size_t size = data.size(), room = seed % 2 == 0 ? kMaxInputBytes : size - 3;
    data.resize(room);
    ASSERT_LE(MutateInput({Profile::kTeardown, FlipFirst, nullptr}, data.data(), std::min(size, room), room, seed),
              room);
  }
  EXPECT_GT(byte_mutations, 300);
}

TEST(MutateInput, WorksWithoutAnEngineAndDependsOnTheSeedAlone) {
  int changed = 0;
  for (uint32_t seed = 0; seed < 500; ++seed) {
    const std::vector<uint8_t> before = Encode(Decode({}, Profile::kLifecycle));
    std::vector<uint8_t> a = before, b = before;
    a.resize(kMaxInputBytes), b.resize(kMaxInputBytes);
    a.resize(MutateInput({Profile::kLifecycle, nullptr, nullptr}, a.data(), before.size(), a.size(), seed));
    b.resize(MutateInput({Profile::kLifecycle, nullptr, nullptr}, b.data(), before.size(), b.size(), seed));
    ASSERT_EQ(a, b);
    changed += a != before;
  }
  EXPECT_GT(changed, 490);
}

TEST(MutateInput, ChangesASeedThatIsText) {
  const std::string text =
      "nofail schedule 1\nmap m0 type=inode\nowner o0 type=inode\ntask A: destroy o0\ntask B: map_free m0\n";
  int inodes = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::vector<uint8_t> data(text.begin(), text.end());
    data.resize(kMaxInputBytes);
    data.resize(MutateInput({Profile::kTeardown, nullptr, nullptr}, data.data(), text.size(), data.size(), seed));
    Schedule s;
    DecodeInput(Profile::kTeardown, data, &s);
    inodes += s.maps[0].type == STORAGE_INODE;
  }
  EXPECT_GT(inodes, 100) << "most keep what the text says";
}

TEST(CrossInputs, ComesOutAsASchedule) {
  const std::vector<uint8_t> first = Encode(Decode({}, Profile::kTeardown)), second = {7, 9, 9, 9};
  int crossed = 0;
  for (uint32_t seed = 0; seed < 100; ++seed) {
    std::vector<uint8_t> out(kMaxInputBytes);
    const size_t size = CrossInputs(Profile::kTeardown, first, second, out, seed);
    ASSERT_LE(size, kMaxEncodedBytes);
    crossed += size != 0;
    ASSERT_EQ(CrossInputs(Profile::kTeardown, first, second, std::span(out).first(4), seed), 0u) << "no room";
  }
  EXPECT_GT(crossed, 30);
}

}  // namespace
}  // namespace nofail
