#!/usr/bin/env python3
"""What the documents say is so: the programs in them compile, the commands in them exist with those options, their links
lead somewhere."""
import argparse
import pathlib
import re
import shlex
import subprocess

from checking import Checklist
from headers import Compiler
from tree import files_of

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PROGRAM = re.compile(r"(?:^|/)est-conformance$")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def commands_of(text):
    """Command lines of est-conformance and of conformance/run in the shell blocks of a document, as words."""
    for language, block in FENCE.findall(text):
        if language not in ("sh", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if language == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                continue
            while words and re.match(r"\w+=", words[0]):
                words = words[1:]
            if not words:
                continue
            if PROGRAM.search(words[0]):
                yield words[1:]
            elif words[0].endswith("conformance/run"):
                yield ["run", *words[1:]]


def wrong_command(program, words):
    if not words or words[0].startswith("-"):
        subcommand, options = [], words
    else:
        subcommand, options = [words[0]], words[1:]
    ran = subprocess.run([program, *subcommand, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ran.returncode != 0:
        return f"no such command: {' '.join(subcommand)}"
    known = set(re.findall(r"--[a-z][a-z0-9-]*", ran.stdout))
    for word in options:
        option = re.match(r"--[a-z][a-z0-9-]*", word)
        if option and option[0] not in known:
            return f"{' '.join(subcommand)} has no {option[0]}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botan", required=True)
    parser.add_argument("--program", help="est-conformance; without it the commands are not tried")
    parser.add_argument("top", type=pathlib.Path)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    top = arguments.top.resolve()
    checks = Checklist()
    documents = {n: (top / n).read_text(encoding="utf-8") for n in files_of(top) if n.endswith(".md")}
    checks.that("README.md is there", [] if "README.md" in documents else ["README.md is missing"])

    compiler = Compiler(top, arguments.compiler, arguments.botan)
    programs = [(n, block) for n, text in documents.items() for language, block in FENCE.findall(text) if language == "cpp"]
    checks.that("README.md shows a program", [] if any(n == "README.md" for n, _ in programs) else ["it shows none"])
    checks.that("each program in a document compiles",
                [f"{n}:\n{wrong}" for n, block in programs if (wrong := compiler.syntax(block))])

    if arguments.program:
        tried = [(n, words) for n, text in documents.items() for words in commands_of(text)]
        checks.that("commands were found", [] if tried else ["no document shows a command"])
        checks.that("each command in a document exists, with its options",
                    [f"{n}: {' '.join(words)}: {wrong}" for n, words in tried
                     if (wrong := wrong_command(arguments.program, words))])
    else:
        checks.skip("each command in a document exists, with its options", "est-conformance is not built")

    checks.that("each link between documents leads to a file",
                [f"{n}: {target}" for n, text in documents.items() for target in LINK.findall(FENCE.sub("", text))
                 if not re.match(r"[a-z]+:", target) and not (top / n).parent.joinpath(target).exists()])
    index = documents.get("docs/decisions/README.md", "")
    checks.that("each decision is in the list of decisions",
                [n for n in documents if re.match(r"docs/decisions/\d", n) and f"({n.rpartition('/')[2]})" not in index])
    checks.finish()


if __name__ == "__main__":
    main()
