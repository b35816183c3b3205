// SPDX-License-Identifier: MIT
//
// The main() of targets that are built without a fuzzing engine and only replay inputs. It runs each file given, and
// each file in each directory given, once. With no argument it runs the empty input. The process stops at the same
// violations as a fuzz binary.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/string_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" [[gnu::weak]] int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

int Leave(const std::filesystem::path& path, const char* why) {
  fprintf(stderr, "%s: %s\n", path.c_str(), why);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  std::vector<fs::path> files;
  std::error_code error;
  bool any = false;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // flags are for an engine or the driver
    any = true;
    if (!fs::is_directory(argv[i], error)) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(argv[i], error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    if (error) return Leave(argv[i], error.message().c_str());
  }
  if (!any) LLVMFuzzerTestOneInput(nullptr, 0);
  std::sort(files.begin(), files.end());
  for (const fs::path& path : files) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Leave(path, "cannot be read");
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  fprintf(stderr, "ran %zu inputs\n", any ? files.size() : 1);
  return 0;
}
