// SPDX-License-Identifier: MIT
//
// Tests that the page is well-formed, complete, self-contained and of bounded size. browser_test.sh tests what it looks
// like and how its keys work.
#include "fuzz/report/timeline/html_report.h"

#include <expat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fuzz/check/known.h"
#include "fuzz/report/timeline/timeline_svg.h"
#include "fuzz/schedule/schedule.h"
#include "fuzz/schedule/text.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// A schedule in which task A has a map_free and task B a destroy.
const Schedule* Scenario() {
  static const Schedule schedule = {
      .maps = {{}}, .owners = {{}}, .tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}}};
  return &schedule;
}

// What a parser of XML finds in a page.
class Page {
 public:
  explicit Page(const std::string& html) {
    XML_Parser parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser,
        [](void* page, const char* name, const char** attributes) { static_cast<Page*>(page)->Open(name, attributes); },
        [](void*, const char*) {});
    XML_SetCharacterDataHandler(parser, [](void* page, const char* text, int size) {
      static_cast<Page*>(page)->text.append(text, static_cast<size_t>(size));
    });
    if (XML_Parse(parser, html.data(), static_cast<int>(html.size()), 1) == XML_STATUS_ERROR) {
      error = absl::StrCat("line ", XML_GetCurrentLineNumber(parser), ": ", XML_ErrorString(XML_GetErrorCode(parser)));
    }
    XML_ParserFree(parser);
  }

  // The events that a view shows. The view 'e' folds events that do not matter; the view 'a' folds none.
  std::map<char, std::set<uint32_t>> events;
  std::vector<std::string> outside;  // everything that the page would load or link to
  std::vector<std::string> classes;
  std::set<std::string> ids;
  std::vector<std::string> twice;  // ids that more than one element has
  std::string text, error;

 private:
  void Open(const std::string& name, const char** attributes) {
    std::map<std::string, std::string> values;
    for (; *attributes != nullptr; attributes += 2) values[attributes[0]] = attributes[1];
    for (const char* link : {"href", "src", "xlink:href", "data", "action"}) {
      if (values.contains(link) && values[link][0] != '#') outside.push_back(values[link]);
    }
    for (const char* loader : {"link", "img", "iframe", "object", "embed", "image"}) {
      if (name == loader) outside.push_back(name);
    }
    classes.push_back(values["class"]);
    if (values.contains("id") && !ids.insert(values["id"]).second) twice.push_back(values["id"]);
    if (!values.contains("data-first")) return;
    uint32_t first = 0, last = 0;
    EXPECT_TRUE(absl::SimpleAtoi(values["data-first"], &first) && absl::SimpleAtoi(values["data-last"], &last));
    for (uint32_t i = first; i <= last; ++i) events[values["id"][0]].insert(i);
  }
};

// Adds events to the trace so that every kind of bar, arrow and moment occurs.
void FillRun(TraceBuilder* b) {
  const ObjectId buckets = b->Alloc(kSetupOp, KERNEL_BUCKETS), selem = b->Alloc(kSetupOp, KERNEL_SELEM);
  const OpRef callback = CallbackOp(KERNEL_SELEM, 0);
  b->Add(EventKind::kStore, kSetupOp, buckets, "Link", PackPointer(selem, 0), KERNEL_RELEASE);
  for (OpRef op : {kOpA, kOpB, callback}) {
    for (int kind = 0; kind < static_cast<int>(EventKind::kFault); ++kind) {
      b->Add(static_cast<EventKind>(kind), op, selem, "Walk<&>\"'", 1, 1, 16);
    }
  }
  b->HandOver(kOpA, selem, "SelemFree");
  b->Free(callback, selem, "SelemFreeRcu");
  b->Fault(Fault::kUseAfterFree, kOpB, selem, "Walk");
}

std::string PageOf(const TraceBuilder& b, const char* name = "crash", const Schedule* schedule = Scenario()) {
  const Verdict verdict = b.Judged();
  return HtmlReport({TestSubject(), schedule, b.trace, verdict, {}}, name);
}

TEST(HtmlReportTest, IsWellFormedAndHasEveryEventInBothViews) {
  TraceBuilder b;
  FillRun(&b);
  const Page page(PageOf(b));
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.events.at('e').size(), b.trace.size());
  EXPECT_EQ(page.events.at('a').size(), b.trace.size());
  EXPECT_THAT(page.twice, testing::IsEmpty());
}

TEST(HtmlReportTest, LoadsNothing) {
  TraceBuilder b;
  FillRun(&b);
  const std::string html = PageOf(b);
  EXPECT_THAT(Page(html).outside, testing::IsEmpty());
  for (const char* loader : {"://", "@import", "fetch(", "import(", "XMLHttpRequest"})
    EXPECT_THAT(html, Not(HasSubstr(loader)));
  for (size_t at = html.find("url("); at != std::string::npos; at = html.find("url(", at + 1))
    EXPECT_EQ(html[at + 4], '#');
}

