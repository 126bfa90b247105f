#pragma once
/// What the reference server does otherwise than it should, or lawfully otherwise than it does by default: one switch a
/// line. A deviant throws exactly one of the first group, a legal variant one of the last. Whatever can be had by changing
/// a finished answer (a status, a media type, a body) needs no switch here: `reference_options::mutate` does it.

#include <est/core/base64.hpp>

namespace est::conformance {

/// The switches that act inside the reference server. All off: it behaves as RFC 7030 and its updates want it.
struct behaviour {
  // Who may ask
  bool cacerts_needs_authentication = false; ///< against RFC 7030 4.1.2 (SHOULD NOT)
  bool issue_without_authentication = false; ///< every enrolment and key generation is answered for anybody
  bool believe_proxy_fields = false;         ///< X-SSL-Client-Verify: SUCCESS will do, against RFC 7030 4.2
  bool overlook_revocation = false;          ///< revoked client certificates will do, against RFC 7030 3.3.2

  bool operation_as_label = false; ///< /cacerts/cacerts is answered, as if cacerts were a label, against RFC 7030 3.2.2

  bool own_names = false;               ///< lawful: a client with a certificate gets certificates of its subject alone
  bool own_names_but_enrolled = false;  ///< with own_names: overlooked at enrolment
  bool own_names_but_generated = false; ///< with own_names: overlooked at key generation

  // cacerts
  bool root_changed = false;       ///< lawful: the key of the root has been changed, and the links are in the bag
  bool omit_root = false;          ///< the bag of /cacerts lacks the root, against RFC 7030 4.1.3
  bool omit_intermediates = false; ///< the bag lacks the issuing CA below the root, against RFC 7030 4.1.3

  // simpleenroll, simplereenroll
  bool accept_broken_signature = false;  ///< a CSR whose signature does not verify is issued, against RFC 7030 4.2.1
  bool skip_linking_check = false;       ///< any challengePassword will do, against RFC 7030 3.5
  bool certify_another_key = false;      ///< the certificate certifies a fresh key, not the CSR's
  bool reenrol_under_other_name = false; ///< a re-enrolment may change subject and names, against RFC 7030 4.2.2
  bool append_chain = false;             ///< the answer's bag holds the CA certificates too, against RFC 7030 4.2.3

  bool pending_forgotten = false; ///< a request that waits for approval is refused when it is repeated (RFC 7030 4.2.3)

  bool renewal_without_renewing = false;  ///< a re-enrolment for the old key is answered with the old certificate
  bool reenrolment_under_old_key = false; ///< a re-enrolment certifies the old key whatever the CSR has

  // serverkeygen
  bool encryption_overlooked = false;               ///< with keys_encrypted: a key in the clear all the same
  bool clear_key_for_symmetric_identifier = false;  ///< DecryptKeyIdentifier is overlooked, against RFC 7030 4.4.1.1
  bool clear_key_for_asymmetric_identifier = false; ///< AsymmetricDecryptKeyIdentifier likewise, against 4.4.1.2
  bool overlook_key_usage = false; ///< keys are encrypted for a certificate for signatures alone, against 4.4.1.2
  bool demand_signature_at_key_generation = false; ///< a broken CSR signature is refused, against RFC 7030 4.4.1
  bool certify_csr_key = false;                    ///< the CSR's key is certified, against RFC 7030 4.4.1
  bool rename_at_key_generation = false;           ///< the certificate bears another name than the CSR
  bool mismatched_pair = false;                    ///< the private key is not the certificate's
  bool same_key_each_time = false;                 ///< every client gets one and the same key
  bool bare_key = false;                 ///< PKCS#1 or SEC1 in place of PrivateKeyInfo, against RFC 7030 4.4.2
  bool encrypted_private_key = false;    ///< EncryptedPrivateKeyInfo in place of PrivateKeyInfo, against RFC 7030 4.4.2
  bool key_in_envelope_unsigned = false; ///< the key package stands in the envelope bare, against RFC 7030 4.4.2
  bool key_signature_broken = false;     ///< the signature in the envelope does not hold, likewise
  bool another_key_in_envelope = false;  ///< an encrypted key is not the certificate's
  bool append_chain_to_key_part = false; ///< as `append_chain`, in the certificate part
  bool no_key_generation = false;        ///< lawful: /serverkeygen is not offered (RFC 7030 4.4, 404)

  // How request bodies are read
  bool require_transfer_encoding = false; ///< no `Content-Transfer-Encoding: base64`, no answer; against RFC 8951 3
  bool obey_transfer_encoding = false;    ///< any value but base64 is refused, against RFC 8951 3
  bool refuse_one_line = false;           ///< base64 without line ends is refused, against RFC 8951 3.1
  bool refuse_wrapped = false;            ///< base64 with line ends is refused, against RFC 8951 3.1 (SHOULD)
  bool refuse_crlf = false;               ///< base64 with CRLF line ends is refused, against RFC 8951 3.1 (SHOULD)
  bool fail_with_500 = false;             ///< what is refused above and below is answered with 500, not with a 4xx

  // Lawful variants of the answer
  base64_layout layout = {};      ///< of every base64 body
  bool transfer_encoding = true;  ///< whether `Content-Transfer-Encoding: base64` is sent
  bool certificate_first = false; ///< the certificate part of serverkeygen comes before the key part
  bool linking_required = false; ///< a CSR without challengePassword is refused, and /csrattrs says so (RFC 7030 4.5.2)
  bool linking_unannounced = false; ///< with linking_required, which /csrattrs does not say: against RFC 7030 4.5.2
  bool keys_encrypted = false;      ///< keys are generated for CSRs alone that ask for encryption (RFC 7030 4.4.1)
  bool name_changes = false;        ///< ChangeSubjectName is granted (RFC 6402 2.8)
  bool pending = false;             ///< every enrolment is answered 202 with Retry-After
};

} // namespace est::conformance
