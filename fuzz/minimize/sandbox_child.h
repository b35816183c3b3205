// SPDX-License-Identifier: MIT
//
// The child's side of the sandbox (sandbox.h), and the messages between the two processes. Internal to fuzz/minimize.
#ifndef NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_
#define NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_

#include "core/subjects/subject.h"
#include "fuzz/minimize/sandbox.h"
#include "fuzz/minimize/serialize.h"

namespace nofail {

// The signal that the sandbox sends to a child that hangs. Nothing else uses SIGSYS. ThreadSanitizer delivers it at
// once, because it does not take it for an asynchronous signal, which it would hold back.
inline constexpr int kHangSignal = SIGSYS;

// Sends the size of the message (a uint32_t), then its bytes. Returns false when the other process is gone.
bool SendMessage(int channel, const std::string& message);
// Receives exactly `size` bytes. Returns false when the other process is gone.
bool ReceiveAll(int channel, void* buffer, size_t size);

// Write and read a result, but for `harness_bug`: a child with a harness bug sends no result.
void PutResult(const SandboxResult& result, Writer* writer);
SandboxResult GetResult(Reader* reader);

// Runs schedules for the sandbox until the sandbox closes its side of the channel. Each request is a SandboxRequest.
[[noreturn]] void ServeRuns(const subject& subject, int channel);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_SANDBOX_CHILD_H_
