// SPDX-License-Identifier: MIT
#include "fuzz/explore/state_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "fuzz/check/record.h"

namespace nofail {

void StateHasher::Begin(const Schedule& scenario, uint64_t seed) {
  scenario_ = &scenario;
  seed_ = seed;
  range_count_ = world_.subject().memory != nullptr ? world_.subject().memory(ranges_) : 0;
  reader_.Begin();
  live_ = {};
  std::ranges::fill(world_.live(), 0);  // nothing is left of an earlier run
}

void StateHasher::AddToRecord() {
  const RunView run = world_.view();
  for (; live_.events < run.trace.size(); ++live_.events) {
    if (!IsOnRecord(run, live_.events)) continue;
    const Event& event = run.trace.events()[live_.events];
    live_.entries += RecordEntry(event, reader_.Name(event.object));
  }
}

void StateHasher::AppendWorld() {
  for (uint8_t i = 0; i < scenario_->maps.size(); ++i) {
    const LiveMap& map = world_.map(i);
    words_.push_back(uint64_t{map.references} << 1 | uint64_t{map.ended});
  }
  for (uint8_t i = 0; i < scenario_->owners.size(); ++i) {
    const LiveOwner& owner = world_.owner(i);
    words_.push_back(uint64_t{owner.references} << 4 | uint64_t{owner.ended} << 3 | uint64_t{owner.used} << 2 |
                     uint64_t{owner.cloned_to} << 1 | uint64_t{owner.clone_failed});
  }
  uint64_t ends = 0;
  for (const OwnerEnd& end : world_.view().owner_ends) {
    ends += reader_.Name(end.owner) * (2 * static_cast<uint64_t>(end.charge) + 1);
  }
  words_.push_back(ends);
  reader_.AppendMemory(world_.values().data(), world_.values().size_bytes(), &words_);
  for (size_t i = 0; i < range_count_; ++i) reader_.AppendMemory(ranges_[i].start, ranges_[i].size, &words_);
}

StateHash StateHasher::Hash(ChoiceKind question, bool with_current) {
  words_.clear();
  reader_.Append(with_current, &words_);
  AddToRecord();
  AppendWorld();
  words_.push_back(live_.entries);
  words_.push_back(static_cast<uint64_t>(question));
  const XXH128_hash_t hash = XXH3_128bits_withSeed(words_.data(), words_.size() * sizeof(uint64_t), seed_);
  return {hash.low64, hash.high64};
}

}  // namespace nofail
