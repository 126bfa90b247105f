#!/usr/bin/env python3
"""Requests per second of the server that the interop tests use, over TLS, by wrk: kept-alive and one connection a request.

  https.py PROGRAM [SECONDS]
"""
import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
from base import Server, new_csr  # noqa: E402


def rate(server, operation, body, close, seconds):
    environment = dict(os.environ)
    if body:
        environment["EST_BENCH_BODY"] = str(body)
        environment["EST_BENCH_AUTHORIZATION"] = server.authorization().decode().partition(": ")[2].strip()
    if close:
        environment["EST_BENCH_CLOSE"] = "1"
    done = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", "-s", pathlib.Path(__file__).with_name("wrk.lua"),
                           f"{server.url}/.well-known/est/{operation}"], capture_output=True, text=True, env=environment)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    half = re.search(r"50%\s+([\d.]+\w+)", done.stdout)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return float(found[1]) if found else 0.0, half[1] if half else "?", wrong[1] if wrong else ""


def main():
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed")
    seconds = sys.argv[2] if len(sys.argv) > 2 else "5"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(sys.argv[1], folder)
        (folder / "csr").write_bytes(base64.encodebytes(new_csr(folder)))
        for operation, body in (("cacerts", None), ("simpleenroll", folder / "csr"), ("serverkeygen", folder / "csr")):
            for close in (False, True):
                per_second, half, wrong = rate(server, operation, body, close, seconds)
                print(f"{operation:14} {'one connection each' if close else 'kept alive':20} {per_second:8.0f} a second, half of them "
                      f"within {half}{', ' + wrong + ' refused' if wrong else ''}")
        server.stop()


if __name__ == "__main__":
    main()
