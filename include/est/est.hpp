#pragma once
/// The whole toolkit but the adaptors for cpp-httplib and OpenSSL (est/transport/httplib_client.hpp, httplib_server.hpp), which a
/// program includes by name where it wants them. Needs Botan and tl::expected.

#include <est/version.hpp>

#include <est/core/base64.hpp>
#include <est/core/bytes.hpp>
#include <est/core/failure.hpp>
#include <est/core/hash.hpp>
#include <est/core/notes.hpp>
#include <est/core/random.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>

#include <est/http/auth.hpp>
#include <est/http/date.hpp>
#include <est/http/digest.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>
#include <est/http/message_machine.hpp>
#include <est/http/reader.hpp>
#include <est/http/redirect.hpp>
#include <est/http/status.hpp>
#include <est/http/tls_facts.hpp>
#include <est/http/writer.hpp>

#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>
#include <est/mime/multipart.hpp>

#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/change_subject_name.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/cmc_proof.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/context.hpp>
#include <est/pki/crl.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/csr_offer.hpp>
#include <est/pki/csr_plan.hpp>
#include <est/pki/csr_template.hpp>
#include <est/pki/csr_wishes.hpp>
#include <est/pki/der.hpp>
#include <est/pki/encrypted_key.hpp>
#include <est/pki/enveloped_data.hpp>
#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_agreement.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/key_form.hpp>
#include <est/pki/key_package.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/name.hpp>
#include <est/pki/name_constraints.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/path.hpp>
#include <est/pki/path_validation.hpp>
#include <est/pki/pem.hpp>
#include <est/pki/pkcs8.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signed_data.hpp>
#include <est/pki/signer.hpp>
#include <est/pki/smime_capabilities.hpp>
#include <est/pki/text.hpp>
#include <est/pki/tlv.hpp>

#include <est/message/cacerts.hpp>
#include <est/message/certificates.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/csr_attributes.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/enroll.hpp>
#include <est/message/full_cmc.hpp>
#include <est/message/operation.hpp>
#include <est/message/pending.hpp>
#include <est/message/server_keygen.hpp>

#include <est/transport/concept.hpp>
#include <est/transport/loopback.hpp>
#include <est/transport/recording.hpp>

#include <est/client/anchors.hpp>
#include <est/client/authentication.hpp>
#include <est/client/client.hpp>
#include <est/client/enrolment.hpp>
#include <est/client/full_cmc.hpp>
#include <est/client/redirect.hpp>
#include <est/client/renewal.hpp>
#include <est/client/trust.hpp>

#include <est/server/approval.hpp>
#include <est/server/authentication.hpp>
#include <est/server/authority.hpp>
#include <est/server/csr_attributes.hpp>
#include <est/server/digest.hpp>
#include <est/server/full_cmc.hpp>
#include <est/server/full_cmc_options.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/names.hpp>
#include <est/server/peer.hpp>
#include <est/server/policy.hpp>
#include <est/server/server.hpp>
