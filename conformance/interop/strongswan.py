#!/usr/bin/env python3
"""The toolkit's server as strongSwan's `pki --est` and `pki --estca` see it. They read base64 in one line alone, which the
server's option `body.layout` gives."""
import argparse
import pathlib
import re
import shutil
import tempfile

from base import Checklist, Findings, Server, public_half, public_key, run, verifies

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


def said(done):
    """What went wrong, without the plugins that are not installed."""
    lines = done.stderr.decode(errors="replace").splitlines()
    return [f"exit {done.returncode}"] + [line for line in lines if not line.startswith("plugin ")]


class Client:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.url = f"https://127.0.0.1:{server.port}"  # it takes localhost for ::1, and does not try further

    def new_request(self, name):
        key = run("pki", "--gen", "--type", "ecdsa", "--size", "256", "--outform", "pem").stdout
        (self.folder / "device.key").write_bytes(key)
        request = run("pki", "--req", "--in", self.folder / "device.key", "--type", "priv", "--dn", f"CN={name}").stdout
        (self.folder / "device.csr").write_bytes(request)

    def cacerts(self):
        return run("pki", "--estca", "--url", self.url, "--cacert", self.folder / "ca.pem",
                   "--caout", self.folder / "fetched.pem", "--outform", "pem", "--force")

    def enrol(self, *options):
        """(faults, certificate): the certificate holds the key of the request and verifies."""
        done = run("pki", "--est", "--url", self.url, "--in", self.folder / "device.csr",
                   "--cacert", self.folder / "ca.pem", "--outform", "pem", *options, timeout=90)
        held = CERTIFICATE.findall(done.stdout.decode(errors="replace"))
        if done.returncode or len(held) != 1:
            return said(done), ""
        mine = public_half(self.folder / "device.key")
        return verifies(self.folder, held[0]) + ([] if public_key(held[0]) == mine else ["another key"]), held[0]


def operations(found, client):
    folder = client.folder
    done = client.cacerts()
    fetched = sorted(folder.glob("fetched*.pem"))
    held = "".join(file.read_text() for file in fetched)
    found.that("cacerts", "it fetches the root and the issuing CA",
               said(done) if done.returncode else
               [] if len(CERTIFICATE.findall(held)) == 2 and (folder / "ca.pem").read_text() in held else [held])

    password = ["--userpass", f"{client.server.user}:{client.server.password}"]
    client.new_request("swan")
    faults, issued = client.enrol(*password)
    found.that(("simpleenroll", "Basic"), "it enrols with a Basic password", faults)
    if issued:
        (folder / "old.pem").write_text(issued)
        (folder / "old.key").write_bytes((folder / "device.key").read_bytes())
        client.new_request("swan")
        # The issuing CA's certificate is what it builds its own chain by.
        faults, _ = client.enrol("--cacert", folder / "issuing.pem", "--cert", folder / "old.pem",
                                 "--key", folder / "old.key")
        found.that(("simplereenroll", "TLS certificate"),
                   "it re-enrols with a new key, and the certificate that it was issued", faults)
    found.cannot("serverkeygen", "it has no such command")
    found.cannot("csrattrs", "it has no such command")
    found.cannot("fullcmc", "it has no such command")
    found.cannot("Digest", "it knows Basic alone")


def polling(found, client):
    client.new_request("patient swan")
    password = ["--userpass", f"{client.server.user}:{client.server.password}"]
    faults, _ = client.enrol("--interval", "1", "--maxpolltime", "20", *password)
    found.that("202", "it asks again after a 202, and then is issued a certificate", faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    checks = Checklist()
    missing = [tool for tool in ("pki", "openssl") if not shutil.which(tool)]
    if missing:
        checks.skip("the server as strongSwan sees it", " and ".join(missing) + " is not installed")
        checks.finish()
    about = run("pki", "--help")
    if b"--est " not in about.stdout + about.stderr:
        checks.skip("the server as strongSwan sees it", "this version of pki has no --est")
        checks.finish()
    version = re.search(r"strongSwan ([\d.]+)", (about.stdout + about.stderr).decode())
    with tempfile.TemporaryDirectory() as name:
        found = None
        for words, part in ((["line"], operations), (["line", "later"], polling)):
            folder = pathlib.Path(name) / part.__name__
            folder.mkdir()
            server = Server(program, folder, *words)
            (folder / "issuing.pem").write_text(CERTIFICATE.findall((folder / "chain.pem").read_text())[0])
            found = found or Findings(checks, "strongSwan", version[1] if version else "", server.botan)
            part(found, Client(folder, server))
            code = server.stop()
            checks.that("the server stops in good order", [] if code == 0 else [f"exit {code}"])
        found.write()
    checks.finish()


if __name__ == "__main__":
    main()
