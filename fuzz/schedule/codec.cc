// SPDX-License-Identifier: MIT
#include "fuzz/schedule/codec.h"

#include <algorithm>

#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/tasks.h"

namespace nofail {
namespace {

// The kinds of record. The low four bits of a record's first byte choose the kind by kRecords. The more of the 16
// values mean a kind, the more frequent it is in random bytes. Encode writes the first such value, which is the
// enumerator.
enum class Record : uint8_t { kOp, kDeviation, kMap, kOwner, kModes, kPolicy, kNoDefaults };
constexpr Record kRecords[16] = {
    Record::kOp,         Record::kDeviation, Record::kMap,       Record::kOwner, Record::kModes, Record::kPolicy,
    Record::kNoDefaults, Record::kOp,        Record::kOp,        Record::kOp,    Record::kOp,    Record::kOp,
    Record::kDeviation,  Record::kDeviation, Record::kDeviation, Record::kMap,
};
// By kind of record: how many bytes follow the first one.
constexpr uint8_t kOperands[] = {3, 6, 2, 3, 1, 6, 0};
constexpr size_t kMaxOperands = 6;

// The byte format numbers the tasks in one byte without gaps: set-up, A to D, end, callbacks by kind of object. SlotOf
// converts a task id to such a number, and TaskAt converts it back.
constexpr uint8_t kTaskSlots = 12;
constexpr uint8_t SlotOf(uint8_t task) {
  return task <= kEnd ? task : static_cast<uint8_t>(task - kFirstCallback + 6);
}
constexpr uint8_t TaskAt(uint8_t slot) {
  return slot <= kEnd ? slot : static_cast<uint8_t>(slot - 6 + kFirstCallback);
}

// An op on a map and an owner.
Op Access(OpKind kind, uint8_t map, uint8_t owner, uint8_t flags = 0) {
  return {.kind = kind, .map = map, .owner = owner, .flags = flags};
}

// The storage types of default maps and owners. Three bits of the input's hash choose one, so the type varies from
// input to input, as the policy does.
constexpr storage_type kDefaultTypes[8] = {STORAGE_SK, STORAGE_SK, STORAGE_SK,   STORAGE_SK,
                                           STORAGE_SK, STORAGE_SK, STORAGE_TASK, STORAGE_INODE};

// The scenario of an input without records of its own. The types are replaced (kDefaultTypes).
struct Defaults {
  std::vector<MapSpec> maps;
  std::vector<OwnerSpec> owners;
  std::vector<Op> setup;
  std::vector<std::vector<Op>> tasks;
};

const Defaults& DefaultsOf(Profile profile) {
  // One map and two owners in one bucket. Three tasks free the map and destroy both owners.
  static const Defaults* teardown = new Defaults{
      .maps = {{.type = STORAGE_SK, .bytes = 8, .fields = KERNEL_FIELD_KPTR}},
      .owners = {{.type = STORAGE_SK}, {.type = STORAGE_SK}},
      .setup = {Access(OpKind::kUpdate, 0, 0), Access(OpKind::kUpdate, 0, 1), Access(OpKind::kKptr, 0, 1)},
      .tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}, {{.kind = OpKind::kDestroy, .owner = 1}}},
  };
  // Two maps and three owners. The tasks use them as programs do, then free one map and destroy two owners.
  static const Defaults* lifecycle = new Defaults{
      .maps = {{.type = STORAGE_SK, .bytes = 8, .fields = KERNEL_FIELD_KPTR},
               {.type = STORAGE_SK, .bytes = 16, .fields = KERNEL_FIELD_SPIN_LOCK, .clone = true}},
      .owners = {{.type = STORAGE_SK}, {.type = STORAGE_SK}, {.type = STORAGE_SK, .bucket = 1}},
      .setup = {Access(OpKind::kUpdate, 0, 0), Access(OpKind::kUpdate, 1, 0), Access(OpKind::kUpdate, 0, 1)},
      .tasks = {{Access(OpKind::kLookup, 0, 0, 1), Access(OpKind::kDelete, 1, 0), {.kind = OpKind::kMapFree}},
                {Access(OpKind::kUpdate, 1, 0), Access(OpKind::kKptr, 0, 1), {.kind = OpKind::kDestroy, .owner = 1}},
                {{.kind = OpKind::kClone, .owner = 0, .other = 2},
                 Access(OpKind::kUpdate, 1, 0, UPDATE_EXIST),
                 {.kind = OpKind::kDestroy}}},
  };
  return profile == Profile::kTeardown ? *teardown : *lifecycle;
}

// Decodes one input: begins with the profile's defaults, adds the records one by one, then finishes.
class Decoding {
 public:
  Decoding(const Defaults& defaults, Schedule* schedule) : defaults_(defaults), s_(*schedule) {
    s_.maps.clear();
    s_.owners.clear();
    s_.setup.assign(defaults.setup.begin(), defaults.setup.end());
    ResizeTasks(&s_, defaults.tasks.size());
    for (size_t i = 0; i < s_.tasks.size(); ++i) {
      s_.tasks[i].assign(defaults.tasks[i].begin(), defaults.tasks[i].end());
    }
    s_.modes = {};
    s_.deviations.clear();
    s_.policy = {};
  }

