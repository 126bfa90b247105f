#!/usr/bin/env python3
"""What a reader of the tree may count on: no traces of a machine, no binaries, no unfinished words, a head in each header,
files of a length that one can read, the formatting of .clang-format."""
import argparse
import pathlib
import re
import shutil
import subprocess

from checking import Checklist
from tree import files_of

LONGEST_FILE = 600    # lines of a source or a document
LONGEST_LINE = 130    # columns; code is at 120 by .clang-format, and a comment may run over a little
# Data from elsewhere keeps its own bytes, and the licence its own words.
DATA = ("vectors/",)
FOREIGN_TEXT = ("LICENSE",)
# This file and its test name what they look for.
NAMES_THE_WORDS = ("conformance/house/text.py", "conformance/house/selftest.py")

# Directories of one machine. /tmp/est… is a name that an example may use.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home|farm|tmp)/(?!est)[A-Za-z0-9._-]")
ALLOWED_PATHS = re.compile(r"HOME=/root\b")
# A host that serves packages; and the variable parts that would make one.
PACKAGE_HOST = re.compile(
    r"\b(?:[a-z0-9-]+\.)*(?:debian\.org|ubuntu\.com|pypi\.org|pythonhosted\.org|crates\.io|npmjs\.(?:org|com)|nodesource\.com|"
    r"snapshot\.debian\.org)\b", re.I)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|TBD)\b|\bnot implemented yet\b|\bstubs?\b|\bplaceholder implementation\b|"
                        r"\bfor now\b")


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def hits(top, names, pattern, allowed=None):
    for name in names:
        for number, line in enumerate(read(top / name).splitlines(), 1):
            match = pattern.search(line)
            if match and not (allowed and allowed.search(line)):
                yield f"{name}:{number}: {match[0]}"


def is_binary(path):
    octets = path.read_bytes()[:65536]
    return octets[:4] in (b"\x7fELF", b"!<ar", b"PK\x03\x04", b"\x1f\x8b\x08\x00") or (
        b"\0" in octets and path.suffix not in (".req", ".resp", ".bin", ".seed"))


def head_of(text):
    """The `///` paragraph that stands first in a header, after #pragma once; empty if something else does."""
    lines = [line for line in text.splitlines()]
    if not lines or lines[0].strip() != "#pragma once":
        return None
    head = []
    for line in lines[1:]:
        if line.startswith("///"):
            head.append(line[3:].strip())
        elif line.strip() or head:
            break
    return " ".join(head).strip()


def format_faults(top, names):
    for start in range(0, len(names), 40):
        batch = names[start:start + 40]
        ran = subprocess.run(["clang-format", "--dry-run", "-Werror", *batch], cwd=top, capture_output=True, text=True)
        for line in ran.stderr.splitlines():
            if re.match(r"[^: ]+\.(hpp|cpp):\d+:\d+: error:", line):
                yield line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("top", type=pathlib.Path)
    top = parser.parse_args().top
    checks = Checklist()
    names = files_of(top)
    text = [n for n in names if not n.startswith(DATA) and n not in FOREIGN_TEXT and not is_binary(top / n)]
    ours = [n for n in text if n not in NAMES_THE_WORDS]
    sources = [n for n in text if n.endswith((".hpp", ".cpp"))]
    headers = [n for n in sources if n.endswith(".hpp")]

    checks.that("files were found", [] if sources else ["no source was found: the test looked in the wrong place"])
    checks.that("nothing built is in the tree", [n for n in names if not n.startswith(DATA) and is_binary(top / n)])
    checks.that("no path of one machine", hits(top, ours, MACHINE_PATH, ALLOWED_PATHS))
    checks.that("no host of a package archive", hits(top, ours, PACKAGE_HOST))
    checks.that("no unfinished words", hits(top, [n for n in ours if n != "CHANGELOG.md"], UNFINISHED))
    checks.that("each header begins with #pragma once and a /// head that says what it is",
                [n for n in headers if len(head_of(read(top / n)) or "") < 20])
    lengths = {n: read(top / n).count("\n") for n in text if n.endswith((".hpp", ".cpp", ".py", ".md", ".sh"))}
    checks.that(f"no file is longer than {LONGEST_FILE} lines",
                [f"{n}: {count} lines" for n, count in lengths.items() if count > LONGEST_FILE])
    checks.that(f"no source line is wider than {LONGEST_LINE} columns",
                hits(top, sources, re.compile(r"^(?!.*https?://).{%d,}$" % (LONGEST_LINE + 1))))
    checks.that("no white space at the end of a line", hits(top, [n for n in text if not n.endswith(".md")],
                                                            re.compile(r"[ \t]+$")))

    rule = "each source is as clang-format 14 lays it out"
    formatter = shutil.which("clang-format")
    version = ""
    if formatter:
        said = subprocess.run([formatter, "--version"], capture_output=True, text=True).stdout
        version = (re.search(r"version (\d+)", said) or ["", ""])[1]
    if version == "14":
        checks.that(rule, format_faults(top, sources))
    else:
        checks.skip(rule, f"clang-format here is {version or 'missing'}, and another version lays out differently")
    checks.finish()


if __name__ == "__main__":
    main()