TEST(HtmlReportTest, EveryLinkHasItsTarget) {
  TraceBuilder b;
  FillRun(&b);
  const std::string html = PageOf(b);
  const Page page(html);
  int links = 0;
  for (size_t at = html.find("href=\"#"); at != std::string::npos; at = html.find("href=\"#", at + 1), ++links) {
    const size_t begin = at + 7;
    EXPECT_THAT(page.ids, Contains(html.substr(begin, html.find('"', begin) - begin)));
  }
  EXPECT_GT(links, 3);
}

// Who has never seen such a page reads from the top, and may stop after three sentences.
TEST(HtmlReportTest, SaysFirstWhatHappenedThenShowsItThenTheDetails) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Begin(kOpA, OpKind::kMapFree);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Begin(kOpB, OpKind::kDestroy);
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Walk");
  const std::string html = PageOf(b);
  const size_t gist = html.find("A frees the map m0 while B ends the socket o0. B uses the element selem0 after its"),
               picture = html.find("<table class=\"view\""), violations = html.find("<h2>Violations</h2>"),
               steps = html.find("<h2>How it comes about</h2>"), words = html.find("<h2>Words</h2>");
  ASSERT_NE(words, html.npos);
  EXPECT_LT(gist, picture);
  EXPECT_LT(picture, violations);
  EXPECT_LT(violations, steps);
  EXPECT_LT(steps, words);
  EXPECT_THAT(html, HasSubstr("<h1 class=\"fail\">Use after free in Walk()</h1>"));
}

TEST(HtmlReportTest, AStepSaysWhichWordItChanges) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Rmw(kOpA, selem, kStateOffset, 0, 1, "F");
  b.Add(EventKind::kStore, kOpB, selem, "F", 2, KERNEL_ONCE, kStateOffset);
  b.Add(EventKind::kStore, kOpB, selem, "G", 2, KERNEL_ONCE, kStateOffset);  // changes nothing
  b.Add(EventKind::kStore, kOpB, selem, "F", PackPointer(selem, 0), KERNEL_ONCE, 16);
  const Page page(PageOf(b));
  EXPECT_THAT(page.text, HasSubstr("A: rmw selem0.state: 0->1\n  changes selem0.state: 0 -> 1\n  F "));
  EXPECT_THAT(page.text, HasSubstr("B: store selem0.state = 2\n  changes selem0.state: 1 -> 2\n  F "));
  EXPECT_THAT(page.text, HasSubstr("B: store selem0.state = 2\n  G "));
  EXPECT_THAT(page.text, HasSubstr("  changes selem0+16: (not written before) -> selem0\n"));
}

// Who got the page by mail has no file beside it, so there is a name and no link.
TEST(HtmlReportTest, NamesThePageOfTheFinding) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Fault(Fault::kRefcountDecToZero, kOpA, storage, "SelemUnlinkStorageMisc");
  const Verdict verdict = b.Judged();
  ASSERT_NE(FindListed("posted", verdict.violations.at(0).Signature()), nullptr);
  struct subject posted = TestSubject();
  for (const char* name : {"posted", "another"}) {
    posted.name = name;
    const Page page(HtmlReport({posted, Scenario(), b.trace, verdict, {}}, "x.sched"));
    const auto names_it = HasSubstr("explained in corpus/findings/");
    if (posted.name == std::string("posted")) EXPECT_THAT(page.text, names_it);
    if (posted.name != std::string("posted")) EXPECT_THAT(page.text, Not(names_it));
    EXPECT_THAT(page.outside, testing::IsEmpty());
  }
}

TEST(HtmlReportTest, ExplainsOnlyWhatIsThere) {
  TraceBuilder b;
  b.Lock(kOpA, b.Alloc(kSetupOp, KERNEL_STORAGE), "F");
  const Page page(PageOf(b));
  for (const char* there : {"storage lock", "allocated", "storage0"}) EXPECT_THAT(page.text, HasSubstr(there));
  for (const char* absent : {"Tasks Trace", "bucket lock", "grace period", "an element"}) {
    EXPECT_THAT(page.text, Not(HasSubstr(absent))) << absent;
  }
}

TEST(HtmlReportTest, FacesOfACauseAreBelowTheFirstOne) {
  TraceBuilder b;
  b.SaturateAndHang();
  const Verdict verdict = b.Judged(true);
  const std::string html = HtmlReport({TestSubject(), Scenario(), b.trace, verdict, {}}, "x.sched");
  const Page page(html);
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(std::count(page.classes.begin(), page.classes.end(), "faces"), 1);
  const size_t list = html.find("<ol class=\"violations\">"), faces = html.find("<ul class=\"faces\">");
  EXPECT_LT(html.find(verdict.violations[0].Signature() + "</code>", list), faces);
  EXPECT_GT(html.find(verdict.violations[1].Signature() + "</code>", list), faces);
}

