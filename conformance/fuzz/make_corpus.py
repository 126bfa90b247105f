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
