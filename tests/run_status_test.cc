// SPDX-License-Identifier: MIT
//
// Status files of several processes in one folder: each process has its own, whatever its id is.
#include "fuzz/engine/run_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/engine/status_file.h"

namespace nofail {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;

class RunStatusFiles : public ::testing::Test {
 protected:
  RunStatusFiles() {
    std::string pattern = ::testing::TempDir() + "/run_status.XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~RunStatusFiles() override { fs::remove_all(folder_); }

  static void Count(RunStatus* status, int executions) {
    for (int i = 0; i < executions; ++i) status->CountExecution(1, 1);
    status->Write(true);
  }

  // How many executions each file in the folder says.
  std::vector<uint64_t> Executions() const {
    std::vector<uint64_t> executions;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      const absl::StatusOr<Status> status = ParseStatus(text);
      EXPECT_TRUE(status.ok()) << entry.path() << ": " << status.status();
      if (status.ok()) executions.push_back(status->executions);
    }
    return executions;
  }

  std::string folder_;
};

TEST_F(RunStatusFiles, AProcessHasOneFile) {
  RunStatus status;
  status.WriteTo(folder_);
  Count(&status, 3);
  Count(&status, 4);
  EXPECT_THAT(Executions(), UnorderedElementsAre(7u));
}

// As in two containers that share the folder: the first process of each has the same id.
TEST_F(RunStatusFiles, ProcessesOfTheSameIdDoNotOverwriteEachOther) {
  for (const int executions : {5, 6, 7}) {
    RunStatus status;
    status.WriteTo(folder_);
    Count(&status, executions);
  }
  EXPECT_THAT(Executions(), UnorderedElementsAre(5u, 6u, 7u));
}

// As AFL++'s fork server does it: the options are read before the fork.
TEST_F(RunStatusFiles, AChildDoesNotOverwriteTheFileOfItsParent) {
  RunStatus status;
  status.WriteTo(folder_);
  for (const int executions : {5, 6}) {
    const pid_t child = fork();
    if (child == 0) {
      Count(&status, executions);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  }
  Count(&status, 1);
  EXPECT_THAT(Executions(), UnorderedElementsAre(1u, 5u, 6u));
}

}  // namespace
}  // namespace nofail
