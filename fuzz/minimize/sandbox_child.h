// SPDX-License-Identifier: MIT
//
// The sandbox's other side. Internal to fuzz/minimize.
#ifndef NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_
#define NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_

#include "core/subjects/subject.h"
#include "fuzz/minimize/sandbox.h"
#include "fuzz/minimize/serialize.h"

namespace nofail {

// Sent to a child that hangs: a signal that nothing else uses and that the thread sanitizer does not hold back, as it
// does with those it takes for asynchronous.
inline constexpr int kHangSignal = SIGSYS;

// A message: its size, then that many bytes. False when the other side is gone.
bool SendMessage(int channel, const std::string& message);
bool ReceiveAll(int channel, void* buffer, size_t size);

void PutResult(const SandboxResult& outcome, Writer* writer);
SandboxResult GetResult(Reader* reader);

// Answers requests (a schedule, and the signature whose story is wanted or "") until the other side closes.
[[noreturn]] void ServeRuns(const subject& subject, int channel);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_
