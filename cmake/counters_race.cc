// SPDX-License-Identifier: MIT
// A correct program, which libfuzzer.cmake builds with ThreadSanitizer and coverage counters. Its exit code is not 0 if
// this compiler lets ThreadSanitizer report races on the coverage counters.
#include <pthread.h>

__attribute__((noinline)) static int Branch(volatile int* value) {
  if (*value > 3) return 1;
  return 2;
}

static void* Run(void*) {
  volatile int value = 1;
  for (int i = 0; i < 100; ++i) Branch(&value);
  return nullptr;
}

int main() {
  pthread_t a, b;
  if (pthread_create(&a, nullptr, Run, nullptr) != 0 || pthread_create(&b, nullptr, Run, nullptr) != 0) return 1;
  return pthread_join(a, nullptr) + pthread_join(b, nullptr);
}
