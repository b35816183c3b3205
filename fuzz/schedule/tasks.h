// SPDX-License-Identifier: MIT
#ifndef NOFAIL_FUZZ_SCHEDULE_TASKS_H_
#define NOFAIL_FUZZ_SCHEDULE_TASKS_H_

#include <cstddef>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// Changes the number of tasks; new ones are empty. What is dropped keeps its memory in a small pool that the next new
// task takes from, so that decoding one input after the other allocates nothing. Internal to fuzz/schedule.
void ResizeTasks(Schedule* schedule, size_t count);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_TASKS_H_
