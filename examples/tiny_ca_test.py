#!/usr/bin/env python3
"""tiny_ca as a person starts it, with curl and openssl: what it issued is there after kill -9, and so is the CA."""
import argparse
import base64
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance/house"))
from checking import Checklist  # noqa: E402

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, timeout=60, **more)


class Server:
    def __init__(self, program, state):
        self.state = state
        self.process = subprocess.Popen([program, str(state), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = [self.process.stdout.readline() for _ in range(3)]
        self.url = self.lines[0].split()[-1].removesuffix("/cacerts")

    def enrol(self, csr, operation="simpleenroll", *options):
        """(status, certificates)"""
        options = options or ("-u", (self.state / "users").read_text().splitlines()[0])
        done = run("curl", "-s", "--max-time", "20", "-w", "\n%{http_code}", "--cacert", self.state / "ca.pem", *options,
                   "-H", "Content-Type: application/pkcs10", "--data-binary", base64.b64encode(csr).decode(),
                   f"{self.url}/{operation}")
        body, _, status = done.stdout.rpartition(b"\n")
        if done.returncode or status != b"200":
            return int(status or 0), []
        printed = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", input=base64.b64decode(body)).stdout.decode()
        return 200, CERTIFICATE.findall(printed)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


def new_csr(folder, name):
    return run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
               f"/CN={name}", "-keyout", folder / f"{name}.key", "-outform", "DER").stdout


def kept(state):
    return {file.read_text() for file in (state / "issued").glob("*.pem")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    checks = Checklist()
    missing = [tool for tool in ("curl", "openssl") if not shutil.which(tool)]
    if missing:
        checks.skip("tiny_ca as curl and openssl see it", " and ".join(missing) + " is not installed")
        checks.finish()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        state = folder / "state"
        server = Server(program, state)
        root = (state / "ca.pem").read_text()
        checks.that("keys and passwords are for their owner alone",
                    [f.name for f in state.iterdir() if f.is_file() and f.stat().st_mode & 0o077])
        shown = run("sh", "-c", server.lines[1] + server.lines[2], cwd=folder)
        checks.that("the lines that it prints enrol", [] if b"BEGIN CERTIFICATE" in shown.stdout else [shown.stderr.decode()])

        # Killed while several clients enrol.
        received, refused = [], []
        csr = new_csr(folder, "device")
        until = threading.Event()

        def enrol_again_and_again():
            while not until.is_set():
                status, came = server.enrol(csr)
                (received if came else refused).extend(came or [status])

        clients = [threading.Thread(target=enrol_again_and_again) for _ in range(3)]
        for client in clients:
            client.start()
        deadline = time.monotonic() + 60
        while len(received) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        server.kill()
        until.set()
        for client in clients:
            client.join()
        checks.that("certificates came before the kill", [] if len(received) >= 5 else [f"{len(received)}; {refused[:9]}"])
        if not received:
            checks.finish()
        checks.that("each certificate that a client got is on the disk",
                    ["one is missing"] if set(received) - kept(state) else [])
        whole = [text for text in kept(state) if not CERTIFICATE.fullmatch(text)]
        checks.that("each file that is there is whole", whole)

        (state / "issued" / "aa.pem.7.unfinished").write_text("half of a certi")
        server = Server(program, state)
        checks.that("after a restart it is the same CA", [] if (state / "ca.pem").read_text() == root else ["another"])
        checks.that("what a kill left unfinished is swept away", [f.name for f in (state / "issued").glob("*.unfinished")])
        (folder / "old.pem").write_text(received[0])
        own = ("--cert", folder / "old.pem", "--key", folder / "device.key")
        status, came = server.enrol(csr, "simplereenroll", *own)
        checks.that("a certificate from before the kill re-enrols", [] if came else [status])
        serial = run("openssl", "x509", "-in", folder / "old.pem", "-noout", "-serial").stdout.decode().strip().split("=")[1]
        (state / "revoked" / serial.lower()).touch()
        status, _ = server.enrol(csr, "simplereenroll", *own)
        checks.that("once it is revoked it does not", [] if status == 403 else [status])
        code = server.stop()
        checks.that("it stops in good order when its input ends", [] if code == 0 else [f"exit {code}"])
    checks.finish()


if __name__ == "__main__":
    main()
