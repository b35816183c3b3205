// SPDX-License-Identifier: MIT
#include "fuzz/report/on_death.h"

#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "fuzz/report/text_report.h"

namespace nofail {
namespace {

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

void WriteReportOnDeath(int fd, const JudgedRun& report) {
  static std::atomic<bool> begun = false;
  if (begun.exchange(true)) return;
  TextOptions options;
  options.width = TerminalWidth();
  WriteAll(fd, TextReport(report, options));
}

}  // namespace nofail
