// SPDX-License-Identifier: MIT
#ifndef NOFAIL_FUZZ_SCHEDULE_TASKS_H_
#define NOFAIL_FUZZ_SCHEDULE_TASKS_H_

#include <cstddef>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// Changes the number of tasks to `count`. Removes tasks at the end, or adds empty ones. The memory of removed tasks
// goes into a small pool of the thread, and new tasks take their memory from there, so that decoding one input after
// the other allocates nothing. Internal to fuzz/schedule.
void ResizeTasks(Schedule* schedule, size_t count);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_TASKS_H_
