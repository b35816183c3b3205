// SPDX-License-Identifier: MIT
//
// How a part of the machine is copied out, and back. Each part has one function template Copy(archive) that names what
// belongs to a run. Called with a Writer it saves, and called with a Reader it restores. So what is saved and what is
// restored cannot differ.
//
// What is copied may hold addresses of the machine itself, of its stacks and of the arena. All of these stay where they
// are as long as the process lives. A vector that is copied has its memory reserved, so that its elements never move.
#ifndef NOFAIL_CORE_KERNEL_SIM_ARCHIVE_H_
#define NOFAIL_CORE_KERNEL_SIM_ARCHIVE_H_

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace nofail {

// Writes to memory that the caller owns.
class Writer {
 public:
  static constexpr bool kRestores = false;

  // REQUIRES: there is enough memory for all that follows.
  explicit Writer(char* to) : to_(to) {}
  void Bytes(const void* from, size_t size) {
    memcpy(to_, from, size);
    to_ += size;
  }
  template <typename T>
  void Value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Bytes(&value, sizeof(value));
  }
  template <typename T>
  void Vector(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    Value(values.size());
    Bytes(values.data(), values.size() * sizeof(T));
  }
  // Where it goes on to write.
  char* to() const { return to_; }

 private:
  char* to_;
};

// Reads what a Writer has written.
class Reader {
 public:
  static constexpr bool kRestores = true;

  explicit Reader(const char* from) : from_(from) {}
  void Bytes(void* to, size_t size) {
    memcpy(to, from_, size);
    from_ += size;
  }
  template <typename T>
  void Value(T& value) {
    Bytes(&value, sizeof(value));
  }
  template <typename T>
  void Vector(std::vector<T>& values) {
    size_t size = 0;
    Value(size);
    values.resize(size);
    Bytes(values.data(), size * sizeof(T));
  }

 private:
  const char* from_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_ARCHIVE_H_
