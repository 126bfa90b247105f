#!/usr/bin/env python3
"""The toolkit's server as curl, openssl and Python's own TLS see it: each operation once, and what a server must not do."""
import argparse
import base64
import pathlib
import re
import shutil
import ssl
import tempfile

from base import (Answer, Checklist, Findings, Server, certificates, new_csr, public_half, public_key, run, status_is,
                  verifies)


def everything(connection):
    """All that comes until the server closes; what came so far if it does not."""
    octets = b""
    try:
        while True:
            more = connection.recv(65536)
            if not more:
                return octets
            octets += more
    except (ConnectionError, ssl.SSLError):
        return octets


def operations(checks, found, target):
    folder = target.folder
    answer = target.curl("cacerts", authenticated=False)
    held = certificates(answer) if answer.status == 200 else []
    found.that("cacerts", "cacerts holds the root, by openssl", status_is(answer, 200) or
                ([] if (folder / "ca.pem").read_text() in held and len(held) == 2 else [f"{len(held)} certificates"]))

    csr = new_csr(folder, san="DNS:device.example")
    answer = target.post("simpleenroll", base64.encodebytes(csr))
    held = certificates(answer) if answer.status == 200 else []
    faults = status_is(answer, 200) or ([] if len(held) == 1 else [f"{len(held)} certificates"])
    found.that(("simpleenroll", "Basic"), "an enrolment with a password gives one certificate", faults)
    if not faults:
        found.that("simpleenroll", "openssl verifies it for a TLS client", verifies(folder, held[0]))
        mine = public_half(folder / "device.key")
        found.that("simpleenroll", "it holds the key of the CSR", [] if public_key(held[0]) == mine else ["another key"])
        (folder / "own.pem").write_text(held[0])
        shown = ["--cert", folder / "own.pem", "--key", folder / "device.key"]
        answer = target.post("simplereenroll", base64.b64encode(csr), *shown, authenticated=False)
        found.that(("simplereenroll", "TLS certificate"),
                   "the certificate alone, without the issuing CA's, re-enrols", status_is(answer, 200))
        other = new_csr(folder / "other", "other")
        answer = target.post("simplereenroll", base64.b64encode(other), *shown, authenticated=False)
        found.that("simplereenroll", "it does not re-enrol another name", status_is(answer, 403))

    for key in (["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"]):
        answer = target.post("serverkeygen", base64.b64encode(new_csr(folder, key=key)))
        faults = status_is(answer, 200)
        if not faults:
            boundary = re.search(r'boundary="?([^";]+)', answer.fields["content-type"])[1].encode()
            parts = [part.partition(b"\r\n\r\n") for part in answer.body.split(b"--" + boundary)[1:-1]]
            key_part, certificate_part = (base64.b64decode(body) for _, _, body in parts)
            mine = run("openssl", "pkey", "-inform", "DER", "-pubout", input=key_part).stdout
            held = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", input=certificate_part).stdout.decode()
            held = re.search(r"-----BEGIN.*-----END CERTIFICATE-----\n", held, re.S)[0]
            faults = verifies(folder, held) + ([] if mine and public_key(held) == mine else ["they do not belong together"])
        found.that("serverkeygen", f"serverkeygen gives a key and its certificate, by openssl ({key[0]} {key[-1][-5:]})", faults)

    answer = target.curl("csrattrs", authenticated=False)
    printed = run("openssl", "asn1parse", "-inform", "DER", input=base64.b64decode(answer.body)).stdout.decode()
    found.that("csrattrs", "csrattrs holds what the CA asks for, by openssl", status_is(answer, 200) or
               [f"{word} is not in: {printed}" for word in ("challengePassword", "id-ecPublicKey", "secp384r1")
                if word not in printed])

    new_csr(folder, "late device")
    body = base64.b64encode((folder / "device.csr").read_bytes())
    answer = target.post("later/simpleenroll", body)
    found.that("202", "an enrolment that is put off: 202 with Retry-After",
               status_is(answer, 202) or ([] if answer.fields.get("retry-after") == "1" else [str(answer.fields)]))
    found.that("202", "the same request again: 200", status_is(target.post("later/simpleenroll", body), 200))


def digest(checks, found, program, folder, words, algorithm):
    target = Server(program, folder, "digest", *words)
    csr = base64.b64encode(new_csr(folder))
    answer = target.post("simpleenroll", csr, "--digest")
    found.that("Digest", f"Digest with {algorithm}: 200", status_is(answer, 200))
    answer = target.post("simpleenroll", csr, "--digest", "-u", "estuser:wrong", authenticated=False)
    found.that("Digest", f"Digest with {algorithm} and a wrong password: 401", status_is(answer, 401))
    answer = target.post("simpleenroll", csr)
    checks.that("a Basic password where only Digest is asked for: 401", status_is(answer, 401))
    target.stop()


