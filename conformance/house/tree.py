#!/usr/bin/env python3
"""Names the files that make up this repository: what git has or would take, or, in a copy without git, what is no build.

Run as a program it prints them, one a line, or ended by NUL with --null.
"""
import argparse
import os
import pathlib
import subprocess
import sys


def files_of(top):
    """Paths relative to `top`, sorted; only files that are there."""
    top = pathlib.Path(top)
    if (top / ".git").exists():
        # The tree may belong to somebody else than the one who builds it, as in a container.
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True)
        if listed.returncode == 0:
            names = sorted(set(os.fsdecode(listed.stdout).split("\0")) - {""})
            return [n for n in names if (top / n).is_file()]
    found = []
    for folder, folders, names in os.walk(top):
        here = pathlib.Path(folder).relative_to(top)
        folders[:] = [f for f in folders if not (f in (".git", ".cache", "__pycache__") or
                                                 (here == pathlib.Path(".") and f.startswith("build")))]
        found += [str(here / n) for n in names if not n.endswith(".pyc")]
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--null", action="store_true")
    parser.add_argument("top", nargs="?", default=".")
    arguments = parser.parse_args()
    end = "\0" if arguments.null else "\n"
    for name in files_of(arguments.top):
        sys.stdout.buffer.write(os.fsencode(name + end))


if __name__ == "__main__":
    main()
