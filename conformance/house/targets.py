#!/usr/bin/env python3
"""Names targets of a build directory for ninja: the programs of a suite's tests, or the executables of one folder."""
import argparse
import json
import os
import pathlib
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tests", metavar="SUITE")
    what.add_argument("--executables", metavar="FOLDER")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    info = build / "meson-info"
    targets = json.loads((info / "intro-targets.json").read_text())
    if arguments.tests:
        wanted = {d for t in json.loads((info / "intro-tests.json").read_text())
                  if any(s.split(":")[-1] == arguments.tests for s in t["suite"]) for d in t["depends"]}
        chosen = [t for t in targets if t["id"] in wanted]
    else:
        chosen = [t for t in targets if t["type"] == "executable"
                  and os.path.relpath(t["filename"][0], build).startswith(arguments.executables + "/")]
    if not chosen:
        sys.exit(f"targets: {build} has none of these")
    for target in chosen:
        for file in target["filename"]:
            print(os.path.relpath(file, build))


if __name__ == "__main__":
    main()