TEST(HtmlReportTest, WhatOthersWroteIsTextAndNeverMarkup) {
  TraceBuilder b;
  FillRun(&b);
  const char kEvil[] = "</pre><script>alert(1)</script>\x01&amp;]]>";
  const Page page(PageOf(b, kEvil));
  EXPECT_EQ(page.error, "");
  EXPECT_THAT(page.text, HasSubstr("</pre><script>alert(1)</script>?&amp;]]>"));
  EXPECT_THAT(page.text, HasSubstr("Walk<&>\"'"));
}

TEST(HtmlReportTest, ShowsEachKindOfBarArrowAndMoment) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS), storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Add(EventKind::kOpBegin, kOpA, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kMapFree));
  b.Add(EventKind::kReadLock, kOpA, 0, "F", 1, KERNEL_RCU);
  b.Add(EventKind::kReadLock, kOpA, 0, "F", 1, KERNEL_RCU_TASKS_TRACE);
  b.Lock(kOpA, buckets, "F");
  b.Lock(kOpA, storage, "F");
  b.Add(EventKind::kStore, kOpA, buckets, "F", PackPointer(storage, 0), KERNEL_ONCE);
  b.Add(EventKind::kSwitch, kOpA, 0, nullptr, PackTarget(kOpB));
  b.FailLock(kOpB, buckets, "F");
  b.Add(EventKind::kLockWait, kOpB, storage, "F", PackTarget(kOpA), 0, 8);
  b.Add(EventKind::kLoad, kOpB, buckets, "F", PackPointer(storage, 0), KERNEL_ONCE);
  b.Add(EventKind::kStore, kOpB, buckets, "F", 0, KERNEL_ONCE);
  b.HandOver(kOpB, storage, "F");
  b.Free(CallbackOp(KERNEL_STORAGE, 0), storage, "F");
  b.Fault(Fault::kUseAfterFree, kOpA, storage, "F");
  const Page page(PageOf(b));
  EXPECT_EQ(page.error, "");
  // Each kind is in the page at least three times: in the legend and in each of the two views.
  for (const char* kind : {"bar reader", "bar trace-reader", "bar lock", "bar lock of-storage", "bar wait",
                           "bar period", "arrow reads", "arrow refused", "moment allocated", "moment linked",
                           "moment unlinked", "moment handed", "moment freed", "moment late"}) {
    EXPECT_GE(std::count(page.classes.begin(), page.classes.end(), kind), 3) << kind;
  }
  for (const char* kind : {"op", "run", "to", "row event switch", "row event failure violation"}) {
    EXPECT_GE(std::count(page.classes.begin(), page.classes.end(), kind), 2) << kind;
  }
}

TEST(HtmlReportTest, SaysWhatEachTaskDoes) {
  TraceBuilder b;
  b.Touch(kOpA, 0);
  b.Touch(kOpB, 0);
  const Page page(PageOf(b));
  EXPECT_THAT(page.text, HasSubstr("B\ndestroy o0"));
}

TEST(HtmlReportTest, AnEmptyRunIsAPageToo) {
  const Page page(PageOf(TraceBuilder(), "", nullptr));
  EXPECT_EQ(page.error, "");
  EXPECT_THAT(page.text, HasSubstr("==nofail== PASS"));
}

TEST(HtmlReportTest, TheLongestRunIsCutAndSaysSo) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  while (b.trace.size() + 4 < kMaxEvents) {
    const OpRef op = b.trace.size() % 8 < 4 ? kOpA : kOpB;
    b.Lock(op, selem, "Walk");
    b.Rmw(op, selem, kStateOffset, 0, 1, "Walk");
    b.Add(EventKind::kUnlock, op, selem, "Walk", 0, 0, 8);
  }
  b.Fault(Fault::kRunaway, kOpA, 0, "Walk");
  const std::string html = PageOf(b);
  const Page page(html);
  EXPECT_EQ(page.error, "");
  EXPECT_THAT(page.text, HasSubstr("The run is too long to be shown whole"));
  EXPECT_THAT(page.text, HasSubstr(" events left out: #"));
  EXPECT_THAT(page.text, HasSubstr("FAULT runaway"));
  EXPECT_LT(html.size(), 8u << 20);
}

TEST(EscapeMarkupTest, ReplacesWhatMarkupIsMadeOf) {
  EXPECT_EQ(EscapeMarkup("a<b>&\"c'\x1b\n"), "a&lt;b&gt;&amp;&quot;c&#39;?\n");
}

}  // namespace
}  // namespace nofail
