#pragma once
/// The table of deviants, in parts: each adds those of its sections.

#include "deviants.hpp"

#include <vector>

namespace est::conformance {

void add_http_deviants(std::vector<deviant>&);      ///< RFC 7030 3.2, 3.3, 3.5, RFC 8951 3, HTTP
void add_enrolment_deviants(std::vector<deviant>&); ///< RFC 7030 4.1 to 4.3
void add_keygen_deviants(std::vector<deviant>&);    ///< RFC 7030 4.4, MIME and CMS
void add_csrattrs_deviants(std::vector<deviant>&);
void add_renewal_deviants(std::vector<deviant>&);     ///< RFC 7030 3.5, 4.2.2
void add_cmc_deviants(std::vector<deviant>&);         ///< RFC 7030 4.3
void add_protection_deviants(std::vector<deviant>&);  ///< RFC 7030 4.4.1, 4.4.2: encrypted keys
void add_certificate_deviants(std::vector<deviant>&); ///< RFC 5280
void add_template_deviants(std::vector<deviant>&);    ///< RFC 9908
                                                      ///< RFC 7030 4.5

} // namespace est::conformance
