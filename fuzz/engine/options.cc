// SPDX-License-Identifier: MIT
#include "fuzz/engine/options.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "fuzz/base/exit_code.h"

namespace nofail {
namespace {

std::set<std::string> ReadBaseline(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    fprintf(stderr, "nofail: --baseline: cannot read %s: %s\n", path.c_str(), strerror(errno));
    _exit(kUsage);
  }
  std::set<std::string> signatures;
  for (std::string line; std::getline(file, line);) signatures.insert(line);
  return signatures;
}

Guidance ParseGuidance(absl::string_view text) {
  if (text != "none" && text != "mutator" && text != "features" && text != "all") {
    fprintf(stderr, "nofail: --guidance=%s: expected none, mutator, features or all\n", std::string(text).c_str());
    _exit(kUsage);
  }
  return {.mutator = text == "mutator" || text == "all", .features = text == "features" || text == "all"};
}

std::string ParseSignature(absl::string_view text) {
  if (text.empty()) {
    fprintf(stderr, "nofail: --only-signature=: needs a signature, as `nofail replay FILE` prints it\n");
    _exit(kUsage);
  }
  return std::string(text);
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument(argv[i]);
    if (argument == "--stop-on-new") options.stop_on_new = true;
    if (argument == "--once") options.once = true;
    if (argument == "--no-failures") options.no_failures = true;
    if (absl::ConsumePrefix(&argument, "--baseline=")) options.baseline = ReadBaseline(std::string(argument));
    if (absl::ConsumePrefix(&argument, "--only-signature=")) options.only_signature = ParseSignature(argument);
    if (absl::ConsumePrefix(&argument, "--guidance=")) options.guidance = ParseGuidance(argument);
    if (absl::ConsumePrefix(&argument, "--orders=")) options.orders = absl::StrSplit(argument, ',', absl::SkipEmpty());
    if (absl::ConsumePrefix(&argument, "--findings=")) options.findings = std::string(argument);
  }
  return options;
}

}  // namespace nofail
