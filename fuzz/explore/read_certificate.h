// SPDX-License-Identifier: MIT
//
// Certificates that were written before: reading one, and joining those of the parts of a search.
#ifndef NOFAIL_FUZZ_EXPLORE_READ_CERTIFICATE_H_
#define NOFAIL_FUZZ_EXPLORE_READ_CERTIFICATE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/explore/certificate.h"

namespace nofail {

// Reads the text of a certificate. GUARANTEES: the result has all that certificate.h says, each of its type, and its
// schedules can be parsed. `name` is for messages. ERRORS: InvalidArgument, with one line that starts with `name`.
absl::StatusOr<nlohmann::ordered_json> ParseCertificate(absl::string_view text, const std::string& name);

// Reads the file at `path`. ERRORS: the same.
absl::StatusOr<nlohmann::ordered_json> ReadCertificate(const std::string& path);

// Whether the text may be meant as a certificate: it begins as JSON does, and schedules do not.
bool LooksLikeCertificate(absl::string_view text);

// The following take certificates, as ParseCertificate returns them.

// What CertificateHead has made.
nlohmann::ordered_json HeadOf(const nlohmann::ordered_json& certificate);
// The bounds, and the seed of the hash.
ExploreOptions OptionsOf(const nlohmann::ordered_json& certificate);
// The scenario of a row, and the schedule of a row's violation.
Scenario ScenarioOf(const nlohmann::ordered_json& row);
Schedule ScheduleOf(const nlohmann::ordered_json& row_or_violation);
// The numbers of the scenarios that have no row, as "7" or, of several ones, "7 to 9".
std::vector<std::string> MissingScenarios(const nlohmann::ordered_json& certificate);
// What in a certificate does not follow from its rows, in words; "": nothing.
std::string Contradiction(const nlohmann::ordered_json& certificate);

// Joins the certificates of the parts of a search. Whatever parts there were, the whole has the same bytes. `names` are
// for messages. ERRORS: InvalidArgument, with one line: the parts are not of the same search, or have a scenario twice.
absl::StatusOr<nlohmann::ordered_json> MergeCertificates(const std::vector<nlohmann::ordered_json>& parts,
                                                         const std::vector<std::string>& names);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_READ_CERTIFICATE_H_
