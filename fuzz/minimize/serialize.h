// SPDX-License-Identifier: MIT
//
// Values as bytes, for messages between a process and its own child. Both run the same program, so the bytes need no
// version and no fixed byte order.
#ifndef NOFAIL_FUZZ_MINIMIZE_SERIALIZE_H_
#define NOFAIL_FUZZ_MINIMIZE_SERIALIZE_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "fuzz/schedule/schedule.h"

namespace nofail {

template <typename T>
concept Plain = std::is_trivially_copyable_v<T>;

// Appends values to a string of bytes.
class Writer {
 public:
  template <Plain T>
  void Put(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  template <typename T>
  void Put(const std::vector<T>& values) {
    Put(static_cast<uint32_t>(values.size()));
    for (const T& value : values) Put(value);
  }
  void Put(const std::string& text) {
    Put(static_cast<uint32_t>(text.size()));
    bytes_ += text;
  }
  void Put(const Schedule& s) {
    Put(s.maps);
    Put(s.owners);
    Put(s.setup);
    Put(s.tasks);
    Put(s.modes);
    Put(s.deviations);
    Put(s.policy);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Takes values out of the bytes that a Writer wrote. The bytes are borrowed and not checked.
// REQUIRES: the calls of Get ask for the types that the Writer was given, in the same order.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <Plain T>
  void Get(T* value) {
    memcpy(static_cast<void*>(value), bytes_.data(), sizeof(*value));
    bytes_.remove_prefix(sizeof(*value));
  }
  template <typename T>
  void Get(std::vector<T>* values) {
    values->resize(Count());
    for (T& value : *values) Get(&value);
  }
  void Get(std::string* text) {
    const uint32_t size = Count();
    text->assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  void Get(Schedule* s) {
    Get(&s->maps);
    Get(&s->owners);
    Get(&s->setup);
    Get(&s->tasks);
    Get(&s->modes);
    Get(&s->deviations);
    Get(&s->policy);
  }

 private:
  uint32_t Count() {
    uint32_t count = 0;
    Get(&count);
    return count;
  }
  std::string_view bytes_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_SERIALIZE_H_
