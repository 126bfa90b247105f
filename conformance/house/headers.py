#!/usr/bin/env python3
"""Every header stands alone, can be included twice, and links when two sources include everything.

Compiles with the compiler and the flags that the build uses, warnings being errors. est.hpp is preprocessed as well, to see
that it reaches neither cpp-httplib nor OpenSSL by any way.

EST_HEADERS=toolkit leaves out the program's own headers: for a second Botan, which they do not see but through the toolkit.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import tempfile

from checking import Checklist
from layers import ADAPTORS
from tree import files_of

WARNINGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def system_flags(words):
    """Include directories of others' libraries as system ones: their warnings are not ours."""
    out = []
    for word in words:
        out += ["-isystem", word[2:]] if word.startswith("-I") else [word]
    return out


def pkg_config(what, *packages):
    return subprocess.run(["pkg-config", what, *packages], check=True, capture_output=True, text=True).stdout.split()


class Compiler:
    def __init__(self, top, command, botan):
        self.top, self.command = top, command
        self.flags = WARNINGS + ["-I" + str(top / "include")]
        self.botan = system_flags(pkg_config("--cflags", botan))
        self.adaptors = system_flags(pkg_config("--cflags", "cpp-httplib", "openssl")) + ["-pthread"]
        self.libraries = pkg_config("--libs", botan, "cpp-httplib", "openssl") + ["-pthread"]

    def run(self, arguments, source):
        """The first lines of what the compiler complains of; empty if it does not."""
        with tempfile.TemporaryDirectory(prefix="est-headers-") as made:
            pathlib.Path(made, "source.cpp").write_text(source)
            ran = subprocess.run([*self.command, *self.flags, *self.botan, *self.adaptors, *arguments, "source.cpp"],
                                 cwd=made, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        return "" if ran.returncode == 0 else "\n".join(ran.stderr.splitlines()[:12])

    def syntax(self, source, extra=()):
        # Where there is a ccache, an object: it knows the answer the next time. Otherwise the syntax alone.
        how = ["-O0", "-c", "-o", "source.o"] if "ccache" in self.command[0] else ["-fsyntax-only"]
        return self.run([*how, *extra], source)


def include_line(name):
    if name.startswith("include/"):
        return f"#include <{name.removeprefix('include/')}>\n"
    return f'#include "{name.removeprefix("conformance/")}"\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botan", required=True, help="the pkg-config name of the Botan to use")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("top", type=pathlib.Path)
    parser.add_argument("command", nargs="+", help="the C++ compiler")
    arguments = parser.parse_args()
    top = arguments.top.resolve()
    compiler = Compiler(top, arguments.command, arguments.botan)
    checks = Checklist()

    headers = [n for n in files_of(top) if n.endswith(".hpp") and n.startswith(("include/est/", "conformance/"))]
    toolkit = [n for n in headers if n.startswith("include/")]
    if os.environ.get("EST_HEADERS") == "toolkit":
        headers = toolkit
        checks.skip("each header of the program compiles alone", "EST_HEADERS=toolkit leaves them out")
    checks.that("headers were found", [] if toolkit else ["the test looked in the wrong place"])

    layers = {}
    for name in toolkit:
        layers.setdefault(name.split("/")[2] if name.count("/") > 2 else "est", []).append(name)
    inside = ["-I" + str(top / "conformance")]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        twice = {layer: pool.submit(compiler.syntax, "".join(map(include_line, names + names)))
                 for layer, names in layers.items()}
        alone = {name: pool.submit(compiler.syntax, include_line(name), inside) for name in headers}
        with tempfile.TemporaryDirectory(prefix="est-headers-") as made:
            objects = [str(pathlib.Path(made) / f"{n}.o") for n in ("first", "second")]
            both = [pool.submit(compiler.run, ["-O0", "-c", "-o", out], "".join(map(include_line, toolkit)) + body)
                    for out, body in zip(objects, ("int second();\nint main() { return second(); }\n",
                                                   "int second();\nint second() { return 0; }\n"))]
            faults = [b.result() for b in both if b.result()]
            if not faults:
                linked = subprocess.run([*compiler.command, *objects, "-o", str(pathlib.Path(made) / "both"),
                                         *compiler.libraries], capture_output=True, text=True)
                faults = [linked.stderr] if linked.returncode else []
            checks.that("two sources that include every toolkit header link into one program", faults)
        checks.that("each header compiles alone", [f"{n}:\n{f.result()}" for n, f in alone.items() if f.result()])
        for layer, ran in twice.items():
            checks.that(f"the headers of {layer} can be included twice", [ran.result()] if ran.result() else [])

    if "include/est/est.hpp" in toolkit:
        reached = subprocess.run(
            [*compiler.command, "-std=c++20", "-I" + str(top / "include"), *compiler.botan, "-M", "-x", "c++", "-"],
            input="#include <est/est.hpp>\n", text=True, capture_output=True)
        # In a rule for make a line goes on after a backslash, and a blank within a name stands after one.
        rule = reached.stdout.replace("\\\n", " ").replace("\\ ", "\0")
        files = [name.replace("\0", " ") for name in rule.split()]
        checks.that("est.hpp compiles with Botan and tl::expected alone", [reached.stderr] if reached.returncode else [])
        checks.that("est.hpp reaches neither cpp-httplib nor OpenSSL",
                    [f for f in files if f.endswith("/httplib.h") or "/openssl/" in f])
        ours = {os.path.relpath(f, top) for f in files if f.startswith(str(top / "include"))}
        checks.that("est.hpp includes every header but the adaptors",
                    [n for n in toolkit if n not in ours and not ADAPTORS.match(n)])
    else:
        checks.that("est.hpp is there", ["include/est/est.hpp is missing"])
    checks.finish()


if __name__ == "__main__":
    main()
