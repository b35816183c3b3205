// SPDX-License-Identifier: MIT
#include "fuzz/sanitizers/symbol_table.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace nofail {
namespace {

// Reads `bytes` bytes at `offset` of the file as an array. Empty when they cannot be read.
template <typename Row>
std::vector<Row> ReadRows(std::ifstream& file, uint64_t offset, uint64_t bytes) {
  std::vector<Row> rows(bytes / sizeof(Row));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(rows.data()), static_cast<std::streamsize>(rows.size() * sizeof(Row)));
  if (!file) rows.clear();
  return rows;
}

// The difference between the addresses at which the program was loaded and those in its symbol table. dl_iterate_phdr
// reports the program itself first.
uintptr_t LoadBias() {
  uintptr_t bias = 0;
  const auto first = [](dl_phdr_info* info, size_t, void* out) {
    *static_cast<uintptr_t*>(out) = info->dlpi_addr;
    return 1;
  };
  dl_iterate_phdr(first, &bias);
  return bias;
}

std::string Demangled(const char* name) {
  char* demangled = abi::__cxa_demangle(name, nullptr, nullptr, nullptr);
  std::string text = demangled != nullptr ? demangled : name;
  free(demangled);
  return text;
}

}  // namespace

SymbolTable SymbolTable::OfProgram(uintptr_t begin, uintptr_t end) {
  SymbolTable table;
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const auto header = ReadRows<ElfW(Ehdr)>(file, 0, sizeof(ElfW(Ehdr)));
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) return table;
  const auto sections = ReadRows<ElfW(Shdr)>(file, header[0].e_shoff, header[0].e_shnum * sizeof(ElfW(Shdr)));
  const uintptr_t bias = LoadBias();
  for (const ElfW(Shdr) & section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const ElfW(Shdr)& names = sections[section.sh_link];
    const auto text = ReadRows<char>(file, names.sh_offset, names.sh_size);
    for (const ElfW(Sym) & symbol : ReadRows<ElfW(Sym)>(file, section.sh_offset, section.sh_size)) {
      const uintptr_t at = bias + symbol.st_value;
      // Weak functions are inline functions of headers. Reports name their caller instead.
      if (ELF64_ST_BIND(symbol.st_info) == STB_WEAK) continue;
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || at < begin || end <= at || symbol.st_name >= text.size())
        continue;
      table.functions_.push_back({at, symbol.st_size, Demangled(text.data() + symbol.st_name)});
    }
  }
  return table;
}

const char* SymbolTable::FunctionAt(uintptr_t pc) const {
  for (const Function& function : functions_) {
    if (pc - function.begin < function.size) return function.name.c_str();
  }
  return "";
}

}  // namespace nofail
