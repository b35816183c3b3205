// SPDX-License-Identifier: MIT
#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

// A token of a line: a keyword, a name, a text in quotes, or one of , ; : and the column where it begins. An empty text
// means that the line ends here.
struct Token {
  absl::string_view text;
  size_t column = 1;  // counted from 1, in bytes

  // The token without its first `offset` bytes.
  Token From(size_t offset) const { return {text.substr(std::min(offset, text.size())), column + offset}; }
};

// "a, b or c"
template <typename Keywords>
std::string Or(const Keywords& keywords) {
  std::string text;
  for (size_t i = 0; i < std::size(keywords); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : i + 1 == std::size(keywords) ? " or " : ", ", keywords[i]);
  }
  return text;
}

// The tokens of one line. A '#' at the start of a token begins a comment. A '#' within a token, as in update#2, does
// not.
class Line {
 public:
  explicit Line(absl::string_view text) : text_(text) {}

  // Returns the next token and moves behind it.
  Token Next() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
    const size_t begin = at_;
    if (begin == text_.size() || text_[begin] == '#') return {{}, begin + 1};
    if (text_[begin] == '"') {
      at_ = std::min(text_.find('"', begin + 1), text_.size() - 1) + 1;
    } else {
      while (at_ < text_.size() && !EndsWord(at_)) ++at_;
      if (at_ == begin) ++at_;
    }
    return {text_.substr(begin, at_ - begin), begin + 1};
  }

  // Returns the next token and does not move.
  Token Peek() const { return Line(*this).Next(); }

 private:
  // Whether a token ends before the byte at `i`. Two colons in a row are part of a C++ name and end no token.
  bool EndsWord(size_t i) const {
    char c = text_[i];
    if (c == ':') return text_.substr(i, 2) != "::" && (i == 0 || text_[i - 1] != ':');
    return absl::ascii_isspace(c) || c == ',' || c == ';' || c == '"';
  }

  absl::string_view text_;
  size_t at_ = 0;
};

// A parser with one method for each sentence and each part of a sentence. Such a method returns false after an error,
// which is then in error_.
class Parser {
 public:
  explicit Parser(absl::string_view file_name) : file_name_(file_name) {}

