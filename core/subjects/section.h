// SPDX-License-Identifier: MIT
//
// Included before everything else in each subject's translation units (cmake/sanitizers.cmake): their code goes to a
// section of its own, so that a signal handler can tell a subject that followed a wild pointer from a bug of the suite.
#ifndef NOFAIL_CORE_SUBJECTS_SECTION_H_
#define NOFAIL_CORE_SUBJECTS_SECTION_H_
#pragma clang section text = "nofail_subject"
#endif  // NOFAIL_CORE_SUBJECTS_SECTION_H_
