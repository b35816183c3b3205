// SPDX-License-Identifier: MIT
//
// The names of some of the program's own functions, from its symbol table.
//
// STANDS FOR: what a sanitizer's symbolizer says, where there is none or an option switches it off, as fuzzing services
// do while they fuzz. It knows functions that the compiler left standing, no lines and nothing of inlining; subjects
// are compiled with their own functions left standing (cmake/sanitizers.cmake).
#ifndef NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_
#define NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace nofail {

class SymbolTable {
 public:
  // Of the functions that begin in [begin, end), without inline ones that stand on their own. Empty where the program
  // cannot be read, or is stripped.
  static SymbolTable OfProgram(uintptr_t begin, uintptr_t end);

  // The function that this address is in, demangled; "" where none is known. Allocates nothing: a sanitizer that
  // reports may hold locks. The result lives as long as the table.
  const char* FunctionAt(uintptr_t pc) const;

 private:
  struct Function {
    uintptr_t begin, size;
    std::string name;
  };
  std::vector<Function> functions_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_
