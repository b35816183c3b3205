// SPDX-License-Identifier: MIT
//
// nofail_encode FILE.sched OUT: writes the schedule in FILE.sched to OUT as bytes. The build makes the seeds of fuzz
// targets with it. It is a program of its own because not every build has the `nofail` command.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/text.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: nofail_encode FILE.sched OUT\n");
    return 2;
  }
  std::ifstream in(argv[1]);
  if (!in) {
    fprintf(stderr, "%s: cannot be read\n", argv[1]);
    return 2;
  }
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const absl::StatusOr<nofail::ScheduleFile> file = nofail::ParseText(text, argv[1]);
  if (!file.ok()) {
    fprintf(stderr, "%s\n", std::string(file.status().message()).c_str());
    return 2;
  }
  const std::vector<uint8_t> bytes = nofail::Encode(file->schedule);
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) {
    fprintf(stderr, "%s: cannot be written\n", argv[2]);
    return 2;
  }
  return 0;
}
