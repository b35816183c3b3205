// SPDX-License-Identifier: MIT
// Tests both dictionaries. In the one for bytes, the comment above a token is text: decoding the token must give a
// schedule whose text form contains it. In the one for text, each token must occur in the text form.
#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using ::testing::HasSubstr;

struct Entry {
  std::string comment;
  std::string token;
};

// Reads a dictionary. Of libFuzzer's format it knows what the two files use: comments, and lines with a quoted token,
// which may have escapes.
std::vector<Entry> Read(const std::string& name) {
  std::ifstream file(absl::StrCat(NOFAIL_DICT, "/", name));
  EXPECT_TRUE(file) << name;
  std::vector<Entry> entries;
  std::string comment;
  for (std::string line; std::getline(file, line);) {
    absl::string_view text = line;
    if (absl::ConsumePrefix(&text, "# ")) {
      comment = std::string(text);
    } else if (absl::ConsumePrefix(&text, "\"") && absl::ConsumeSuffix(&text, "\"")) {
      std::string token;
      EXPECT_TRUE(absl::CUnescape(text, &token)) << line;
      entries.push_back({comment, token});
    } else {
      EXPECT_EQ(line, "") << "neither a comment nor a token";
    }
  }
  return entries;
}

TEST(Dictionary, EachByteTokenBecomesWhatStandsAboveIt) {
  const std::vector<Entry> entries = Read("nofail_schedule.dict");
  EXPECT_GT(entries.size(), 40u);
  for (const Entry& entry : entries) {
    const std::vector<uint8_t> bytes(entry.token.begin(), entry.token.end());
    const std::string with = FormatText({{}, Decode(bytes, Profile::kLifecycle), {}});
    // The text also has a policy: bytes that name no policy get one that depends on them. No comment is about it.
    EXPECT_THAT(with, HasSubstr(entry.comment)) << absl::CHexEscape(entry.token);
  }
}

TEST(Dictionary, EachWordIsOneThatTheWriterWrites) {
  // A few schedules that together have everything that the text form can express.
  const std::string all = absl::StrCat(
      FormatText(*ParseText(
          "nofail schedule 1\nmap m0 type=sk value=8 fields=kptr+spin_lock+refcount clone\n"
          "map m1 type=task fields=kptr+uptr\nmap m2 type=cgroup\nmap m3 type=inode\n"
          "owner o0 type=sk bucket=0\nowner o1 type=sk optmem=64\n"
          "mode locks=any memory=weak rcu=non-preemptible\nsetup: update m0 o0; kptr m0 o0\n"
          "task A: update m0 o0 noexist; update m0 o0 exist lock; delete m0 o0; lookup m0 o0 cache sleepable;"
          "clone o0 o1; dump o0; destroy o0; map_free m0\ntask B: lookup m0 o0\n"
          "deviate setup/update: preempt 1 stay\ndeviate A/update: lock 1 timeout\n"
          "deviate A/update#2: lock 1 peer-deadlock\ndeviate A/delete: lock 1 both-deadlock\n"
          "deviate A/lookup: alloc 1 fail\ndeviate A/clone: gp 1 late 1\ndeviate A/dump: load 1 older 1\n"
          "deviate A/destroy: nmi 1 op 1\ndeviate A/map_free: resched 1\ndeviate end/1: alloc 1 default\n"
          "deviate cb/selem0: preempt 1 to B\npolicy uniform seed=1 v1\n"
          "expect other: leak known=x see=\"y\"\nexpect posted: pass\n",
          "all")),
      "map   m0 type=sk value=8\n", "owner o0 type=sk bucket=0\n", "mode  locks=any\n", "policy rate 1/2 seed=1 v1\n",
      "policy pct depth=1 seed=1 v1\n", "expect posted: pass\n");
  for (const Entry& entry : Read("nofail_text.dict")) {
    EXPECT_THAT(all, HasSubstr(entry.token));
  }
}

}  // namespace
}  // namespace nofail
