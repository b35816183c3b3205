// SPDX-License-Identifier: MIT
//
// Reads the source lines that a run's sites are about, for reports that show them.
#ifndef NOFAIL_FUZZ_REPORT_SOURCE_H_
#define NOFAIL_FUZZ_REPORT_SOURCE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

// The source that a subject was built from. Files are read when the first line of them is asked for.
class Source {
 public:
  // `roots`: the folders that the names of files may be relative to. The first that has a file counts.
  explicit Source(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  // The text of a line, without the blanks around it; lines count from 1. "" where the file cannot be read, has no such
  // line, or is newer than this program: then the line that ran may be another one.
  absl::string_view Line(absl::string_view file, uint32_t line);
  // The line of the event's site; "" for an event without one.
  absl::string_view Line(const Event& event);

 private:
  std::vector<std::string> Read(absl::string_view file) const;

  const std::vector<std::string> roots_;
  std::map<std::string, std::vector<std::string>> lines_;  // by file; empty for one that cannot be read
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_SOURCE_H_
