// SPDX-License-Identifier: MIT
#include "fuzz/tools/certificate_page.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/report/timeline/timeline_svg.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;

constexpr char kCss[] =
#include "certificate_css.inc"
    ;

// How a person calls what a bound of the certificate bounds.
constexpr struct {
  const char* name;
  const char* words;
} kBoundWords[] = {{"preemptions", "switches to another task although the current one could go on"},
                   {"locks", "failed lock attempts"},
                   {"allocations", "failed allocations"},
                   {"grace_periods", "grace periods that end later than they could"},
                   {"restarts", "times that rescheduling is due"}};

// A number with its thousands apart: 12,345.
std::string Number(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string Plural(uint64_t count, absl::string_view one) {
  return absl::StrCat(Number(count), " ", one, count == 1 ? "" : "s");
}

std::string Code(const std::string& text) {
  return absl::StrCat("<code>", EscapeMarkup(text), "</code>");
}

// A row of a table; numbers stand on the right.
class Row {
 public:
  explicit Row(const char* cell = "td", const char* name = "") : cell_(cell) {
    text_ = absl::StrCat("<tr", *name == '\0' ? "" : absl::StrCat(" class=\"", name, "\""), ">");
  }
  Row& Text(absl::string_view html) {
    absl::StrAppend(&text_, "<", cell_, ">", html, "</", cell_, ">");
    return *this;
  }
  Row& Right(absl::string_view html) {
    absl::StrAppend(&text_, "<", cell_, " class=\"number\">", html, "</", cell_, ">");
    return *this;
  }
  std::string End() { return text_ + "</tr>\n"; }

 private:
  std::string cell_, text_;
};

std::string Table(const std::string& head, const std::string& rows) {
  return absl::StrCat("<div class=\"scroll\"><table><thead>", head, "</thead><tbody>\n", rows,
                      "</tbody></table></div>\n");
}

// What the rows add up to.
struct Sums {
  explicit Sums(const Json& certificate) {
    for (const Json& row : certificate["results"]) {
      complete += row["ended"] == "complete";
      ends += row["runs"]["ends"].get<uint64_t>();
      merges += row["runs"]["merges"].get<uint64_t>();
      states += row["states"].get<uint64_t>();
      steps += row["steps"].get<uint64_t>();
      finals += row["final_states"]["count"].get<uint64_t>();
      depth = std::max(depth, row["depth"].get<uint64_t>());
    }
  }
  uint64_t complete = 0, ends = 0, merges = 0, states = 0, steps = 0, finals = 0, depth = 0;
};

std::string Searched(const Json& certificate) {
  const Sums sums(certificate);
  const uint64_t scenarios = certificate["scenarios"];
  const std::string all = sums.complete == scenarios
                              ? absl::StrCat("all ", Plural(scenarios, "scenario"))
                              : absl::StrCat(Number(sums.complete), " of ", Plural(scenarios, "scenario"));
  const double chance = certificate["false_match"];
  return absl::StrCat(
      "<p>Of ", Code(certificate["subject"]), ", every schedule of ", all,
      " was tried, within the bounds below: which task runs when, which lock attempts and allocations fail, when grace "
      "periods end. That took ",
      Plural(sums.steps, "step"), " through ", Plural(sums.states, "state"), ". ", Plural(sums.ends, "run"),
      " came to their end, in ", Plural(sums.finals, "different state"), "; ", Number(sums.merges),
      " came to a state where the search had been, and were not gone on with. The longest run had ",
      Plural(sums.depth, "answer"), ". The chance that two states were taken for one is ",
      absl::StrFormat("%.1e", chance), ".</p>\n");
}

std::string BoundsTable(const Json& certificate) {
  std::string rows;
  for (const auto& bound : kBoundWords) {
    const Json& most = certificate["bounds"][bound.name];
    uint64_t left_out = 0;
    for (const Json& row : certificate["results"]) left_out += row["left_out"][bound.name].get<uint64_t>();
    rows += Row()
                .Text(bound.words)
                .Right(most.is_null() ? "any number" : Number(most.get<uint64_t>()))
                .Right(left_out == 0 ? "never" : absl::StrCat(Number(left_out), " times"))
                .End();
  }
  return "<h2>Bounds</h2>\n" +
         Table(Row("th").Text("at most, in one run").Right("bound").Right("left out because of it").End(), rows);
}

// `above` has the signatures whose schedules are on the page already, by schedule.
std::string OneViolation(const RatedViolation& violation, const std::string& name,
                         std::map<std::string, std::string>* above) {
  static constexpr const char* kWords[] = {"Listed", "WORSE than what is listed", "NEW"};
  const std::string as = name.empty() ? "" : absl::StrCat(" as ", Code(name));
  const auto [first, is_first] = above->try_emplace(violation.schedule, violation.signature);
  const std::string schedule =
      is_first ? absl::StrCat("<pre>", EscapeMarkup(violation.schedule), "</pre>")
               : absl::StrCat("<p>The schedule is the same as that of ", Code(first->second), " above.</p>");
  return absl::StrCat("<article", violation.news == News::kNone ? "" : " class=\"news\"", "><h3>",
                      Code(violation.signature), "</h3>\n<p>", kWords[static_cast<int>(violation.news)], as, ". ",
                      violation.scenarios == 1 ? "One scenario shows" : Number(violation.scenarios) + " scenarios show",
                      " it. In this schedule, before it shows: ", EscapeMarkup(NeedText(violation.need)), ".</p>\n",
                      schedule, "</article>\n");
}

std::string Violations(const std::vector<RatedViolation>& violations,
                       const std::function<std::string(const std::string&)>& name_of) {
  std::string html = "<h2>Violations</h2>\n";
  if (violations.empty()) html += "<p>None.</p>\n";
  std::map<std::string, std::string> above;
  for (const News news : {News::kNew, News::kWorse, News::kNone}) {
    for (const RatedViolation& violation : violations) {
      if (violation.news == news) html += OneViolation(violation, name_of(violation.signature), &above);
    }
  }
  return html;
}

std::string LeftOut(const Json& certificate) {
  std::vector<std::string> items;
  const std::vector<std::string> missing = MissingScenarios(certificate);
  if (!missing.empty()) {
    items.push_back(absl::StrCat("<strong>Scenarios that are not in this certificate at all:</strong> ",
                                 absl::StrJoin(missing, ", ")));
  }
  uint64_t early = 0;
  for (const Json& row : certificate["results"]) early += row["ended"] != "complete";
  if (early != 0) {
    items.push_back(absl::StrCat("<strong>", Plural(early, "scenario"),
                                 " not searched to the end</strong>, for want of time or of memory; the table has them "
                                 "in another colour"));
  }
  if (!certificate["plain_reads"].get<bool>()) {
    items.push_back("<strong>Plain reads were not seen</strong> in this build, so a state may be taken for another");
  }
  items.push_back("Schedules beyond the bounds");
  items.push_back("Other answers than the default in the set-up and in the end of a run");
  items.push_back("Data races: whether two accesses race depends on the way to a state");
  items.push_back(
      "Where two runs come together, one value of <code>reader=</code> and one of several functions that "
      "gave an object up");
  items.push_back("What the simulated kernel leaves out: each header in <code>core/kernel/sim</code> says what");
  std::string html = "<h2>Left out</h2>\n<ul>\n";
  for (const std::string& item : items) absl::StrAppend(&html, "<li>", item, ".</li>\n");
  return html + "</ul>\n<p class=\"dim\">docs/explore.md says what each of these means.</p>\n";
}

std::string Scenarios(const Json& certificate) {
  std::string rows;
  for (const Json& row : certificate["results"]) {
    const bool is_complete = row["ended"] == "complete";
    rows += Row("td", is_complete ? "" : "early")
                .Right(Number(row["index"].get<uint64_t>()))
                .Text(Code(row["name"]))
                .Text(is_complete ? "complete" : EscapeMarkup(GivenUpText(row)))
                .Right(Number(row["states"].get<uint64_t>()))
                .Right(Number(row["steps"].get<uint64_t>()))
                .Right(Number(row["runs"]["ends"].get<uint64_t>()))
                .Right(Number(row["final_states"]["count"].get<uint64_t>()))
                .Right(Number(row["violations"].size()))
                .End();
  }
  return "<h2>Scenarios</h2>\n" + Table(Row("th")
                                            .Right("#")
                                            .Text("scenario")
                                            .Text("searched")
                                            .Right("states")
                                            .Right("steps")
                                            .Right("ends")
                                            .Right("final states")
                                            .Right("violations")
                                            .End(),
                                        rows);
}

std::string MadeFrom(const Json& certificate) {
  std::string rows;
  for (const auto& [name, hash] : certificate["sources"].items()) {
    rows += Row().Text(Code(name)).Text(Code(hash)).End();
  }
  const Json& suite = certificate["suite"];
  rows += Row()
              .Text(absl::StrCat("nofail ", EscapeMarkup(suite["version"].get<std::string>())))
              .Text(Code(suite["sources"]))
              .End();
  return absl::StrCat("<h2>Made from</h2>\n", Table(Row("th").Text("file").Text("SHA-256").End(), rows),
                      "<p class=\"dim\">Compiled by ", EscapeMarkup(suite["compiler"].get<std::string>()),
                      "; seed of the hash of states: ", certificate["hash_seed"].get<uint64_t>(),
                      ". <code>nofail explore --verify FILE</code> looks whether a certificate is so.</p>\n");
}

std::string Title(const Json& certificate, const std::vector<RatedViolation>& violations) {
  const size_t news = static_cast<size_t>(std::count_if(violations.begin(), violations.end(),
                                                        [](const RatedViolation& v) { return v.news != News::kNone; }));
  const std::string found = violations.empty() ? "no violation"
                            : news == 0
                                ? absl::StrCat(Plural(violations.size(), "violation"), ", all listed")
                                : absl::StrCat(Plural(violations.size(), "violation"), ", ", news, " of them news");
  return absl::StrCat("Search of ", certificate["subject"].get<std::string>(), ": ", found,
                      certificate["complete"].get<bool>() ? "" : "; not complete");
}

}  // namespace

std::string CertificatePage(const Json& certificate, const std::vector<RatedViolation>& violations,
                            const std::function<std::string(const std::string&)>& name_of) {
  const std::string title = EscapeMarkup(Title(certificate, violations));
  const bool has_news =
      std::any_of(violations.begin(), violations.end(), [](const RatedViolation& v) { return v.news != News::kNone; });
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>",
      title, "</title>\n<style>\n", kCss, "</style>\n</head>\n<body>\n<h1", has_news ? " class=\"news\"" : "", ">",
      title, "</h1>\n", Searched(certificate), BoundsTable(certificate), Violations(violations, name_of),
      LeftOut(certificate), Scenarios(certificate), MadeFrom(certificate), "</body>\n</html>\n");
}

}  // namespace nofail
