// SPDX-License-Identifier: MIT
#include "fuzz/report/fields.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <link.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace nofail {
namespace {

// ---- Where a type is -----------------------------------------------------------------------------------------------

// The debug information of this program; nullptr if it cannot be read. It stays open for ever, as names point into it.
Dwarf* OwnDebugInformation() {
  static Dwarf* const dwarf = [] {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    return file < 0 ? nullptr : dwarf_begin(file, DWARF_C_READ);
  }();
  return dwarf;
}

// How far from its addresses in the file the program was loaded.
Dwarf_Addr LoadBias() {
  Dwarf_Addr bias = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        *static_cast<Dwarf_Addr*>(out) = info->dlpi_addr;
        return 1;  // the first one is the program itself
      },
      &bias);
  return bias;
}

template <typename Function>
Dwarf_Addr AddressInFile(Function* function) {
  return reinterpret_cast<Dwarf_Addr>(function) - LoadBias();
}

// The compile units that define functions of the subject's table. Several subjects in one program have types of the
// same name, and each of them is known by its own functions alone.
std::vector<Dwarf_Die> UnitsOf(const subject& subject) {
  const Dwarf_Addr functions[] = {AddressInFile(subject.map_alloc), AddressInFile(subject.map_free),
                                  AddressInFile(subject.owner_init), AddressInFile(subject.update),
                                  AddressInFile(subject.owner_destroy)};
  std::vector<Dwarf_Die> units;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(OwnDebugInformation(), unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    const bool is_its = std::any_of(std::begin(functions), std::end(functions), [&die](Dwarf_Addr function) {
      return function != 0 && dwarf_haspc(&die, function) == 1;
    });
    if (is_its) units.push_back(die);
  }
  return units;
}

bool IsStructure(Dwarf_Die* die) {
  const int tag = dwarf_tag(die);
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

absl::string_view NameOf(Dwarf_Die* die) {
  const char* name = dwarf_diename(die);
  return name == nullptr ? "" : name;
}

std::vector<Dwarf_Die> ChildrenOf(Dwarf_Die* die) {
  std::vector<Dwarf_Die> children;
  Dwarf_Die child;
  for (int end = dwarf_child(die, &child); end == 0; end = dwarf_siblingof(&child, &child)) children.push_back(child);
  return children;
}

// The definition of a structure of this name in a unit or a namespace, or in the namespaces inside.
std::optional<Dwarf_Die> FindStructure(Dwarf_Die* in, absl::string_view name) {
  for (Dwarf_Die& child : ChildrenOf(in)) {
    if (IsStructure(&child) && NameOf(&child) == name && !dwarf_hasattr(&child, DW_AT_declaration)) return child;
    if (dwarf_tag(&child) != DW_TAG_namespace) continue;
    if (const std::optional<Dwarf_Die> found = FindStructure(&child, name)) return found;
  }
  return std::nullopt;
}

const char* TypeName(const subject_types& types, kernel_object_kind kind) {
  switch (kind) {
    case KERNEL_MAP:
      return types.map;
    case KERNEL_BUCKETS:
      return types.bucket;
    case KERNEL_STORAGE:
      return types.storage;
    case KERNEL_SELEM:
      return types.selem;
    case KERNEL_OWNER:
      return types.owner;
    default:
      return nullptr;
  }
}

// The type of an object of this kind, or of one bucket.
std::optional<Dwarf_Die> TypeOf(const subject& subject, kernel_object_kind kind) {
  static std::map<const struct subject*, std::vector<Dwarf_Die>> units_of;
  const char* name = TypeName(subject.types, kind);
  if (name == nullptr || OwnDebugInformation() == nullptr) return std::nullopt;
  const auto [units, is_first] = units_of.try_emplace(&subject);
  if (is_first) units->second = UnitsOf(subject);
  for (Dwarf_Die& unit : units->second) {
    if (const std::optional<Dwarf_Die> found = FindStructure(&unit, name)) return found;
  }
  return std::nullopt;
}

// ---- What is at an offset in a type --------------------------------------------------------------------------------

// The type of a member or of an array's elements, without the names and qualifiers that it may have.
std::optional<Dwarf_Die> TypeOfDie(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), &type) == nullptr) return std::nullopt;
  Dwarf_Die peeled;
  if (dwarf_peel_type(&type, &peeled) != 0) return std::nullopt;
  return peeled;
}

