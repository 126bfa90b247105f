#!/usr/bin/env python3
"""Prints which archives this machine's own apt configuration uses: `main URI KEYRING` and `security URI KEYRING`.

KEYRING is the file that apt checks that archive with, or `-` where the configuration names none. Reads sources.list and
sources.list.d in both formats. Nothing here knows the name of any archive: a machine behind a mirror uses its mirror.
"""
import argparse
import pathlib
import re
import sys


def one_line_entries(text):
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            options = dict(o.split("=", 1) for o in (match[1] or "").split() if "=" in o)
            yield match[2], match[3], options.get("signed-by", "-")


def deb822_entries(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields, last = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in " \t" and last:
                fields[last] += "\n" + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0") or "deb" not in fields.get("types", "").split():
            continue
        signed = fields.get("signed-by", "-")
        signed = signed if signed.startswith("/") and "\n" not in signed else "-"
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, signed


def resolve(uri):
    """The first mirror of a mirror list that is a local file; other URIs as they are."""
    match = re.match(r"mirror\+file:(?://)?(/.*)", uri)
    if not match:
        return uri
    for line in pathlib.Path(match[1]).read_text().splitlines():
        line = line.split("#", 1)[0].split()
        if line:
            return line[0]
    return uri


def archives(etc, codename):
    files = [etc / "sources.list"] + sorted((etc / "sources.list.d").glob("*"))
    found = {}
    for file in files:
        if not file.is_file() or file.suffix not in (".list", ".sources"):
            continue
        read = deb822_entries if file.suffix == ".sources" else one_line_entries
        for uri, suite, signed in read(file.read_text()):
            if uri.startswith("cdrom:"):
                continue
            base, _, kind = suite.strip("/").replace("/updates", "-security").partition("-")
            if base in (codename, "oldstable", "stable", "testing") and kind in ("", "security"):
                found.setdefault(kind or "main", (resolve(uri), signed))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--etc", type=pathlib.Path, default=pathlib.Path("/etc/apt"))
    parser.add_argument("--codename", help="the release of this machine; default: from /etc/os-release")
    arguments = parser.parse_args()
    codename = arguments.codename
    if not codename:
        match = re.search(r"^VERSION_CODENAME=(\S+)", pathlib.Path("/etc/os-release").read_text(), re.M)
        codename = match[1] if match else ""
    found = archives(arguments.etc, codename)
    for kind in ("main", "security"):
        if kind not in found:
            sys.exit(f"apt_archives: {arguments.etc} names no archive for {codename} ({kind})")
    for kind in ("main", "security"):
        print(kind, *found[kind])


if __name__ == "__main__":
    main()
