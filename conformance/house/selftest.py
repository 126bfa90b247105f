#!/usr/bin/env python3
"""The house tests can fail: each rule is broken once in a small tree of its own, and the test that keeps it must say so,
and no other rule with it. The tree without the fault must pass.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from checking import Checklist

HOUSE = pathlib.Path(__file__).resolve().parent
HEADER = "#pragma once\n/// A header that is here to be right in every way.\n"
TREE = {
    "include/est/est.hpp": HEADER + "\n#include <est/core/a.hpp>\n#include <est/http/b.hpp>\n#include <est/version.hpp>\n",
    "include/est/version.hpp": HEADER + '\nnamespace est {\ninline constexpr char version[] = "0.1.0";\n}\n',
    "include/est/core/a.hpp": HEADER + "\n#include <cstddef>\n\nnamespace est {\ninline std::size_t one() { return 1; }\n} // namespace est\n",
    "include/est/http/b.hpp": HEADER + "\n#include <est/core/a.hpp>\n\nnamespace est {\ninline std::size_t two() { return one() + 1; }\n} // namespace est\n",
    "conformance/checks/c.hpp": HEADER + "\n#include <est/http/b.hpp>\n",
    "README.md": "# A\n\n```cpp\n#include <est/est.hpp>\nint main() { return 0; }\n```\n\n[changes](CHANGELOG.md)\n",
    "CHANGELOG.md": "# Changes\n\n## [0.1.0]\n",
}
# What breaks a rule: (script, rule, file, text that is added to the file, or a whole new file)
WORD, BAR, TOP = "TO" + "DO", "/ro" + "ot/secret", "deb.deb" + "ian.org"
LAYERS = [
    ("each toolkit header includes only what its layer may", "include/est/core/a.hpp", "#include <est/http/b.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <botan/hash.h>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <fstream>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#  include <thread>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <openssl/ssl.h>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <mutex>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", '#include "../core/a.hpp"\n'),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <conformance/check.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/http/b.hpp", "#include <est/est.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/transport/loop.hpp", HEADER + "#include <httplib.h>\n"),
    ("each toolkit header includes only what its layer may", "include/est/transport/loop.hpp", HEADER + "#include <est/pki/tlv.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/client/k.hpp", HEADER + "#include <est/transport/loopback.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/client/k.hpp", HEADER + "#include <est/server/server.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/server/k.hpp", HEADER + "#include <est/client/client.hpp>\n"),
    ("each toolkit header includes only what its layer may", "include/est/est.hpp", "#include <est/transport/httplib_client.hpp>\n"),
    ("every layer is in the table", "include/est/attic/x.hpp", HEADER),
    ("each conformance source includes only what its room may", "conformance/checks/c.hpp", '#include "../drive/run.hpp"\n'),
    ("each conformance source includes only what its room may", "conformance/report/r.cpp", "#include <openssl/x509.h>\n"),
]
TEXT = [
    ("nothing built is in the tree", "conformance/x.o", b"\x7fELF\x02\x01"),
    ("no path of one machine", "README.md", f"see {BAR}\n"),
    ("no host of a package archive", "conformance/get.sh", f"wget http://{TOP}/x\n"),
    ("no unfinished words", "include/est/core/a.hpp", f"// {WORD}: more\n"),
    ("each header begins with #pragma once and a /// head that says what it is", "include/est/core/z.hpp", "#pragma once\nint x();\n"),
    ("each header begins with #pragma once and a /// head that says what it is", "include/est/core/z.hpp", "/// A header without its first line.\nint x();\n"),
    ("no file is longer than 600 lines", "conformance/long.py", "x = 1\n" * 601),
    ("no source line is wider than 130 columns", "include/est/core/a.hpp", "// " + "x" * 140 + "\n"),
    ("no white space at the end of a line", "conformance/run.sh", "true \n"),
    ("each source is as clang-format 14 lays it out", "include/est/core/a.hpp", "int    f( );\n"),
]
HEADERS = [
    ("each header compiles alone", "include/est/http/b.hpp", "inline std::string lost();\n"),
    ("est.hpp includes every header but the adaptors", "include/est/core/new.hpp", HEADER),
    ("est.hpp reaches neither cpp-httplib nor OpenSSL", "include/est/core/a.hpp", "#include <openssl/ssl.h>\n"),
    ("the headers of core can be included twice", "include/est/core/a.hpp", None),
    ("two sources that include every toolkit header link into one program", "include/est/core/a.hpp", "int three() { return 3; }\n"),
    ("est.hpp is there", "include/est/est.hpp", None),
]
DOCS = [
    ("each program in a document compiles", "README.md", "```cpp\nint main() { return est::nowhere; }\n```\n"),
    ("each link between documents leads to a file", "README.md", "[gone](docs/gone.md)\n"),
    ("each decision is in the list of decisions", "docs/decisions/1-this.md", "# This\n"),
    ("each command in a document exists, with its options", "README.md", "```sh\nest-conformance run --no-such-option\n```\n"),
    ("each command in a document exists, with its options", "README.md", "```console\n$ build/est-conformance dance\n```\n"),
]
# Rules that the same fault cannot but break too.
FOLLOWERS = {
    "each header compiles alone": {"two sources", "the headers of", "est.hpp compiles"},
    "the headers of core can be included twice": {"two sources", "the headers of", "each header compiles alone"},
}
# Stands for est-conformance, which this test does not need.
PROGRAM = """#!/bin/sh
case "$1" in run | --help) echo '  --cacert FILE'; exit 0 ;; *) exit 2 ;; esac
"""


def plant(tree, files):
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def failed_rules(script, arguments):
    ran = subprocess.run([sys.executable, str(HOUSE / script), *arguments], capture_output=True, text=True)
    rules = {line.removeprefix("not ok - ") for line in ran.stdout.splitlines() if line.startswith("not ok - ")}
    skipped = {line.removeprefix("skip - ").split(": ")[0] for line in ran.stdout.splitlines() if line.startswith("skip - ")}
    if bool(rules) != (ran.returncode == 1):
        rules.add(f"{script} ended with {ran.returncode}: {ran.stderr[-800:]}")
    return rules, skipped


def tally_faults(tree):
    """tally.py counts what it should, and ends with 1 when it should."""
    report = ('<TestResult><TestSuite name="est"><TestSuite name="core"><TestCase name="a" result="passed"></TestCase>'
              '<TestCase name="b" result="%s"></TestCase><TestCase name="c" result="skipped"></TestCase>'
              "</TestSuite></TestSuite></TestResult>")
    def entry(result, stdout="", stderr=""):
        return {"name": "t", "result": result, "returncode": 0 if result == "OK" else 1, "stdout": stdout, "stderr": stderr}
    cases = [
        ([entry("OK", stderr=report % "passed")], "2 passed, 0 failed, 1 skipped", 0),
        ([entry("FAIL", stderr=report % "failed")], "1 passed, 1 failed, 1 skipped", 1),
        ([entry("FAIL", stderr=report % "aborted")], "1 passed, 1 failed, 1 skipped", 1),
        ([entry("ERROR", stderr=report % "passed")], "2 passed, 1 failed, 1 skipped", 1),
        ([entry("TIMEOUT")], "0 passed, 1 failed, 0 skipped", 1),
        ([entry("SKIP"), entry("OK")], "1 passed, 0 failed, 1 skipped", 0),
        ([entry("FAIL", "ok - x\nnot ok - y\n    why\nskip - z: because\n")], "1 passed, 1 failed, 1 skipped", 1),
        ([], "0 passed, 1 failed, 0 skipped", 1),
    ]
    for entries, line, status in cases:
        log = tree / "testlog.json"
        log.write_text("".join(json.dumps(e) + "\n" for e in entries))
        ran = subprocess.run([sys.executable, str(HOUSE / "tally.py"), str(log)], capture_output=True, text=True)
        if ran.stdout.splitlines()[-1:] != [line] or ran.returncode != status:
            yield f"{line!r} and {status} were due; came {ran.stdout.splitlines()[-1:]} and {ran.returncode} {ran.stderr}"


def apt_faults(tree):
    """apt_archives.py reads both formats, and says so when there is nothing to read."""
    listed = "deb [signed-by=/k.gpg arch=amd64] http://a.example/d bookworm main\ndeb http://s.example/s bookworm-security main\n"
    stanza = ("# comment\nTypes: deb deb-src\nURIs: http://a.example/d\nSuites: bookworm bookworm-updates\nComponents: main\n"
              "Signed-By: /k.gpg\n\nTypes: deb\nURIs: http://s.example/s\nSuites: bookworm-security\nComponents: main\n\n"
              "Types: deb\nEnabled: no\nURIs: http://x.example/x\nSuites: bookworm\n")
    wanted = "main http://a.example/d /k.gpg\nsecurity http://s.example/s -\n"
    for name, text in (("sources.list", listed), ("sources.list.d/debian.sources", stanza), ("sources.list", "")):
        etc = pathlib.Path(tempfile.mkdtemp(dir=tree))
        plant(etc, {name: text})
        ran = subprocess.run([sys.executable, str(HOUSE / "apt_archives.py"), "--etc", str(etc), "--codename", "bookworm"],
                             capture_output=True, text=True)
        if text and (ran.stdout != wanted or ran.returncode):
            yield f"{name}: {ran.stdout}{ran.stderr}"
        if not text and ran.returncode == 0:
            yield "no archive was configured, and it did not say so"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botan", required=True)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    checks = Checklist()
    with tempfile.TemporaryDirectory(prefix="est-house-") as made:
        work = pathlib.Path(made)
        program = work / "program" / "est-conformance"
        plant(work, {"program/est-conformance": PROGRAM})
        program.chmod(0o755)
        common = ["--botan", arguments.botan]
        scripts = {
            "layers.py": ([], [], LAYERS),
            "text.py": ([], [], TEXT),
            "headers.py": (common, arguments.compiler, HEADERS),
            "docs.py": ([*common, "--program", str(program)], arguments.compiler, DOCS),
        }
        number = 0
        for script, (before, after, faults) in scripts.items():
            right = dict(TREE)
            if script == "docs.py":
                right["README.md"] += "```sh\nest-conformance run --cacert ca.pem\n```\n"
            for rule, name, text in [("", "", ""), *faults]:
                number += 1
                tree = work / f"tree-{number}"
                files = dict(right)
                if rule and text is None:
                    # Included twice it breaks; included alone it does not.
                    if name.endswith("est.hpp"):
                        del files[name]
                    else:
                        files[name] = files[name].replace("#pragma once\n", "")
                elif rule:
                    files[name] = text if isinstance(text, bytes) else files.get(name, "") + text
                plant(tree, files)
                failed, skipped = failed_rules(script, [*before, str(tree), *after])
                expected = {rule} if rule else set()
                if expected & skipped:
                    checks.skip(f"{script} can say: {rule}", "the rule itself is skipped here")
                    continue
                others = {f for f in failed - expected
                          if not any(f.startswith(start) for start in FOLLOWERS.get(rule, ()))}
                what = f"{script} says of {name}: {rule}" if rule else f"{script} says nothing of a tree that is right"
                checks.that(what, [f"it said: {sorted(failed)}"] if expected - failed or others else [])
        checks.that("tally.py counts what there is", tally_faults(work))
        checks.that("apt_archives.py reads both formats of sources", apt_faults(work))
    checks.finish()


if __name__ == "__main__":
    main()
