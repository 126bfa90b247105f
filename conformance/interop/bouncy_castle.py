#!/usr/bin/env python3
"""The toolkit's server as Bouncy Castle's EST client sees it. BouncyCastle.java holds the client; here it is compiled, run,
and what came is looked at with openssl."""
import argparse
import pathlib
import re
import shutil
import tempfile

from base import Checklist, Findings, Server, public_half, public_key, run, verifies

JARS = [pathlib.Path("/usr/share/java") / f"{name}.jar" for name in ("bcprov", "bcutil", "bcpkix")]
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


class Client:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.path = ":".join(map(str, [folder, *JARS]))
        source = pathlib.Path(__file__).with_name("BouncyCastle.java")
        self.compiled = run("javac", "-d", folder, "-cp", self.path, source, timeout=120)

    def call(self, operation, *label):
        """(faults, what it printed)"""
        done = run("java", "-cp", self.path, "BouncyCastle", self.folder, self.port, operation, *label)
        return ([] if done.returncode == 0 else [done.stderr.decode(errors="replace")]), done.stdout.decode().split()

    def issued(self):
        """Faults of the certificate and the key that it wrote last."""
        held = CERTIFICATE.findall((self.folder / "issued.pem").read_text())
        if len(held) != 1:
            return [f"{len(held)} certificates"]
        mine = public_half(self.folder / "issued.key")
        return verifies(self.folder, held[0]) + ([] if mine and public_key(held[0]) == mine else ["another key"])


def operations(found, client):
    def enrols(operation, cells, rule, *label):
        faults, _ = client.call(operation, *label)
        found.that(cells, rule, faults or client.issued())

    faults, _ = client.call("cacerts")
    held = [] if faults else CERTIFICATE.findall((client.folder / "cacerts.pem").read_text())
    found.that("cacerts", "it fetches the root and the issuing CA",
               faults or ([] if len(held) == 2 else [f"{len(held)} certificates"]))
    enrols("enroll-basic", ["simpleenroll", "Basic"], "it enrols with a Basic password")
    enrols("reenroll", ["simplereenroll", "TLS certificate"], "it re-enrols with the certificate that it was issued")
    enrols("serverkeygen", ["serverkeygen"], "it has a key made and takes it with its certificate")
    faults, asked = client.call("csrattrs")
    found.that("csrattrs", "it reads what the server asks for, a link and a kind of key",
               faults or ([] if {"1.2.840.113549.1.9.7", "1.2.840.10045.2.1"} <= set(asked) else [str(asked)]))
    # A 202 with content, such as RFC 7030 section 4.2.3 has it, it takes for an error: it did not read what it was sent.
    enrols("later", ["202"], "it waits as a 202 says, and then is issued a certificate", "silent")


def digest(found, client):
    faults, _ = client.call("enroll-digest")
    found.that("Digest", "it enrols with Digest", faults or client.issued())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    checks = Checklist()
    missing = [tool for tool in ("java", "javac", "openssl") if not shutil.which(tool)]
    missing += [jar.name for jar in JARS if not jar.exists()]
    if missing:
        checks.skip("the server as Bouncy Castle sees it", " and ".join(missing) + " is not installed")
        checks.finish()
    version = re.search(r"[\d.]+(?=\.jar)", JARS[2].resolve().name)
    with tempfile.TemporaryDirectory() as name:
        found = None
        for words, part in (([], operations), (["digest", "md5"], digest)):
            folder = pathlib.Path(name) / part.__name__
            folder.mkdir()
            server = Server(program, folder, *words)
            client = Client(folder, server.port)
            checks.that("the client compiles", [client.compiled.stderr.decode()] if client.compiled.returncode else [])
            found = found or Findings(checks, "Bouncy Castle", version[0] if version else "", server.botan)
            part(found, client)
            code = server.stop()
            checks.that("the server stops in good order", [] if code == 0 else [f"exit {code}"])
        found.cannot("fullcmc", "it has no such operation")
        found.write()
    checks.finish()


if __name__ == "__main__":
    main()