def credentials(checks, target):
    folder = target.folder
    body = base64.b64encode(new_csr(folder))
    answer = target.post("simpleenroll", body, authenticated=False)
    checks.that("without credentials: 401 with a Basic challenge, and no content", status_is(answer, 401) or
                ([] if answer.fields.get("www-authenticate", "").startswith("Basic realm=") and not answer.body
                 else [f"{answer.fields} {answer.body}"]))
    answer = target.post("simpleenroll", body, "-u", "estuser:wrong", authenticated=False)
    checks.that("with a wrong password: 401", status_is(answer, 401))
    shown = ["--cert", folder / "client.pem", "--key", folder / "client.key"]
    checks.that("with a client certificate of the CA: 200",
                status_is(target.post("simpleenroll", body, *shown, authenticated=False), 200))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=EST reference client", "-keyout", folder / "forged.key", "-out", folder / "forged.pem")
    forged = ["--cert", folder / "forged.pem", "--key", folder / "forged.key"]
    for authenticated in (False, True):
        answer = target.post("simpleenroll", body, *forged, authenticated=authenticated)
        checks.that("with a certificate of nobody's CA: 403" + (", the password notwithstanding" if authenticated else ""),
                    status_is(answer, 403))
    checks.that("cacerts does not mind it", status_is(target.curl("cacerts", *forged, authenticated=False), 200))


def methods_and_bodies(checks, target):
    body = base64.encodebytes(new_csr(target.folder))
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = target.curl("cacerts", "-X", method, authenticated=False)
        checks.that(f"{method} cacerts: 405 with Allow", status_is(answer, 405) or
                    ([] if answer.fields.get("allow") == "GET, HEAD" else ["Allow: " + answer.fields.get("allow", "")]))
    checks.that("POST cacerts: 405", status_is(target.post("cacerts", body), 405))
    checks.that("GET simpleenroll: 405", status_is(target.curl("simpleenroll"), 405))
    head, whole = target.curl("cacerts", "-I"), target.curl("cacerts")
    checks.that("HEAD cacerts: the length and no content", status_is(head, 200) or
                ([] if head.fields.get("content-length") == str(len(whole.body)) and not head.body else [str(head)]))
    for layout, text in (("one line", base64.b64encode(base64.b64decode(body))), ("LF", body),
                         ("CRLF", body.replace(b"\n", b"\r\n"))):
        for encoding in ("base64", "binary", ""):
            answer = target.post("simpleenroll", text, "-H", f"Content-Transfer-Encoding: {encoding}")
            checks.that(f"base64 in {layout}, Content-Transfer-Encoding '{encoding}': 200", status_is(answer, 200))
    checks.that("a chunked body: 200",
                status_is(target.post("simpleenroll", body, "-H", "Transfer-Encoding: chunked"), 200))
    for expectation in ("100-continue", "100-Continue"):
        checks.that(f"Expect: {expectation}: 200",
                    status_is(target.post("simpleenroll", body, "-H", f"Expect: {expectation}"), 200))
    checks.that("another media type: 415", status_is(target.post("simpleenroll", body, kind="text/plain"), 415))
    checks.that("multipart/form-data: 415", status_is(target.curl("simpleenroll", "-F", "a=b"), 415))
    checks.that("a content coding: 415",
                status_is(target.post("simpleenroll", body, "-H", "Content-Encoding: gzip"), 415))
    for size in (300_000, 3_000_000):
        for framing in ([], ["-H", "Transfer-Encoding: chunked"]):
            answer = target.post("simpleenroll", b"A" * size, "-H", "Expect:", *framing)
            # Beyond a megabyte the server stops reading and closes, so that the answer may be lost.
            fine = answer.status == 413 or (size > 1_000_000 and answer.status == 0)
            checks.that(f"a body of {size} octets{', chunked' if framing else ''}: 413", [] if fine else [str(answer)])
    checks.that("Range is ignored", status_is(target.curl("cacerts", "-H", "Range: bytes=0-3"), 200))


