// SPDX-License-Identifier: MIT
//
// Tests the minimizer on a bug that is planted in Linux 7.2: a clone follows the pointer to the map without a check for
// null (mutants/linux/null-check-dropped.edit). One preemption of a map_free shows it.
#include <gtest/gtest.h>

#include <string>

#include "fuzz/minimize/minimizer.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

std::string Minimal(const std::string& sentences) {
  const auto file = ParseText("nofail schedule 1\n" + sentences, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  const Minimized result = Minimize(*linked_subject, file->schedule, {});
  EXPECT_EQ(result.status, Minimized::Status::kDone);
  EXPECT_EQ(result.signature, "null-dereference/-/bpf_sk_storage_clone");
  return FormatText({{}, result.schedule, {}});
}

// Four maps keep a dump busy until the last of them is half freed.
TEST(MinimizeLinux, MapsAndADumpGoThatOnlyKeepATaskBusy) {
  EXPECT_EQ(Minimal("map m0 type=sk value=8\nmap m1 type=sk value=8\nmap m2 type=sk value=8\nmap m3 type=sk value=8\n"
                    "owner o0 type=sk\nowner o1 type=sk\n"
                    "setup: update m0 o0; update m1 o0; update m2 o0; update m3 o0\n"
                    "task A: dump o0; clone o0 o1\ntask B: map_free m3\n"
                    "deviate A/dump: preempt 15 to B\ndeviate B/map_free: preempt 13 to A\n"),
            "nofail schedule 1\n"
            "map   m0 type=sk value=8\n"
            "owner o0 type=sk bucket=0\n"
            "owner o1 type=sk bucket=0\n"
            "mode  locks=contended memory=sc rcu=preemptible cpus=2\n"
            "setup: update m0 o0\n"
            "task A: map_free m0\n"
            "task B: clone o0 o1\n"
            "deviate A/map_free: preempt 13 to B\n");
}

}  // namespace
}  // namespace nofail
