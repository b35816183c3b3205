// SPDX-License-Identifier: MIT
//
// Finds the names of functions of this program in its own ELF symbol table.
//
// STANDS FOR: a sanitizer's symbolizer, where there is none or an option switches it off. Fuzzing services switch it
// off while they fuzz. NOT MODELLED: lines and inlined calls. The table only knows functions that the compiler did not
// inline. Subjects are compiled so that their own functions are not inlined (cmake/sanitizers.cmake).
#ifndef NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_
#define NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace nofail {

class SymbolTable {
 public:
  // Reads the table of the running program. It keeps the functions whose addresses are in [begin, end), but not weak
  // symbols, which are inline functions of headers. The table is empty when the program cannot be read or is stripped.
  static SymbolTable OfProgram(uintptr_t begin, uintptr_t end);

  // The demangled name of the function that contains the address `pc`; "" when the table has none. The result is valid
  // as long as the table. Allocates no memory, because a sanitizer may hold locks while it reports.
  const char* FunctionAt(uintptr_t pc) const;

 private:
  struct Function {
    uintptr_t begin, size;  // address, bytes
    std::string name;
  };
  std::vector<Function> functions_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SANITIZERS_SYMBOL_TABLE_H_
