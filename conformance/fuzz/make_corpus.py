#!/usr/bin/env python3
"""Makes the seed corpora of the fuzz targets from the vectors: make_corpus.py VECTORS OUTPUT.

Each target has a folder of its own under OUTPUT; seeds that are there already are left alone."""
import base64
import hashlib
import pathlib
import re
import sys

vectors, output = map(pathlib.Path, sys.argv[1:3])
examples = vectors / "rfc7030"


def text(name):
    return (examples / name).read_bytes()


def der(name):
    return base64.b64decode(text(name + ".b64"))


def seed(target, *octets):
    folder = output / target
    folder.mkdir(parents=True, exist_ok=True)
    for one in octets:
        (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)


def dedent(octets):
    return re.sub(rb"^   ", b"", octets, flags=re.M)


sections = [text(f"a{n}-section.txt") for n in (1, 2, 3, 4)]
received = text("seed-as-received.txt")
bodies = [p.read_bytes() for p in sorted(examples.glob("*.b64"))]
responses = [m for s in sections for m in re.findall(rb"HTTP/1\.1 .*", dedent(s), flags=re.S)]
multipart = dedent(sections[3]).split(b"Content-Length: 3219\n\n")[1]

seed("base64", *bodies, b"AQ==", b"AQ==\r\n", b"A Q\t==")
seed("body", *bodies, b"AQ==\0", b"-----BEGIN X-----\nAQ==\n-----END X-----\n", b"{}", b"<html>", b"0\x03\x02\x01\x00")
seed("document_example", *sections, received, received.replace(b"f--", b"--"))
seed("http_request", text("a4-serverkeygen-request.http"), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\nT: u\r\n\r\n",
     b"PUT /a HTTP/1.0\nA : b\n c\nContent-Length: 2, 2\n\nhi")