def raw(checks, target):
    def ask(octets):
        with target.connect() as connection:
            connection.sendall(octets)
            return everything(connection)

    host = b"Host: localhost\r\n"
    smuggled = b"GET /.well-known/est/smuggled HTTP/1.1\r\n" + host + b"\r\n"
    path = b" /.well-known/est/cacerts HTTP/1.1\r\n"
    for name, octets, status in (
            ("Content-Length beside Transfer-Encoding",
             b"POST" + path + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400),
            ("two Content-Length", b"POST" + path + host + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n" + smuggled, 400),
            ("a Content-Length that is no number", b"POST" + path + host + b"Content-Length: +4\r\n\r\n" + smuggled, 400),
            ("an unknown transfer coding", b"POST" + path + host + b"Transfer-Encoding: gzip\r\n\r\n" + smuggled, 501),
            ("no Host", b"GET" + path + b"\r\n", 400),
            ("a line end hidden in a field", b"GET" + path + host + b"X: a%0d%0aAuthorization: Basic eA==\r\n\r\n", 400),
            ("a GET with content", b"GET" + path + host + b"Content-Length: %d\r\n\r\n" % len(smuggled) + smuggled, 200)):
        came = ask(octets)
        answers = came.count(b"HTTP/1.1 ")
        checks.that(f"{name}: {status}, one answer, then the end",
                    status_is(Answer(came), status) or ([] if answers == 1 else [f"{answers} answers"]))
    came = ask(b"POST /.well-known/est/simpleenroll HTTP/1.1\r\n" + host + target.authorization() +
               b"Content-Type: application/pkcs10\r\nConnection: close\r\n\r\n")
    checks.that("a POST without a length has no body and is 400 at once", status_is(Answer(came), 400))


def linking(checks, target, version, name):
    def enrol(password_of):
        with target.connect(version) as connection:
            csr = new_csr(target.folder, password=password_of(connection))
            body = base64.b64encode(csr)
            connection.sendall(b"POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n" +
                               target.authorization() + b"Content-Type: application/pkcs10\r\nConnection: close\r\n" +
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)
            return Answer(everything(connection))

    def binding(connection):
        value = connection.get_channel_binding("tls-unique")
        return base64.b64encode(value).decode() if value else "none"

    if version == ssl.TLSVersion.TLSv1_2:
        checks.that("tls-unique of this connection in challengePassword: 200", status_is(enrol(binding), 200))
        with target.connect(version) as other:
            stale = binding(other)
        checks.that("tls-unique of another connection: 403", status_is(enrol(lambda _: stale), 403))
    checks.that(f"a challengePassword that is nothing of the connection, {name}: 403",
                status_is(enrol(lambda _: base64.b64encode(b"twelve bytes").decode()), 403))


def versions(checks, program, folder):
    for wanted, refused in (("1.2", ssl.TLSVersion.TLSv1_3), ("1.3", ssl.TLSVersion.TLSv1_2)):
        target = Server(program, folder, wanted)
        with target.connect() as connection:
            spoken = connection.version()
        checks.that(f"pinned to TLS {wanted}, it speaks that", [] if spoken == "TLSv" + wanted else [spoken])
        try:
            target.connect(refused).close()
            checks.that(f"pinned to TLS {wanted}, it speaks no other", ["it did"])
        except ssl.SSLError:
            checks.that(f"pinned to TLS {wanted}, it speaks no other", [])
        linking(checks, target, ssl.TLSVersion.TLSv1_2 if wanted == "1.2" else ssl.TLSVersion.TLSv1_3, f"TLS {wanted}")
        code = target.stop()
        checks.that(f"pinned to TLS {wanted}, it stops in good order", [] if code == 0 else [f"exit {code}"])


def old_versions(checks, target):
    for version in ("tls1", "tls1_1"):
        done = run("openssl", "s_client", "-" + version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                   f"127.0.0.1:{target.port}", input=b"")
        text = (done.stdout + done.stderr).decode(errors="replace")
        refused = done.returncode != 0 and "alert protocol version" in text
        checks.that(f"{version} is refused with an alert", [] if refused else [text[-300:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    checks = Checklist()
    missing = [tool for tool in ("curl", "openssl") if not shutil.which(tool)]
    if missing:
        checks.skip("the server as curl and openssl see it", " and ".join(missing) + " is not installed")
        checks.finish()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "other").mkdir()
        target = Server(program, folder)
        version = " + ".join(run(tool, option).stdout.decode().split()[1]
                             for tool, option in (("curl", "--version"), ("openssl", "version")))
        found = Findings(checks, "curl + openssl", version, target.botan)
        operations(checks, found, target)
        credentials(checks, target)
        methods_and_bodies(checks, target)
        raw(checks, target)
        old_versions(checks, target)
        code = target.stop()
        checks.that("it stops in good order when its input ends", [] if code == 0 else [f"exit {code}"])
        versions(checks, program, folder)
        digest(checks, found, program, folder, [], "SHA-256")
        digest(checks, found, program, folder, ["md5"], "MD5")
        found.cannot("fullcmc", "neither makes a PKIData")
        found.write()
    checks.finish()


if __name__ == "__main__":
    main()
