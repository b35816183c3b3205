// SPDX-License-Identifier: MIT
//
// Tests the module that afl-fuzz loads. The test loads and calls it as afl-fuzz does.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fuzz/base/limits.h"
#include "fuzz/schedule/codec.h"

namespace nofail {
namespace {

class AflMutator : public testing::Test {
 protected:
  using Bytes = std::vector<uint8_t>;

  void SetUp() override {
    library_ = dlopen(NOFAIL_AFL_MUTATOR, RTLD_NOW);
    ASSERT_NE(library_, nullptr) << dlerror();
    init_ = reinterpret_cast<decltype(init_)>(dlsym(library_, "afl_custom_init"));
    fuzz_ = reinterpret_cast<decltype(fuzz_)>(dlsym(library_, "afl_custom_fuzz"));
    deinit_ = reinterpret_cast<decltype(deinit_)>(dlsym(library_, "afl_custom_deinit"));
    ASSERT_TRUE(init_ && fuzz_ && deinit_);
  }
  void TearDown() override {
    if (library_ != nullptr) dlclose(library_);
  }

  // Returns the results of `times` mutations of `input`, made one after the other by a mutator with this seed.
  std::vector<Bytes> Mutate(unsigned seed, Bytes input, Bytes other, size_t max_size, int times) {
    std::vector<Bytes> made;
    void* data = init_(nullptr, seed);
    for (int i = 0; i < times; ++i) {
      const Bytes before = input;
      uint8_t* out = nullptr;
      const size_t size =
          fuzz_(data, input.data(), input.size(), &out, other.empty() ? nullptr : other.data(), other.size(), max_size);
      EXPECT_LE(size, max_size);
      EXPECT_EQ(input, before) << "afl-fuzz still needs it";
      made.emplace_back(out, out + size);
    }
    deinit_(data);
    return made;
  }

  void* library_ = nullptr;
  void* (*init_)(void*, unsigned) = nullptr;
  size_t (*fuzz_)(void*, uint8_t*, size_t, uint8_t**, uint8_t*, size_t, size_t) = nullptr;
  void (*deinit_)(void*) = nullptr;
};

// The module says how many mutations of an input afl-fuzz asks for. Otherwise it would ask for hundreds.
TEST_F(AflMutator, HasItsSayInHowOften) {
  auto* count = reinterpret_cast<unsigned (*)(void*, const uint8_t*, size_t)>(dlsym(library_, "afl_custom_fuzz_count"));
  ASSERT_NE(count, nullptr);
  EXPECT_THAT(count(nullptr, nullptr, 0), testing::AllOf(testing::Ge(1u), testing::Le(64u)));
}

TEST_F(AflMutator, DependsOnTheSeedAlone) {
  const Bytes input = Encode(Decode({}, Profile::kTeardown));
  EXPECT_EQ(Mutate(7, input, {}, 4096, 50), Mutate(7, input, {}, 4096, 50));
  EXPECT_NE(Mutate(7, input, {}, 4096, 50), Mutate(8, input, {}, 4096, 50));
}

TEST_F(AflMutator, MakesSomethingElseEachTime) {
  const std::vector<Bytes> made = Mutate(1, Encode(Decode({}, Profile::kTeardown)), {}, 1 << 20, 500);
  EXPECT_GT(std::set<Bytes>(made.begin(), made.end()).size(), 450u);
  EXPECT_FALSE(std::any_of(made.begin(), made.end(), [](const Bytes& bytes) { return bytes.empty(); }));
}

TEST_F(AflMutator, KeepsToTheRoomThereIs) {
  const Bytes large(kMaxInputBytes + 100, 1);
  for (const size_t room : {size_t{1}, size_t{5}, size_t{4096}, size_t{1} << 20}) {
    Mutate(2, large, large, room, 50);
    Mutate(2, {}, {}, room, 50);
  }
}

TEST_F(AflMutator, UsesTheOtherInput) {
  const Bytes input = Encode(Decode({}, Profile::kTeardown));
  EXPECT_NE(Mutate(3, input, input, 4096, 100), Mutate(3, input, {}, 4096, 100));
}

}  // namespace
}  // namespace nofail
