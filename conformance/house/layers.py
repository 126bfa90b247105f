#!/usr/bin/env python3
"""Who may include whom: the table of docs/architecture.md, kept true.

Reads the #include lines of every header under include/est and of every source under conformance, and says each one that
the table does not allow.
"""
import argparse
import pathlib
import re

from checking import Checklist
from tree import files_of

# Each layer of include/est and the layers that it may include, besides itself.
MAY_INCLUDE = {
    "core": set(),
    "http": {"core"},
    "mime": {"core", "http"},
    "pki": {"core"},
    "message": {"core", "http", "mime", "pki"},
    "client": {"core", "http", "mime", "pki", "message"},
    "server": {"core", "http", "mime", "pki", "message"},
    "transport": {"core", "http"},
}
# Single headers that a layer may include although it may not include their layer.
EXCEPTIONS = {("client", "est/transport/concept.hpp")}

# Headers of others, and the layers that may include them. The first pattern that fits counts.
FOREIGN = [
    (r"botan/", {"core", "pki"}, "Botan"),
    (r"httplib\.h$", {"transport"}, "cpp-httplib"),
    (r"openssl/", {"transport"}, "OpenSSL"),
    (r"tl/expected\.hpp$", {"core"}, "tl::expected"),
    (r"(nlohmann|CLI|boost)/", set(), "a library that only conformance uses"),
    (r"(thread|future|condition_variable|stop_token|semaphore|latch|barrier)$", {"transport"}, "threads"),
    (r"(fstream|filesystem|iostream|istream|ostream|sstream|cstdio|stdio\.h|print)$", {"transport"}, "files or streams"),
    (r"(sys/|netinet/|arpa/|netdb\.h|unistd\.h|poll\.h|fcntl\.h|termios\.h)", {"transport"}, "sockets or the system"),
]

# In transport, these may stand only in headers of this name: whoever includes another one needs neither library.
ADAPTORS = re.compile(r"^include/est/transport/(httplib|openssl)_\w+\.hpp$")
# Outside include/est, OpenSSL and cpp-httplib stand only where something touches the wire or tests what does.
WIRE_ROOMS = ("conformance/drive/", "conformance/deviant/", "conformance/cli/", "conformance/unit/", "conformance/main.cpp")

# A lock stands only where a type promises something to several threads, and the header says so.
LOCK = re.compile(r"(mutex|shared_mutex|atomic)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)


def includes(text):
    return [(text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in INCLUDE.finditer(text)]


def wrong_in_toolkit(name, quote, target, text):
    """What is wrong with one include of a header under include/est; empty if nothing is."""
    parts = pathlib.PurePosixPath(name).parts
    layer = parts[2] if len(parts) > 3 else "est"
    if quote == '"':
        return 'include/est includes its own with <est/…>'
    if "conformance" in target.split("/") or target.startswith(".."):
        return "include/est never sees conformance"
    if target.startswith("est/"):
        if layer == "est":
            return "est.hpp never pulls the adaptors" if ADAPTORS.match("include/" + target) else ""
        to = target.split("/")[1] if target.count("/") > 1 else "est"
        if to == "est" and target != "est/version.hpp":
            return "a layer does not include the header that includes all layers"
        if to in ("est", layer) or to in MAY_INCLUDE.get(layer, ()) or (layer, target) in EXCEPTIONS:
            return ""
        return f"{layer} may not include {to}"
    if LOCK.match(target) and "thread" not in text:
        return "a lock, and the header promises nothing to threads"
    for pattern, allowed, what in FOREIGN:
        if re.match(pattern, target):
            if layer not in allowed:
                return f"{what} only in {', '.join(sorted(allowed)) or 'conformance'}"
            if what in ("cpp-httplib", "OpenSSL") and not ADAPTORS.match(name):
                return f"{what} only in transport/httplib_*.hpp and transport/openssl_*.hpp"
            return ""
    return ""


def wrong_in_conformance(name, target):
    if re.match(r"(httplib\.h$|openssl/)", target) and not name.startswith(WIRE_ROOMS):
        return "OpenSSL and cpp-httplib only where the wire is touched: " + ", ".join(WIRE_ROOMS)
    if name.startswith("conformance/checks/"):
        if re.search(r"(^|/)(drive|report|cli|deviant)/", target):
            return "a check knows no driver, report, program or deviant"
        if re.match(r"(fstream|filesystem|iostream|thread|future|sys/|netinet/|unistd\.h)", target):
            return "a check is a pure function"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("top", type=pathlib.Path)
    top = parser.parse_args().top
    checks = Checklist()
    wrong, layers = {"toolkit": [], "conformance": []}, set()
    seen = 0
    for name in files_of(top):
        if not name.endswith((".hpp", ".cpp", ".h")):
            continue
        toolkit = name.startswith("include/est/")
        if not toolkit and not name.startswith("conformance/"):
            continue
        if toolkit and name.count("/") > 2:
            layers.add(name.split("/")[2])
        text = (top / name).read_text(encoding="utf-8", errors="replace")
        for line, quote, target in includes(text):
            seen += 1
            fault = wrong_in_toolkit(name, quote, target, text) if toolkit else wrong_in_conformance(name, target)
            if fault:
                wrong["toolkit" if toolkit else "conformance"].append(f"{name}:{line}: <{target}>: {fault}")
    checks.that("every layer is in the table", sorted(layers - MAY_INCLUDE.keys()))
    checks.that("each toolkit header includes only what its layer may", wrong["toolkit"])
    checks.that("each conformance source includes only what its room may", wrong["conformance"])
    checks.that("includes were found", [] if seen else ["no #include line was read: the test looked in the wrong place"])
    checks.finish()


if __name__ == "__main__":
    main()
