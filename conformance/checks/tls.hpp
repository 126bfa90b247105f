#pragma once
/// The checks of TLS come in two files: those of ordinary connections, and those of handshakes that were made to find
/// something out.

#include "common.hpp"

namespace est::conformance {

std::span<const check> tls_probe_checks();

} // namespace est::conformance