  absl::StatusOr<ScheduleFile> Parse(absl::string_view text) {
    if (text.size() > kMaxTextBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(file_name_, ": expected at most ", kMaxTextBytes, " bytes, found ", text.size()));
    }
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      ++line_number_;
      line_ = Line(line);
      if (line_.Peek().text.empty()) {
        if (!has_header_) KeepComment(line);
      } else if (!(has_header_ ? Sentence() : Header())) {
        return error_;
      }
    }
    if (!IsComplete()) return error_;
    std::sort(s_.deviations.begin(), s_.deviations.end());
    return std::move(file_);
  }

 private:
  // Sets error_ and returns false.
  bool FailFound(size_t column, absl::string_view expected, absl::string_view found) {
    error_ = absl::InvalidArgumentError(
        absl::StrCat(file_name_, ":", line_number_, ":", column, ": expected ", expected, ", found ", found));
    return false;
  }

  // Sets error_ to what was expected instead of the token, and returns false.
  bool Fail(const Token& at, absl::string_view expected) {
    constexpr size_t kShown = 40;
    if (at.text.empty()) return FailFound(at.column, expected, line_.Peek().text.empty() ? "end of line" : "nothing");
    return FailFound(
        at.column, expected,
        absl::StrCat("'", absl::CHexEscape(at.text.substr(0, kShown)), at.text.size() > kShown ? "..." : "", "'"));
  }

  // Requires that the line ends here. `or_else` is for the error: what else could have followed.
  bool EndOfLine(absl::string_view or_else = "") {
    Token token = line_.Next();
    return token.text.empty() || Fail(token, absl::StrCat(or_else, or_else.empty() ? "" : " or ", "end of line"));
  }

  bool Punctuation(absl::string_view mark) {
    Token token = line_.Next();
    return token.text == mark || Fail(token, absl::StrCat("'", mark, "'"));
  }

  // If the next token is `text`, moves behind it and returns true.
  bool Take(absl::string_view text) {
    if (line_.Peek().text != text) return false;
    line_.Next();
    return true;
  }

  // If the next token is "key=value", moves behind it, sets *value to the value and returns true.
  bool TakeAttribute(absl::string_view key, Token* value) {
    Token token = line_.Peek();
    if (!absl::ConsumePrefix(&token.text, key) || !absl::ConsumePrefix(&token.text, "=")) return false;
    *value = {token.text, token.column + key.size() + 1};
    line_.Next();
    return true;
  }

  // Requires "key=value" as the next token.
  bool Attribute(absl::string_view key, Token* value) {
    return TakeAttribute(key, value) || Fail(line_.Peek(), absl::StrCat(key, "="));
  }

  // Requires that the token is one of keywords[first], ..., and sets *value to the index of the keyword in `keywords`.
  template <typename Enum, size_t n>
  bool OneOf(const Token& token, const absl::string_view (&keywords)[n], Enum* value, size_t first = 0) {
    auto found = std::find(keywords + first, keywords + n, token.text);
    if (found == keywords + n) return Fail(token, Or(std::vector<absl::string_view>(keywords + first, keywords + n)));
    *value = static_cast<Enum>(found - keywords);
    return true;
  }

  // Requires that the token is a number from `min` to `max` that `step` divides.
  template <typename Int>
  bool Number(const Token& token, uint32_t min, uint32_t max, Int* value, uint32_t step = 1) {
    uint32_t number;
    if (!absl::SimpleAtoi(token.text, &number) || number < min || number > max || number % step != 0) {
      std::string expected = absl::StrCat("a number from ", min, " to ", max);
      if (step != 1) absl::StrAppend(&expected, " that ", step, " divides");
      return Fail(token, expected);
    }
    *value = static_cast<Int>(number);
    return true;
  }

  void KeepComment(absl::string_view line) {
    absl::string_view text = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&text, "#")) file_.comment.emplace_back(text);
  }

  bool Header() {
    for (absl::string_view keyword : {"nofail", "schedule"}) {
      if (Token token = line_.Next(); token.text != keyword) return Fail(token, "'nofail schedule 1' before all else");
    }
    Token version = line_.Next();
    uint32_t number;
    if (absl::SimpleAtoi(version.text, &number) && number > kTextVersion) {
      return FailFound(version.column, absl::StrCat("format version ", kTextVersion),
                       absl::StrCat("version ", number, ", which a newer nofail wrote: use that one"));
    }
    has_header_ = true;
    return Number(version, kTextVersion, kTextVersion, &number) && EndOfLine();
  }

  bool Sentence() {
    static constexpr absl::string_view kSentences[] = {"map",  "owner",   "mode",   "setup",
                                                       "task", "deviate", "policy", "expect"};
    static constexpr bool (Parser::* kParsers[])() = {&Parser::Map,    &Parser::Owner, &Parser::Mode,
                                                      &Parser::Setup,  &Parser::Task,  &Parser::Deviate,
                                                      &Parser::Policy, &Parser::Expect};
    size_t index;
    sentence_ = line_.Next();
    return OneOf(sentence_, kSentences, &index) && (this->*kParsers[index])();
  }

  bool IsComplete() {
    absl::string_view missing = !has_header_        ? "'nofail schedule 1' before all else"
                                : s_.maps.empty()   ? "a map (map m0 type=sk)"
                                : s_.owners.empty() ? "an owner (owner o0 type=sk)"
                                : s_.tasks.empty()  ? "a task (task A: destroy o0)"
                                                    : "";
    return missing.empty() || FailFound(1, missing, "end of file");
  }

  // Requires that this kind of sentence has not come before. *seen says so, and becomes true.
  bool Once(bool* seen, absl::string_view what) {
    return !std::exchange(*seen, true) || Fail(sentence_, absl::StrCat("at most one ", what));
  }

  // ---- Objects --------------------------------------------------------------------------------------------------

  // Requires the name of a new object, which must have the next number.
  bool NewName(char prefix, absl::string_view what, size_t count, size_t limit) {
    Token token = line_.Next();
    if (count == limit) return Fail(token, absl::StrCat("at most ", limit, " ", what));
    std::string name = absl::StrCat(std::string(1, prefix), count);
    return token.text == name || Fail(token, absl::StrCat(name, " (", what, " are numbered in order)"));
  }

  // Requires the name of a declared object, and sets *index to its number.
  bool Name(const Token& token, char prefix, absl::string_view what, size_t count, uint8_t* index) {
    static_assert(kMaxMaps <= 10 && kMaxOwners <= 10, "one digit");
    if (token.text.size() == 2 && token.text[0] == prefix && absl::ascii_isdigit(token.text[1])) {
      *index = static_cast<uint8_t>(token.text[1] - '0');
      if (*index < count) return true;
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back(absl::StrCat(std::string(1, prefix), i));
    return Fail(token, absl::StrCat("a declared ", what, names.empty() ? "" : absl::StrCat(" (", Or(names), ")")));
  }

  bool Map() {
    MapSpec map;
    Token type, value;
    if (!NewName('m', "maps", s_.maps.size(), kMaxMaps)) return false;
    if (!Attribute("type", &type) || !OneOf(type, kTypeKeywords, &map.type)) return false;
    if (TakeAttribute("value", &value) && !Number(value, 8, kMaxValueBytes, &map.bytes, 8)) return false;
    if (TakeAttribute("fields", &value) && !Fields(value, &map)) return false;
    if (Token clone = line_.Peek(); Take("clone")) {
      if (map.type != STORAGE_SK) return Fail(clone, "no clone for a type other than sk");
      map.clone = true;
    }
    s_.maps.push_back(map);
    return EndOfLine("value=, fields=, clone, in this order,");
  }

  bool Fields(Token list, MapSpec* map) {
    for (absl::string_view keyword : absl::StrSplit(list.text, '+')) {
      Token token = {keyword, list.column + static_cast<size_t>(keyword.data() - list.text.data())};
      size_t bit;
      if (!OneOf(token, kFieldKeywords, &bit)) return false;
      uint8_t field = static_cast<uint8_t>(1u << bit);
      if (map->fields & field) return Fail(token, "each field once");
      map->fields |= field;
      if (map->fields & KERNEL_FIELD_UPTR) {
        if (map->type != STORAGE_TASK) return Fail(token, "no uptr for a type other than task");
        if (map->fields & KERNEL_FIELD_SPIN_LOCK) return Fail(token, "not both uptr and spin_lock");
      }
    }
    return true;
  }

  bool Owner() {
    OwnerSpec owner;
    Token type, value;
    if (!NewName('o', "owners", s_.owners.size(), kMaxOwners)) return false;
    if (!Attribute("type", &type) || !OneOf(type, kTypeKeywords, &owner.type)) return false;
    if (std::none_of(s_.maps.begin(), s_.maps.end(), [&](const MapSpec& map) { return map.type == owner.type; })) {
      return Fail(type, "the type of a map above");
    }
    if (TakeAttribute("bucket", &value) && !Number(value, 0, kMaxBucket, &owner.bucket)) return false;
    if (Token optmem = line_.Peek(); TakeAttribute("optmem", &value)) {
      if (owner.type != STORAGE_SK) return Fail(optmem, "no optmem= for a type other than sk");
      uint32_t bytes;
      if (!Number(value, kOptmemUnit, UINT16_MAX * kOptmemUnit, &bytes, kOptmemUnit)) return false;
      owner.optmem = static_cast<uint16_t>(bytes / kOptmemUnit);
    }
    s_.owners.push_back(owner);
    return EndOfLine("bucket=, optmem=, in this order,");
  }

  bool Mode() {
    Modes& modes = s_.modes;
    Token value;
    if (!Once(&has_mode_, "mode sentence")) return false;
    if (TakeAttribute("locks", &value) && !OneOf(value, kLocksKeywords, &modes.locks)) return false;
    if (TakeAttribute("memory", &value) && !OneOf(value, kMemoryKeywords, &modes.memory)) return false;
    if (int rcu; TakeAttribute("rcu", &value)) {
      if (!OneOf(value, kRcuKeywords, &rcu)) return false;
      modes.preemptible_rcu = rcu == 0;
    }
    if (TakeAttribute("cpus", &value) && !Number(value, 1, kMaxCpus, &modes.cpus)) return false;
    return EndOfLine("locks=, memory=, rcu=, cpus=, in this order,");
  }

  // ---- Ops ------------------------------------------------------------------------------------------------------

  // Parses an op with its operands and modifiers.
  bool ParseOp(Op* op) {
    if (!OneOf(line_.Next(), kOpKeywords, &op->kind)) return false;
    Token map, owner, child;
    for (char operand : KeywordOf(kOperandsOfOp, op->kind)) {
      Token& token = operand == 'm' ? map : operand == 'o' ? owner : child;
      token = line_.Next();
      bool ok = operand == 'm' ? Name(token, 'm', "map", s_.maps.size(), &op->map)
                               : Name(token, 'o', "owner", s_.owners.size(), operand == 'o' ? &op->owner : &op->other);
      if (!ok) return false;
    }
    return FitsTypes(*op, map, owner, child) && Modifiers(op);
  }

  // Requires that the map and the owners have the types that the op needs.
  bool FitsTypes(const Op& op, const Token& map, const Token& owner, const Token& child) {
    absl::string_view operands = KeywordOf(kOperandsOfOp, op.kind);
    if (operands == "mo") {
      storage_type type = s_.maps[op.map].type;
      if (s_.owners[op.owner].type != type) {
        return Fail(owner, absl::StrCat("an owner of type ", KeywordOf(kTypeKeywords, type), ", as the map has"));
      }
      if (op.kind == OpKind::kKptr && !(s_.maps[op.map].fields & KERNEL_FIELD_KPTR)) {
        return Fail(map, "a map with a kptr field");
      }
    }
    if (op.kind == OpKind::kClone || op.kind == OpKind::kDump) {
      if (s_.owners[op.owner].type != STORAGE_SK) return Fail(owner, "an owner of type sk");
    }
    if (op.kind == OpKind::kClone) {
      if (s_.owners[op.other].type != STORAGE_SK) return Fail(child, "an owner of type sk");
      if (op.other == op.owner) return Fail(child, "an owner other than the parent");
    }
    return true;
  }

  // Parses the keywords behind an op's operands, in the order of kModifiers.
  bool Modifiers(Op* op) {
    std::vector<absl::string_view> more;
    for (const Modifier& modifier : kModifiers) {
      if (modifier.kind != op->kind) continue;
      more.push_back(modifier.keyword);
      if (!Take(modifier.keyword)) continue;
      op->flags |= modifier.flags;
      if (modifier.flags == 0) op->sleepable = true;
    }
    Token token = line_.Peek();
    if (op->kind == OpKind::kUpdate && op->sleepable && op->flags != 0) {
      return Fail(token, "sleepable without flags (a sleepable program has no update but storage_get)");
    }
    if (token.text.empty() || token.text == ";") return true;
    more.insert(more.end(), {"';'", "end of line"});
    return Fail(token, Or(more));
  }

  // Parses ops with ";" between them and appends them to *ops. `what` is what the error calls them.
  bool Ops(absl::string_view what, size_t limit, std::vector<Op>* ops) {
    do {
      Op op;
      Token first = line_.Peek();
      if (!ParseOp(&op)) return false;
      if (ops->size() == limit) return Fail(first, absl::StrCat("at most ", limit, " ", what));
      ops->push_back(op);
    } while (Take(";"));
    return true;
  }

  bool Setup() { return Punctuation(":") && Ops("set-up ops", kMaxSetupOps, &s_.setup); }

  // A task's letter is only a label. Tasks are numbered, and start, in the order in which they are declared.
  bool Task() {
    static_assert(kMaxTasks == 4);
    Token name = line_.Next();
    if (name.text.size() != 1 || name.text < "A" || name.text > "D")
      return Fail(name, "a task's letter (A, B, C or D)");
    if (absl::StrContains(letters_, name.text)) return Fail(name, "each task once");
    letters_.append(name.text.data(), 1);
    return Punctuation(":") && Ops("ops in a task", kMaxOpsPerTask, &s_.tasks.emplace_back());
  }

  // ---- Deviations -----------------------------------------------------------------------------------------------

  // Parses the name of the object of a callback, such as "selem3". Returns false without an error when it is none.
  static bool ParseObject(absl::string_view text, OpRef* ref) {
    constexpr int kKinds = KERNEL_OWNER + 1;
    absl::string_view digits = text.substr(std::min(text.find_first_of("0123456789"), text.size()));
    uint32_t number;
    if (!absl::SimpleAtoi(digits, &number) || number >= kMaxObjectsPerKind) return false;
    for (int kind = 0; kind < kKinds; ++kind) {
      if (text != ObjectName(static_cast<kernel_object_kind>(kind), number)) continue;
      *ref = {static_cast<uint8_t>(kFirstCallback + kind), static_cast<uint8_t>(number)};
      return true;
    }
    return false;
  }

  // Parses the name of a task, without an op: "A", "setup", "end", "cb/selem3". `name` is the token's text or its
  // beginning.
  bool ParseTask(const Token& token, absl::string_view name, OpRef* ref) {
    size_t letter = name.size() == 1 ? letters_.find(name[0]) : std::string::npos;
    *ref = {name == "setup" ? static_cast<uint8_t>(kSetup)
            : name == "end" ? static_cast<uint8_t>(kEnd)
                            : static_cast<uint8_t>(kTaskA + letter)};
    if (name == "setup" || name == "end" || letter != std::string::npos) return true;
    if (absl::ConsumePrefix(&name, "cb/")) {
      return ParseObject(name, ref) || Fail(token.From(3), "an object (selem0, storage0)");
    }
    std::vector<std::string> names;
    for (char c : letters_) names.push_back(std::string(1, c));
    names.insert(names.end(), {"setup", "end", "cb/OBJECT"});
    return Fail(token, absl::StrCat("a declared task (", Or(names), ")"));
  }

  // Parses the name of an op: "A/destroy#2", "setup/update", "end/3", "cb/selem3".
  bool Where(OpRef* ref) {
    Token token = line_.Next();
    bool is_callback = absl::StartsWith(token.text, "cb/");
    size_t slash = is_callback ? token.text.size() : token.text.find('/');
    if (!ParseTask(token, token.text.substr(0, slash), ref)) return false;
    if (is_callback) return true;
    Token label = token.From(slash == absl::string_view::npos ? token.text.size() : slash + 1);
    if (ref->task == kEnd) {
      uint32_t number;
      if (!Number(label, 1, kMaxEndOps, &number)) return false;
      ref->op = static_cast<uint8_t>(number - 1);
      return true;
    }
    const std::vector<Op>& ops = ref->task == kSetup ? s_.setup : s_.tasks[ref->task - kTaskA];
    std::vector<std::string> labels;
    for (size_t i = 0; i < ops.size(); ++i) labels.push_back(OpLabel(ops, i));
    auto found = std::find(labels.begin(), labels.end(), label.text);
    ref->op = static_cast<uint8_t>(found - labels.begin());
    if (found != labels.end()) return true;
    return Fail(label, labels.empty() ? "a task with an op" : absl::StrCat("an op of this task (", Or(labels), ")"));
  }

  bool Deviate() {
    OpRef where;
    if (!Where(&where) || !Punctuation(":")) return false;
    do {
      if (!Choice(where)) return false;
    } while (Take(";"));
    return EndOfLine("';'");
  }

  bool Choice(OpRef where) {
    Deviation d = {.where = where};
    Token first = line_.Next();
    if (!OneOf(first, kChoiceKeywords, &d.kind)) return false;
    Token ordinal = line_.Next();
    if (!Number(ordinal, 1, kMaxOrdinal, &d.ordinal)) return false;
    for (const Deviation& other : s_.deviations) {
      if (other.where == where && other.kind == d.kind && other.ordinal == d.ordinal) {
        return Fail(ordinal, absl::StrCat("each ", first.text, " of this op once"));
      }
    }
    if (s_.deviations.size() == kMaxDeviations)
      return Fail(first, absl::StrCat("at most ", kMaxDeviations, " deviations"));
    if (!Take("default") && !Answer(&d)) return false;
    s_.deviations.push_back(d);
    return true;
  }

  bool Answer(Deviation* d) {
    switch (d->kind) {
      case ChoiceKind::kPreempt:
        return Preemption(d);
      case ChoiceKind::kLock:
        return OneOf(line_.Next(), kLockAnswerKeywords, &d->answer);
      case ChoiceKind::kAlloc:
        d->answer = 1;
        return Take("fail") || Fail(line_.Peek(), "fail or default");
      case ChoiceKind::kResched:
        d->answer = 1;
        return true;
      default:
        break;
    }
    absl::string_view keyword = KeywordOf(kNumberKeywords, d->kind);
    if (!Take(keyword)) return Fail(line_.Peek(), absl::StrCat(keyword, " or default"));
    return Number(line_.Next(), 1, kMaxAnswer, &d->answer);
  }

  bool Preemption(Deviation* d) {
    if (Take("stay")) return true;
    if (!Take("to")) return Fail(line_.Peek(), "to TASK, stay or default");
    Token token = line_.Next();
    OpRef target;
    if (!ParseTask(token, token.text, &target)) return false;
    d->answer = PackTarget(target);
    return true;
  }

  // ---- Policy and expectations ----------------------------------------------------------------------------------

  bool Policy() {
    nofail::Policy& policy = s_.policy;
    Token value;
    if (!Once(&has_policy_, "policy sentence") || !OneOf(line_.Next(), kPolicyKeywords, &policy.kind, 1)) return false;
    if (policy.kind == PolicyKind::kRate) {
      Token rate = line_.Next();
      if (!absl::StartsWith(rate.text, "1/")) return Fail(rate, "a rate (1/8)");
      if (!Number(rate.From(2), kMinRate, kMaxRate, &policy.parameter)) return false;
    }
    if (policy.kind == PolicyKind::kPct) {
      if (!Attribute("depth", &value) || !Number(value, 1, kMaxPctDepth, &policy.parameter)) return false;
    }
    if (!Attribute("seed", &value) || !Number(value, 0, UINT32_MAX, &policy.seed)) return false;
    Token version = line_.Next();
    if (version.text != absl::StrCat("v", Rng::kVersion)) return Fail(version, absl::StrCat("v", Rng::kVersion));
    return EndOfLine();
  }

  bool Expect() {
    Expectation e;
    Token subject = line_.Next();
    if (!IsWord(subject)) return Fail(subject, "a subject's name");
    e.subject = std::string(subject.text);
    if (!Punctuation(":")) return false;
    const Token first = line_.Peek();
    if (!Take("pass") && !Violations(&e)) return false;
    // A subject may have several lines with violations. A line with `pass` must be its only line.
    for (const Expectation& other : file_.expectations) {
      if (other.subject != e.subject) continue;
      if (e.signatures.empty() || other.signatures.empty())
        return Fail(first, "pass only where it is all that is said of a subject");
    }
    file_.expectations.push_back(std::move(e));
    return EndOfLine();
  }

  bool Violations(Expectation* e) {
    do {
      Token signature = line_.Next();
      if (!IsWord(signature) || signature.text == "pass")
        return Fail(signature, "pass or the signature of a violation");
      e->signatures.emplace_back(signature.text);
    } while (Take(","));
    if (Token known; TakeAttribute("known", &known)) {
      if (known.text.empty()) return Fail(known, "a name");
      e->known = std::string(known.text);
    }
    if (Token see; TakeAttribute("see", &see)) {
      Token quoted = line_.Next();
      absl::string_view text = quoted.text;
      if (!absl::ConsumePrefix(&text, "\"") || !absl::ConsumeSuffix(&text, "\"") || text.empty() || !see.text.empty()) {
        return Fail(see.text.empty() ? quoted : see, "a text in quotes");
      }
      e->see = std::string(text);
    }
    if (Token token = line_.Peek(); !token.text.empty()) return Fail(token, "',', known=, see= or end of line");
    return true;
  }

  // Whether the token is neither empty, nor punctuation, nor a text in quotes.
  static bool IsWord(const Token& token) {
    return !token.text.empty() && !absl::StrContains(",;:\"", token.text.substr(0, 1));
  }

  absl::string_view file_name_;
  ScheduleFile file_;
  Schedule& s_ = file_.schedule;
  absl::Status error_;
  Line line_{{}};
  Token sentence_;  // the first token of the current sentence
  size_t line_number_ = 0;
  bool has_header_ = false;
  bool has_mode_ = false;
  bool has_policy_ = false;
  std::string letters_;  // the letters of the tasks, in the order of their declaration
};

}  // namespace

absl::StatusOr<ScheduleFile> ParseText(absl::string_view text, absl::string_view file_name) {
  return Parser(file_name).Parse(text);
}

}  // namespace nofail
