// SPDX-License-Identifier: MIT
//
// A map from addresses to numbers that forgets everything in one step, for what is needed in one run only. Its memory
// is reused from run to run.
#ifndef NOFAIL_CORE_KERNEL_SIM_RUN_MAP_H_
#define NOFAIL_CORE_KERNEL_SIM_RUN_MAP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nofail {

class RunMap {
 public:
  // `entries` is a power of two: for how many entries there is memory to begin with. Half of them can be used.
  explicit RunMap(size_t entries) : entries_(entries) {}
  // Forgets all entries.
  void Clear() {
    ++run_;
    count_ = 0;
  }
  // The number at the address, or null.
  uint32_t* Find(uint64_t address) {
    Entry& entry = EntryOf(address);
    return entry.run == run_ ? &entry.number : nullptr;
  }
  // The number at the address, which becomes 0 if there was none. Valid until the next call.
  uint32_t& operator[](uint64_t address) {
    if (2 * count_ >= entries_.size()) Grow();
    Entry& entry = EntryOf(address);
    if (entry.run != run_) {
      entry = {address, run_, 0};
      ++count_;
    }
    return entry.number;
  }

 private:
  // An entry counts only if it was made in this run.
  struct Entry {
    uint64_t address;
    uint64_t run;
    uint32_t number;
  };
  // The entry of the address, or the one that it would get.
  Entry& EntryOf(uint64_t address) {
    const size_t mask = entries_.size() - 1;  // the size is a power of two
    size_t at = (address >> 2) * 0x9e3779b97f4a7c15 >> 32 & mask;
    while (entries_[at].run == run_ && entries_[at].address != address) at = (at + 1) & mask;
    return entries_[at];
  }
  void Grow() {
    std::vector<Entry> old(2 * entries_.size());
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.run == run_) EntryOf(entry.address) = entry;
    }
  }

  std::vector<Entry> entries_;
  uint64_t run_ = 1;
  size_t count_ = 0;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RUN_MAP_H_
