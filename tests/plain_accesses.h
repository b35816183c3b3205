// SPDX-License-Identifier: MIT
//
// Functions that make one or a few plain accesses each. They are compiled as a subject is, so the compiler announces
// the accesses.
#ifndef NOFAIL_TESTS_PLAIN_ACCESSES_H_
#define NOFAIL_TESTS_PLAIN_ACCESSES_H_

#include <cstdint>

// An object with a word of each size.
struct Words {
  uint64_t eight;
  uint32_t four;
  uint16_t two;
  uint8_t one;
  uint8_t rest;  // makes the words that follow it unaligned, see ReadUnaligned
  char bytes[48];
};

// A static variable of the subject.
extern uint64_t static_word;

void ReadEight(Words* words);
void WriteFour(Words* words);
void ReadTwo(Words* words);
void WriteOne(Words* words);
void Increment(Words* words);      // reads and writes `eight`
void ReadUnaligned(Words* words);  // 4 bytes from `rest` on
void CopyBytes(Words* words);      // 24 bytes, from the begin of `bytes` to its middle
void ClearBytes(Words* words);     // all of `bytes`
void ReadStatic(Words* words);
void WriteOnStack(Words* words);  // 8 bytes of the task's own stack
void ReadNull(Words* words);
void LoadMarked(Words* words);  // a marked load of `eight`, and no plain access

#endif  // NOFAIL_TESTS_PLAIN_ACCESSES_H_