  // Adds a record whose operands are at `p`. Ignores the record when its list is full.
  void Add(Record record, const uint8_t* p) {
    switch (record) {
      case Record::kOp:
        return AddOp(p);
      case Record::kDeviation:
        return AddDeviation(p);
      case Record::kMap:
        if (s_.maps.size() < kMaxMaps) {
          s_.maps.push_back({.type = static_cast<storage_type>(p[0] & 3),
                             .bytes = static_cast<uint8_t>(8 + p[1] % 8 * 8),
                             .fields = static_cast<uint8_t>(p[0] >> 2 & 15),
                             .clone = (p[0] & 64) != 0});
        }
        return;
      case Record::kOwner:
        if (s_.owners.size() < kMaxOwners) {
          s_.owners.push_back({.type = static_cast<storage_type>(p[0] & 3),
                               .bucket = static_cast<uint8_t>(p[0] >> 2 & 7),
                               .optmem = static_cast<uint16_t>(p[1] | p[2] << 8)});
        }
        return;
      case Record::kModes:
        s_.modes = {.locks = static_cast<LockMode>(p[0] & 1),
                    .memory = static_cast<MemoryMode>(p[0] >> 1 & 1),
                    .preemptible_rcu = (p[0] & 4) == 0,
                    .cpus = static_cast<uint8_t>(1 + (p[0] >> 3 & 7))};
        return;
      case Record::kPolicy:
        has_policy_ = true;
        s_.policy = {.kind = static_cast<PolicyKind>(p[0] & 3),
                     .parameter = p[1],
                     .seed = static_cast<uint32_t>(p[2] | p[3] << 8 | p[4] << 16) | static_cast<uint32_t>(p[5]) << 24};
        return;
      case Record::kNoDefaults:
        return DropDefaults();
    }
  }

  // Fills in what no record has said, and makes the schedule valid. `bytes` is the whole input.
  void Finish(std::span<const uint8_t> bytes) {
    const uint64_t hash = HashOf(bytes);
    const storage_type type = kDefaultTypes[hash >> 8 & 7];
    if (s_.maps.empty()) {
      s_.maps = defaults_.maps;
      for (MapSpec& map : s_.maps) map.type = type;
      // Freeing a kptr twice does not show, but freeing a uptr twice does. Only task maps can have a uptr.
      if (type == STORAGE_TASK) s_.maps[0].fields |= KERNEL_FIELD_UPTR;
    }
    if (s_.owners.empty()) {
      s_.owners = defaults_.owners;
      for (OwnerSpec& owner : s_.owners) owner.type = type;
    }
    if (!has_policy_) s_.policy = UsualPolicy(hash);
    Normalize(&s_);
  }

 private:
  void AddOp(const uint8_t* p) {
    Op op = {.kind = static_cast<OpKind>(p[0] >> 3 & 7),
             .map = static_cast<uint8_t>(p[1] & 3),
             .owner = static_cast<uint8_t>(p[1] >> 2 & 7),
             .other = static_cast<uint8_t>(p[1] >> 5),
             .flags = static_cast<uint8_t>(p[2] & 7),
             .sleepable = (p[0] & 64) != 0};
    size_t slot = (p[0] & 7) % (1 + kMaxTasks);
    if (slot == 0) {
      if (s_.setup.size() < kMaxSetupOps) s_.setup.push_back(op);
      return;
    }
    if (s_.tasks.size() < slot) ResizeTasks(&s_, slot);
    auto& task = s_.tasks[slot - 1];
    if (task.size() < kMaxOpsPerTask) task.push_back(op);
  }

  void AddDeviation(const uint8_t* p) {
    if (s_.deviations.size() == kMaxDeviations) return;
    Deviation d = {.where = {TaskAt(p[0] % kTaskSlots), p[1]},
                   .kind = static_cast<ChoiceKind>((p[3] >> 4 & 7) % kChoiceKinds),
                   .ordinal = static_cast<uint16_t>(p[2] | (p[3] & 15) << 8),
                   .answer = p[4]};
    if (d.kind == ChoiceKind::kPreempt) {
      uint8_t target = p[4] % (1 + kTaskSlots);
      d.answer = target == 0 ? 0 : PackTarget({TaskAt(target - 1), p[5]});
    }
    s_.deviations.push_back(d);
  }

  // Removes the default ops, so that the set-up and the tasks have only the ops of records.
  void DropDefaults() {
    if (no_defaults_) return;
    no_defaults_ = true;
    s_.setup.erase(s_.setup.begin(), s_.setup.begin() + defaults_.setup.size());
    for (size_t i = 0; i < defaults_.tasks.size(); ++i) {
      s_.tasks[i].erase(s_.tasks[i].begin(), s_.tasks[i].begin() + defaults_.tasks[i].size());
    }
  }