seed("http_response", *responses, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
     b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\nT: u\r\n\r\n",
     b"\r\nHTTP/1.0 404\nA : b\n c\nno field\n\nclose delimited", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
seed("media_type", b"application/pkcs7-mime; smime-type=certs-only", b"multipart/mixed ; boundary=estServerExampleBoundary",
     b'a/b;c="d\\"e";; f = g ;h=i/j')
seed("multipart", b"estServerExampleBoundary\n" + multipart, b"estServerExampleBoundary\n" + multipart.replace(b"\n", b"\r\n"),
     b"b\n--b\r\nA: b\r\n c\r\n\r\none\r\n--b \r\n \t\r\nf--b\r\n--b--\r\nepilogue")
seed("auth", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", b'Digest qop="auth", realm="estrealm", nonce="1", Negotiate ab==')
seed("digest", b'Digest realm="est", qop="auth, auth-int", algorithm=SHA-256, nonce="n", opaque="o", stale=true, userhash=true',
     b'Digest username="u", realm="r", nonce="n", uri="/a", algorithm=MD5, qop=auth, nc=00000001, cnonce="c", response="00"',
     b'Digest username*=UTF-8\'\'a%20b, realm="r", nonce="n", uri="/", qop=auth, nc=0000000a, cnonce="c", response="0"',
     b"https://EST.example:443/.well-known/est/ca/../cacerts?a#b", b"//[::1]:8443/est/cacerts", b"../simpleenroll", b"?q")

seed("csr", der("a3-simpleenroll-request"), der("a4-serverkeygen-request"))
seed("certs_only", der("a1-cacerts-response"), der("a3-simpleenroll-response"), der("a4-response-pkcs7"))
# the first certificate of a bag stands behind 45 octets of ContentInfo, SignedData and certificates [0]
seed("certificate", der("a4-response-pkcs7")[45:837], der("a3-simpleenroll-response")[45:824])
seed("private_key", der("a4-response-pkcs8"))
seed("private_key_pem", b"-----BEGIN PRIVATE KEY-----\n" + text("a4-response-pkcs8.b64") + b"-----END PRIVATE KEY-----\n",
     b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
     b"AAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n")
lists = [text("a2-csrattrs-response.b64"), text("s452-csrattrs.b64")]
lists += [p.read_bytes() for p in sorted((vectors / "rfc9908").glob("*.b64"))]
seed("csr_attributes", *map(base64.b64decode, lists))
seed("csr_attributes_reply", *(b"application/csrattrs\n" + one for one in lists), b"application/csrattr\nMAA=\0", b"\n",
     b"application/csrattrs\n-----BEGIN X-----\nMAA=\n-----END X-----\n", b"application/csrattrs\n0\0")
seed("tlv", *(base64.b64decode(b) for b in bodies))

certs_only = b"application/pkcs7-mime; smime-type=certs-only\n"
seed("cacerts_reply", certs_only + text("a1-cacerts-response.b64"), b"application/x-pkcs7-mime\n" + text("a4-response-pkcs7.b64"))
seed("enroll_reply", certs_only + text("a3-simpleenroll-response.b64"), certs_only + text("a1-cacerts-response.b64"))
seed("enroll_request", b"application/pkcs10\n" + text("a3-simpleenroll-request.b64"))
seed("server_keygen_reply", b"multipart/mixed ; boundary=estServerExampleBoundary\n" + multipart,
     b"multipart/mixed; boundary=estServerExampleBoundary\n" + multipart.replace(b"application/pkcs8", b"text/plain"))
seed("retry_after", b"120", b"Fri, 31 Dec 1999 23:59:59 GMT", b"Friday, 31-Dec-99 23:59:59 GMT", b"Fri Dec 31 23:59:59 1999",
     b"/.well-known/est/a%20label/cacerts?q", b"https://host/.well-known/est/csrattrs")
for operation in (b"simpleenroll", b"label/simplereenroll", b"serverkeygen"):
    for csr in (text("a3-simpleenroll-request.b64"), text("a4-serverkeygen-request.b64")):
        seed("server_handle", b"POST /.well-known/est/" + operation + b" HTTP/1.1\r\nHost: a\r\n"
             b"Content-Type: application/pkcs10\r\nContent-Length: %d\r\n\r\n" % len(csr) + csr)
seed("server_handle", b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n",
     b"HEAD /.well-known/est/label/cacerts?q HTTP/1.0\r\n\r\n")
seed("server_identity", b"*.example.com\nfoo.example.com:443", b"a\n[2001:db8::192.0.2.1]:8443", b"1.2.3.4\n1.2.3.4")


def value(identifier, *parts):
    content = b"".join(parts)
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([identifier]) + length + content


def extension(oid, *parts):
    return value(0x30, bytes.fromhex(oid), *parts)


common_name = value(0x30, value(0x31, value(0x30, bytes.fromhex("0603550403"), value(0x0c, b"CA"))))
dns_names = value(0x30, value(0x82, b"a.example"))
date = value(0x17, b"260101000000Z")
algorithm = value(0x30, bytes.fromhex("06082a8648ce3d040302"))
entry = value(0x30, value(2, b"\5"), date, value(0x30, extension("0603551d15", value(4, value(0x0a, b"\1")))))
scope = value(0x30, value(0xa0, value(0xa0, value(0x86, b"http://a.example/"))), value(0x81, b"\xff"))
about = value(0xa0, value(0x30, extension("0603551d14", value(4, value(2, b"\7"))),
                          extension("0603551d1c", value(1, b"\xff"), value(4, scope))))
for fields in ((value(2, b"\1"), algorithm, common_name, date, date, value(0x30, entry), about),
               (algorithm, common_name, date)):
    seed("crl", value(0x30, value(0x30, *fields), algorithm, value(3, b"\0signature")))
seed("change_subject_name", value(0x30, common_name, dns_names), value(0x30, value(0xa1, value(0x82, b"a"))))
constraints = value(0x30, value(0xa0, value(0x30, value(0x82, b"example")), value(0x30, value(0xa4, common_name))),
                    value(0xa1, value(0x30, value(0x87, bytes(8))), value(0x30, value(0x81, b".a")), value(0x30, value(0x86, b"b"))))
for certificate in (der("a4-response-pkcs7")[45:837], der("a3-simpleenroll-response")[45:824]):
    seed("name_constraints", len(constraints).to_bytes(2, "big") + constraints + certificate)


def control(part, number, content):
    return value(0x30, value(2, bytes([part])), bytes.fromhex("06082b060105050707") + bytes([number]), value(0x31, content))


empty = value(0x30)
sha256, hmac = (value(0x30, bytes.fromhex(oid)) for oid in ("0609608648016503040201", "06082a864886f70d0209"))
other = bytes.fromhex("06022a030500")
pki_data = value(
    0x30,
    value(0x30, control(1, 5, value(2, b"\x12\x67")), control(2, 6, value(4, b"nonce")), control(3, 2, value(0x0c, b"name")),
          control(4, 34, value(0x30, sha256, hmac, value(4, bytes(32)))), control(5, 24, value(0x30, empty, value(2, b"\1")))),
    value(0x30, value(0xa0, value(2, b"\x32"), der("a3-simpleenroll-request")),
          value(0xa1, value(0x30, value(2, b"\x33"), empty)), value(0xa2, value(2, b"\x34"), other)),
    value(0x30, value(0x30, value(2, b"\x3c"), empty)), value(0x30, value(0x30, value(2, b"\x46"), other)))
about = value(0x30, value(2, b"\x32"), value(0x30, value(2, b"\1"), value(2, b"\2")))
pki_response = value(
    0x30,
    value(0x30, control(1, 25, value(0x30, value(2, b"\2"), about, value(0x0c, b"no"), value(2, b"\x09"))),
          control(2, 25, value(0x30, value(2, b"\3"), about, value(0x30, value(4, b"t"), value(0x18, b"20260101000000Z")))),
          control(3, 25, value(0x30, value(2, b"\2"), about, value(0xa1, other))),
          control(4, 1, value(0x30, value(2, b"\0"), value(0x30, value(2, b"\1"))))),
    empty, empty)
seed("pki_data", pki_data, b"\x30\x80" + pki_data[4:] + b"\0\0")
seed("pki_response", pki_response)
for content_type, content in ((2, pki_data), (3, pki_response)):
    encapsulated = value(0x30, bytes.fromhex("06082b0601050507 0c") + bytes([content_type]), value(0xa0, value(4, content)))
    signer = value(0x30, value(2, b"\3"), value(0x80, bytes(20)), sha256, algorithm, value(4, b"signature"))
    seed("full_cmc_messages", value(0x30, bytes.fromhex("06092a864886f70d010702"), value(0xa0, value(
        0x30, value(2, b"\3"), value(0x31, sha256), encapsulated, value(0x31, signer)))))

private_key = base64.b64decode(text("a4-response-pkcs8.b64"))
seed("key_package", value(0x30, private_key), private_key)
signed_type, data_type = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
enveloped_type, auth_type = bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117")
sha256, rsa = (value(0x30, bytes.fromhex(oid)) for oid in ("0609608648016503040201", "06092a864886f70d010101"))
attributes = value(0xa0, value(0x30, bytes.fromhex("06092a864886f70d010903"), value(0x31, data_type)))
signer = value(0x30, value(2, b"\3"), value(0x80, b"key"), sha256, attributes, rsa, value(4, bytes(32)))
content = value(0x30, data_type, value(0xa0, value(4, b"content")))
bare = value(0x30, value(2, b"\3"), value(0x31, sha256), content, value(0x31, signer))
seed("signed_data", bare, value(0x30, signed_type, value(0xa0, bare)), der("a4-response-pkcs7"))
wrap = value(0x30, bytes.fromhex("0609608648016503040105"))
scheme = value(0x30, bytes.fromhex("06062b8104010b01"), wrap)
x25519 = value(0xa0, value(0xa1, value(0x30, bytes.fromhex("06032b656e")), value(3, b"\0" + bytes(31) + b"\7")))
keys = value(0x30, value(0x30, value(0xa0, value(4, b"\1")), value(4, bytes(24))))
recipients = value(0x31, value(0x30, value(2, b"\2"), value(0x80, b"\1"), rsa, value(4, bytes(32))),
                   value(0xa1, value(2, b"\3"), x25519, value(0xa1, value(4, b"ukm")), scheme, keys),
                   value(0xa2, value(2, b"\4"), value(0x30, value(4, b"\1")), wrap, value(4, bytes(24))))
cbc = value(0x30, bytes.fromhex("0609608648016503040102"), value(4, bytes(16)))
gcm = value(0x30, bytes.fromhex("0609608648016503040106"), value(0x30, value(4, bytes(12)), value(2, b"\20")))
seed("enveloped_data",
     value(0x30, enveloped_type, value(0xa0, value(0x30, value(2, b"\2"), recipients,
                                                   value(0x30, signed_type, cbc, value(0x80, bytes(16)))))),
     value(0x30, auth_type, value(0xa0, value(0x30, value(2, b"\0"), recipients,
                                              value(0x30, data_type, gcm, value(0x80, bytes(16))), value(4, bytes(16))))))
