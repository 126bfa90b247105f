#include "tls_words.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <string_view>

namespace est::conformance {

namespace {

/// The alert that the peer sent; 0 if the error is none.
int alert_of(unsigned long error) {
  int const reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason <= SSL_AD_REASON_OFFSET || reason > SSL_AD_REASON_OFFSET + 255)
    return 0;
  return reason - SSL_AD_REASON_OFFSET;
}

std::string reason_of(unsigned long error) {
  if (auto const* reason = ERR_reason_error_string(error)) return reason;
  return "OpenSSL does not say why";
}

bool is_about_client_certificate(int alert) {
  switch (alert) {
  case SSL_AD_CERTIFICATE_REQUIRED:
  case SSL_AD_NO_CERTIFICATE:
  case SSL_AD_BAD_CERTIFICATE:
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
  case SSL_AD_CERTIFICATE_REVOKED:
  case SSL_AD_CERTIFICATE_EXPIRED:
  case SSL_AD_CERTIFICATE_UNKNOWN:
  case SSL_AD_UNKNOWN_CA:
  case SSL_AD_ACCESS_DENIED: return true;
  default: return false;
  }
}

failure untrusted(handshake_trouble const& t) {
  std::string what;
  auto const whose = t.verify_subject.empty() ? std::string{"the server's certificate"}
                                              : "the certificate \"" + t.verify_subject + "\"";
  auto const anchors =
      t.explicit_anchors
          ? std::string{"the anchors of --cacert do not include its issuer; give the right CA certificate"}
          : std::string{"the system's store does not hold its issuer; give the CA certificate with --cacert"};
  switch (t.verify_result) {
  case X509_V_ERR_CERT_HAS_EXPIRED: what = whose + " in the server's chain has expired"; break;
  case X509_V_ERR_CERT_NOT_YET_VALID:
    what = whose + " in the server's chain is not valid yet; is the clock right?";
    break;
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: what = whose + " is self-signed, and " + anchors; break;
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_UNTRUSTED:
    what = "the issuer of the server's chain is not known (" + whose + "): " + anchors;
    break;
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    what = "the signature of " + whose +
           " does not verify: an anchor has its issuer's name and another key, as after a " +
           "CA was set up anew; give the CA's present certificate with --cacert";
    break;
  default:
    what = "the server's chain does not verify at " + whose + ": " + X509_verify_cert_error_string(t.verify_result);
    break;
  }
  return {errc::server_untrusted, "TLS handshake", std::move(what), {}};
}

} // namespace

bool is_alert(unsigned long error) { return alert_of(error) != 0; }

std::string explain_alert(unsigned long error, bool certificate_asked, bool certificate_shown) {
  int const alert = alert_of(error);
  if (alert == 0) return "TLS broke: " + reason_of(error);
  std::string text = std::string{"the server ended TLS with the alert "} + SSL_alert_desc_string_long(alert);
  if (alert == SSL_AD_CERTIFICATE_REQUIRED || (is_about_client_certificate(alert) && !certificate_shown))
    text += certificate_shown ? ": it does not take the client certificate"
                              : ": it demands a client certificate (--cert, --key), and none was shown";
  else if (is_about_client_certificate(alert))
    text += ": it refuses the client certificate";
  else if (alert == SSL_AD_HANDSHAKE_FAILURE && certificate_asked)
    text += certificate_shown ? ": it may not take the client certificate"
                              : ": it asked for a client certificate (--cert, --key), and none was shown";
  return text;
}

failure explain_handshake(handshake_trouble const& t) {
  constexpr std::string_view http = "HTTP/";
  if (std::string_view{t.first_octets}.substr(0, http.size()) == http)
    return {errc::malformed_http,
            "TLS handshake",
            "port " + std::to_string(t.port) +
                " answers in plain HTTP, without TLS; EST runs over HTTPS only (RFC 7030 3.3)",
            {}};
  if (t.verify_result != X509_V_OK) return untrusted(t);
  if (int const alert = alert_of(t.error); alert != 0) {
    auto text = explain_alert(t.error, t.certificate_asked, t.certificate_shown);
    if (alert == SSL_AD_PROTOCOL_VERSION) text += ": it does not speak the TLS version that was asked for";
    if (alert == SSL_AD_UNRECOGNIZED_NAME) text += ": it does not know the host name that was asked for (--servername)";
    return {errc::tls_failed, "TLS handshake", std::move(text), {}};
  }
  if (t.reset)
    return {errc::connection_closed, "TLS handshake", "the server reset the connection during the handshake", {}};
  if (t.ended)
    return {errc::connection_closed,
            "TLS handshake",
            "the server closed the connection during the handshake; does it speak HTTPS on port " +
                std::to_string(t.port) + "?",
            {}};
  int const reason = ERR_GET_REASON(t.error);
  // A TLS record begins with its content type: 20 to 23.
  bool const no_record = !t.first_octets.empty() && (t.first_octets[0] < 20 || t.first_octets[0] > 23);
  if (no_record)
    return {errc::tls_failed,
            "TLS handshake",
            "what answers on port " + std::to_string(t.port) + " is neither TLS nor HTTP",
            {}};
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION ||
      reason == SSL_R_UNSUPPORTED_SSL_VERSION)
    return {errc::tls_failed,
            "TLS handshake",
            "the server offers no TLS version that may be used here; EST needs TLS 1.2 or above (RFC 8996)",
            {}};
  return {errc::tls_failed, "TLS handshake", reason_of(t.error), {}};
}

std::string subject_in_words(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out{BIO_new(BIO_s_mem()), BIO_free_all};
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  long const size = BIO_get_mem_data(out.get(), &text);
  if (size <= 0) return {};
  constexpr long most = 200;
  return std::string(text, static_cast<std::size_t>(size < most ? size : most));
}

} // namespace est::conformance