  static uint64_t HashOf(std::span<const uint8_t> bytes) {
    uint64_t hash = bytes.size();
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) hash = MixBits(hash ^ Word(bytes.first(8)));
    return MixBits(hash ^ Word(bytes) ^ 0x6e6f6661696cULL);
  }

  // The bytes as a little-endian number, on every machine. REQUIRES: at most 8 bytes.
  static uint64_t Word(std::span<const uint8_t> bytes) {
    uint64_t word = 0;
    for (size_t i = 0; i < bytes.size(); ++i) word |= uint64_t{bytes[i]} << 8 * i;
    return word;
  }

  const Defaults& defaults_;
  Schedule& s_;
  bool has_policy_ = false;
  bool no_defaults_ = false;
};

// Encodes one schedule.
class Encoding {
 public:
  explicit Encoding(const Schedule& s) {
    bytes_.reserve(kMaxEncodedBytes);
    Put(Record::kModes,
        Bits(s.modes.locks) | Bits(s.modes.memory) << 1 | (s.modes.preemptible_rcu ? 0 : 4) | (s.modes.cpus - 1) << 3);
    for (const MapSpec& map : s.maps) {
      Put(Record::kMap, Bits(map.type) | map.fields << 2 | (map.clone ? 64 : 0), map.bytes / 8 - 1);
    }
    for (const OwnerSpec& owner : s.owners) {
      Put(Record::kOwner, Bits(owner.type) | owner.bucket << 2, owner.optmem, owner.optmem >> 8);
    }
    Put(Record::kNoDefaults);
    for (const Op& op : s.setup) PutOp(kSetup, op);
    for (size_t i = 0; i < s.tasks.size(); ++i) {
      for (const Op& op : s.tasks[i]) PutOp(static_cast<int>(kTaskA + i), op);
    }
    for (const Deviation& d : s.deviations) PutDeviation(d);
    const Policy& policy = s.policy;
    Put(Record::kPolicy, policy.kind, policy.parameter, policy.seed, policy.seed >> 8, policy.seed >> 16,
        policy.seed >> 24);
  }

  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  template <typename T>
  static int Bits(T value) {
    return static_cast<int>(value);
  }

  // Appends a record: its kind, then the low byte of each operand.
  template <typename... T>
  void Put(Record record, T... operands) {
    bytes_.push_back(static_cast<uint8_t>(record));
    (bytes_.push_back(static_cast<uint8_t>(operands)), ...);
  }

  void PutOp(int slot, const Op& op) {
    Put(Record::kOp, slot | Bits(op.kind) << 3 | (op.sleepable ? 64 : 0), op.map | op.owner << 2 | op.other << 5,
        op.flags);
  }

  void PutDeviation(const Deviation& d) {
    int answer = d.answer;
    uint8_t target_op = 0;
    if (d.kind == ChoiceKind::kPreempt && d.answer != 0) {
      OpRef target = UnpackTarget(d.answer);
      answer = 1 + SlotOf(target.task);
      target_op = target.op;
    }
    Put(Record::kDeviation, SlotOf(d.where.task), d.where.op, d.ordinal, d.ordinal >> 8 | Bits(d.kind) << 4, answer,
        target_op);
  }

  std::vector<uint8_t> bytes_;
};

static_assert(kMaxMaps <= 4 && kMaxOwners <= 8 && kMaxTasks <= 7 && kOpKinds <= 8 && kChoiceKinds <= 8 &&
                  kMaxOrdinal < 1 << 12 && kMaxBucket <= 7 && kMaxCpus <= 8 && kMaxValueBytes <= 64,
              "the records have this much room");

}  // namespace

Policy UsualPolicy(uint64_t hash) {
  Policy policy = {.kind = PolicyKind::kRate, .seed = static_cast<uint32_t>(hash >> 32)};
  const uint8_t kind = hash & 15, parameter = hash >> 4 & 3;
  if (kind < 3) {
    policy.kind = PolicyKind::kUniform;
  } else if (kind < 5) {
    policy.kind = PolicyKind::kPct;
    policy.parameter = static_cast<uint8_t>(1 + parameter);
  } else {
    policy.parameter = static_cast<uint8_t>(2 + parameter % 3);
  }
  return policy;
}

void Decode(std::span<const uint8_t> bytes, Profile profile, Schedule* schedule) {
  bytes = bytes.first(std::min(bytes.size(), kMaxInputBytes));
  Decoding decoding(DefaultsOf(profile), schedule);
  for (size_t at = 0; at < bytes.size();) {
    Record record = kRecords[bytes[at++] & 15];
    uint8_t padded[kMaxOperands] = {};
    const uint8_t* operands = bytes.data() + at;
    if (bytes.size() - at < kMaxOperands) {
      std::copy(bytes.begin() + at, bytes.end(), padded);
      operands = padded;
    }
    decoding.Add(record, operands);
    at += kOperands[static_cast<int>(record)];
  }
  decoding.Finish(bytes);
}

Schedule Decode(std::span<const uint8_t> bytes, Profile profile) {
  Schedule schedule;
  Decode(bytes, profile, &schedule);
  return schedule;
}

std::vector<uint8_t> Encode(const Schedule& schedule) {
  return Encoding(schedule).Take();
}

}  // namespace nofail
