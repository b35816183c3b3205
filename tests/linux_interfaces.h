// SPDX-License-Identifier: MIT
//
// Everyday kernel interfaces, each with what it must do (linux_interfaces.c), and how linux_interfaces_test.cc reads
// it.
#ifndef NOFAIL_TESTS_LINUX_INTERFACES_H_
#define NOFAIL_TESTS_LINUX_INTERFACES_H_

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// One interface, used by one task.
struct interface {
  const char* name;
  // Uses the interface. Returns whether the values are right.
  bool (*check)(void);
  // What the interface does to the trace, in order and separated by blanks: the order of each marked access (its
  // kernel_order), WARNING, and each fault as !text. NULL: the test does not look.
  const char* trace;
};
extern const struct interface interfaces[];

// Interfaces that two tasks use, in every interleaving.
struct meeting {
  const char* name;
  void (*init)(void);  // runs alone, before the tasks
  void (*a)(void);
  void (*b)(void);
  bool (*is_right)(void);  // what holds once both tasks, and all that they deferred, have ended
  const char* outcomes;    // of all interleavings, separated by " | ": right, wrong, !fault
};
extern const struct meeting meetings[];

// Puts the static variables of linux_interfaces.c back to what they were.
void reset_interfaces(void);

#ifdef __cplusplus
}
#endif
#endif  // NOFAIL_TESTS_LINUX_INTERFACES_H_
