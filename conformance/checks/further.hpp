#pragma once
/// Areas of checks that stand apart from one section of RFC 7030: other RFCs, re-enrolment, and what is only observed.

#include "common.hpp"

namespace est::conformance {

std::span<const check> certificate_checks();
std::span<const check> csr_template_checks();
std::span<const check> observation_checks();
std::span<const check> odd_request_checks();
std::span<const check> renewal_checks();

} // namespace est::conformance
