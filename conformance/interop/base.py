"""What the drivers of programs that others wrote share: the toolkit's server as a process, CSRs by openssl, the answers of
curl, and the table of what came out."""
import base64
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "house"))
from checking import Checklist  # noqa: E402,F401

OPERATIONS = ("cacerts", "simpleenroll", "simplereenroll", "csrattrs", "serverkeygen", "fullcmc", "Basic", "Digest",
              "TLS certificate", "202")


def run(*command, **more):
    more.setdefault("timeout", 60)
    return subprocess.run(list(map(str, command)), capture_output=True, **more)


class Server:
    """One running server of the toolkit, and the folder with what a client needs."""

    def __init__(self, program, folder, *words):
        self.folder = folder
        self.process = subprocess.Popen([program, str(folder), *words],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.botan = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        self.user, self.password = (folder / "user").read_text().split(":", 1)
        (folder / "curlrc").write_text(f'user = "{self.user}:{self.password}"\n')

    def curl(self, operation, *options, authenticated=True):
        done = run("curl", "-s", "-i", "--max-time", "20", "--cacert", self.folder / "ca.pem",
                   *(["-K", self.folder / "curlrc"] if authenticated else []), *options,
                   f"{self.url}/.well-known/est/{operation}")
        return Answer(done.stdout)

    def post(self, operation, body, *options, authenticated=True, kind="application/pkcs10"):
        (self.folder / "body").write_bytes(body)
        return self.curl(operation, "--data-binary", f"@{self.folder / 'body'}", "-H", f"Content-Type: {kind}",
                         *options, authenticated=authenticated)

    def connect(self, version=None):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if version:
            context.minimum_version = context.maximum_version = version
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return context.wrap_socket(raw, server_hostname="localhost")

    def authorization(self):
        return b"Authorization: Basic " + base64.b64encode((self.folder / "user").read_bytes()) + b"\r\n"

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


class Answer:
    """An HTTP answer as `curl -i` prints it."""

    def __init__(self, octets):
        while True:  # interim answers come first
            head, _, self.body = octets.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/") else 0
            challenged = self.status == 401 and self.body.startswith(b"HTTP/")  # curl --digest tries again by itself
            if not 100 <= self.status < 200 and not challenged:
                break
            octets = self.body
        self.fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    def __str__(self):
        kind = self.fields.get("content-type", "")
        return f"{self.status} {kind} {self.body[:200] if kind.startswith('text/') else len(self.body)}"


def new_csr(folder, name="device", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), password=None, san=None):
    """A CSR in DER by openssl; its key is left in device.key."""
    config = folder / "req.cnf"  # with -subj, openssl would leave the attributes out
    config.write_text("[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=utf8only\n"
                      + ("attributes=attrs\n" if password else "") + f"[dn]\nCN={name}\n"
                      + (f"[attrs]\nchallengePassword={password}\n" if password else ""))
    made = run("openssl", "req", "-new", "-newkey", *key, "-nodes", "-config", config,
               "-keyout", folder / "device.key", "-outform", "DER", "-out", folder / "device.csr",
               *(["-addext", f"subjectAltName={san}"] if san else []))
    if made.returncode:
        raise RuntimeError(made.stderr.decode())
    der = (folder / "device.csr").read_bytes()
    if password and password.encode() not in der:
        raise RuntimeError("openssl left the challengePassword out")
    return der


def certificates(answer):
    """The PEM certificates of a certs-only answer, by openssl."""
    done = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", input=base64.b64decode(answer.body))
    return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", done.stdout.decode(), re.S)


def public_key(pem):
    return run("openssl", "x509", "-noout", "-pubkey", input=pem.encode()).stdout


def public_half(key_file):
    return run("openssl", "pkey", "-in", key_file, "-pubout").stdout


def verifies(folder, pem):
    (folder / "leaf.pem").write_text(pem)
    done = run("openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", folder / "ca.pem",
               "-untrusted", folder / "chain.pem", folder / "leaf.pem")
    return [] if done.returncode == 0 else [done.stdout.decode() + done.stderr.decode()]


def status_is(answer, status):
    return [] if answer.status == status else [f"{status} was expected, came {answer}"]


class Findings:
    """What one program could do against the server, as one column of the table in docs/interoperability.md."""

    def __init__(self, checks, program, version, botan):
        self.checks, self.program, self.version, self.botan = checks, program, version, botan
        self.cells = {}

    def that(self, operations, rule, faults):
        """As Checklist.that; an operation is `yes` in the table while nothing about it failed."""
        faults = list(faults)
        self.checks.that(rule, faults)
        for operation in [operations] if isinstance(operations, str) else operations:
            self.cells[operation] = "no" if faults or self.cells.get(operation) == "no" else "yes"

    def cannot(self, operation, why):
        """What the program itself has no means for."""
        self.cells[operation] = "-"
        self.checks.that(f"{operation} is not to be had from {self.program}: {why}".replace(": ", ", "), [])

    def write(self):
        """Into the folder that the environment names, for table.py."""
        unknown = [operation for operation in self.cells if operation not in OPERATIONS]
        self.checks.that("each finding has its place in the table", unknown)
        folder = os.environ.get("EST_INTEROP_FINDINGS")
        if folder:
            folder = pathlib.Path(folder)
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"\W+", "-", self.program.lower())
            (folder / f"{name}.json").write_text(json.dumps(
                {"program": self.program, "version": self.version, "botan": self.botan, "cells": self.cells}, indent=1) + "\n")
