// SPDX-License-Identifier: MIT
//
// A certificate as one HTML page for a person: what was searched, what was found, and what was left out. The page loads
// nothing and has no script. It is well-formed XML, too.
#ifndef NOFAIL_FUZZ_TOOLS_CERTIFICATE_PAGE_H_
#define NOFAIL_FUZZ_TOOLS_CERTIFICATE_PAGE_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/tools/explore_report.h"

namespace nofail {

// Returns the text of the page. `violations` are those of the certificate (ParseCertificate), rated; `name_of` says
// under which name a signature is listed, or "".
std::string CertificatePage(const nlohmann::ordered_json& certificate, const std::vector<RatedViolation>& violations,
                            const std::function<std::string(const std::string&)>& name_of);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_CERTIFICATE_PAGE_H_