// In bytes; 0 for an array without an end.
Dwarf_Word SizeOf(Dwarf_Die* type) {
  Dwarf_Word size = 0;
  return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

// A member of a structure, or a base of it (then without a name).
struct Member {
  absl::string_view name;
  Dwarf_Word offset;
  Dwarf_Die type;
};

std::vector<Member> MembersOf(Dwarf_Die* structure) {
  std::vector<Member> members;
  for (Dwarf_Die& child : ChildrenOf(structure)) {
    const int tag = dwarf_tag(&child);
    if (tag != DW_TAG_member && tag != DW_TAG_inheritance) continue;
    const std::optional<Dwarf_Die> type = TypeOfDie(&child);
    if (!type || dwarf_hasattr(&child, DW_AT_external)) continue;  // a static member
    Dwarf_Attribute attribute;
    Dwarf_Word offset = 0;
    if (dwarf_formudata(dwarf_attr(&child, DW_AT_data_bit_offset, &attribute), &offset) == 0) {
      offset /= 8;
    } else {
      dwarf_formudata(dwarf_attr(&child, DW_AT_data_member_location, &attribute), &offset);
    }
    members.push_back({NameOf(&child), offset, *type});
  }
  return members;
}

// Whether the type is a number, or a structure around one number, as atomic_t is.
bool HoldsNumber(Dwarf_Die type) {
  if (dwarf_tag(&type) == DW_TAG_base_type) return true;
  if (dwarf_tag(&type) != DW_TAG_structure_type) return false;
  const std::vector<Member> members = MembersOf(&type);
  return members.size() == 1 && HoldsNumber(members[0].type);
}

// Whether a structure is nothing but its only member. `raw` is what this suite's own wrappers call theirs
// (core/kernel/sync.h).
bool IsWrapper(const std::vector<Member>& members) {
  return members.size() == 1 && (members[0].name == "raw" || HoldsNumber(members[0].type));
}

// Walks into a type, down to the field that is asked for.
class Walk {
 public:
  // `whole`: stop at the first field that begins at the offset, though it has fields itself.
  explicit Walk(bool whole) : whole_(whole) {}

  void Into(Dwarf_Die type, Dwarf_Word offset, const std::string& path) {
    if (whole_ && offset == 0 && !path.empty()) return Found(path);
    if (dwarf_tag(&type) == DW_TAG_array_type) {
      IntoArray(&type, offset, path);
    } else if (IsStructure(&type)) {
      IntoStructure(&type, offset, path);
    } else {
      Found(offset == 0 ? path : absl::StrCat(path, "+", offset));
    }
  }

  // The fields that were found, the first with the dot that comes before it.
  std::string Text() const { return absl::StrJoin(found_, "|"); }

 private:
  void Found(absl::string_view path) {
    if (!found_.empty()) absl::ConsumePrefix(&path, ".");
    if (std::find(found_.begin(), found_.end(), path) == found_.end()) found_.emplace_back(path);
  }

  void IntoArray(Dwarf_Die* type, Dwarf_Word offset, const std::string& path) {
    std::optional<Dwarf_Die> element = TypeOfDie(type);
    const Dwarf_Word size = element ? SizeOf(&*element) : 0;
    if (size == 0 || ChildrenOf(type).size() > 1) return Found(absl::StrCat(path, "+", offset));  // of arrays
    Into(*element, offset % size, absl::StrCat(path, "[", offset / size, "]"));
  }

  void IntoStructure(Dwarf_Die* type, Dwarf_Word offset, const std::string& path) {
    const std::vector<Member> members = MembersOf(type);
    const bool is_wrapper = IsWrapper(members);
    for (const Member& member : members) {
      Dwarf_Die of = member.type;
      const Dwarf_Word size = SizeOf(&of);
      const bool is_open = size == 0 && dwarf_tag(&of) == DW_TAG_array_type;
      if (offset < member.offset || (!is_open && offset >= member.offset + size)) continue;
      const bool is_named = !member.name.empty() && (!is_wrapper || path.empty());
      Into(of, offset - member.offset, is_named ? absl::StrCat(path, ".", member.name) : path);
    }
  }

  const bool whole_;
  std::vector<std::string> found_;
};

std::string Look(const subject& subject, kernel_object_kind kind, uint32_t offset, bool whole) {
  std::optional<Dwarf_Die> type = TypeOf(subject, kind);
  if (!type) return "";
  Walk walk(whole);
  const Dwarf_Word size = SizeOf(&*type);
  if (kind == KERNEL_BUCKETS && size != 0) {
    walk.Into(*type, offset % size, absl::StrCat("[", offset / size, "]"));
  } else {
    walk.Into(*type, offset, "");
  }
  return walk.Text();
}

// The same field is asked for again and again in a report.
std::string LookOnce(const subject& subject, kernel_object_kind kind, uint32_t offset, bool whole) {
  static std::map<std::tuple<const struct subject*, kernel_object_kind, uint32_t, bool>, std::string> known;
  const auto [place, is_first] = known.try_emplace({&subject, kind, offset, whole});
  if (is_first) place->second = Look(subject, kind, offset, whole);
  return place->second;
}

}  // namespace

std::string FieldAt(const subject& subject, kernel_object_kind kind, uint32_t offset) {
  return LookOnce(subject, kind, offset, false);
}

std::string FieldPointedTo(const subject& subject, kernel_object_kind kind, uint32_t offset) {
  return LookOnce(subject, kind, offset, true);
}

}  // namespace nofail
