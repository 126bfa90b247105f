#!/usr/bin/env python3
"""Installs the headers into a directory of its own and builds tiny programs outside the tree against them: by pkg-config,
by CMake's find_package, and with the tree as a Meson subproject. Each program is run.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from checking import Checklist
from tree import files_of

PROGRAMS = ("toolkit", "httplib")


def run(command, **more):
    """(worked, output)"""
    ran = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         stdin=subprocess.DEVNULL, **more)
    return ran.returncode == 0, ran.stdout


def fault(output):
    lines = output.strip().splitlines()
    return ["\n".join(lines[-25:]) or "it failed without a word"]


def steps(*commands, **more):
    """Runs commands until one fails; the faults of that one."""
    for command in commands:
        worked, output = run(command, **more)
        if not worked:
            return [" ".join(map(str, command))] + fault(output)
    return []


def install_headers(top, work, botan):
    """As a packager would: configured without est-conformance, installed below a prefix."""
    build = work / "build"
    return steps(["meson", "setup", build, top, f"--prefix={work / 'prefix'}", "-Dconformance=false", f"-Dbotan={botan}"],
                 ["meson", "install", "-C", build])


def by_pkg_config(work, consumer, compiler):
    env = {**os.environ, "PKG_CONFIG_PATH": str(work / "prefix" / "share" / "pkgconfig")}
    for program in PROGRAMS:
        package = "est-toolkit" + ("-httplib" if program == "httplib" else "")
        worked, flags = run(["pkg-config", "--cflags", "--libs", package], env=env)
        if not worked:
            return fault(flags)
        out = work / f"pkg-config-{program}"
        failed = steps([*compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", consumer / f"{program}.cpp", "-o", out,
                        *flags.split()], [out])
        if failed:
            return failed
    return []


def by_cmake(work, consumer):
    build = work / "cmake"
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    return steps(["cmake", *generator, "-S", consumer, "-B", build, f"-DCMAKE_PREFIX_PATH={work / 'prefix'}"],
                 ["cmake", "--build", build], *[[build / p] for p in PROGRAMS])


def by_subproject(work, consumer, top, botan):
    project = work / "subproject user"  # a path with a space
    inner = project / "subprojects" / "est-toolkit"
    for name in files_of(top):
        if name.startswith(("include/", "packaging/")) or name in ("meson.build", "meson_options.txt"):
            (inner / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(top / name, inner / name)
    for program in PROGRAMS:
        shutil.copy(consumer / f"{program}.cpp", project)
    shutil.copy(consumer / "subproject.build", project / "meson.build")
    build = project / "build"
    return steps(["meson", "setup", build, project, f"-Dest-toolkit:botan={botan}"], ["ninja", "-C", build],
                 *[[build / p] for p in PROGRAMS])


def versions(top, work):
    """The places that name the version besides meson.build, where it is kept."""
    wanted = re.search(r"version: '([^']+)'", (top / "meson.build").read_text())[1]
    faults = []
    for package in ("est-toolkit", "est-toolkit-httplib"):
        text = (work / "prefix/share/pkgconfig" / f"{package}.pc").read_text()
        if f"Version: {wanted}\n" not in text:
            faults.append(f"{package}.pc does not say {wanted}")
    if f'"{wanted}"' not in (work / "prefix/share/cmake/est-toolkit/est-toolkit-config-version.cmake").read_text():
        faults.append(f"the CMake package does not say {wanted}")
    header = work / "prefix/include/est/version.hpp"
    if not header.is_file() or f'"{wanted}"' not in header.read_text():
        faults.append(f"include/est/version.hpp does not say {wanted}")
    if not re.search(rf"^## \[(?:Unreleased|{re.escape(wanted)})\]", (top / "CHANGELOG.md").read_text(), re.M):
        faults.append(f"CHANGELOG.md has no section for {wanted}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botan", required=True)
    parser.add_argument("top", type=pathlib.Path)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    top = arguments.top.resolve()
    checks = Checklist()
    with tempfile.TemporaryDirectory(prefix="est-install-") as made:
        work = pathlib.Path(made)
        consumer = work / "consumer"
        shutil.copytree(top / "conformance/house/consumer", consumer)
        faults = install_headers(top, work, arguments.botan)
        checks.that("the headers install, without est-conformance", faults)
        if not faults:
            there = {str(p.relative_to(work / "prefix/include")) for p in (work / "prefix/include").rglob("*") if p.is_file()}
            here = {n.removeprefix("include/") for n in files_of(top) if n.startswith("include/")}
            checks.that("every header is installed, and nothing else", sorted(there ^ here))
            checks.that("the version is the same everywhere", versions(top, work))
            checks.that("a program outside the tree builds by pkg-config", by_pkg_config(work, consumer, arguments.compiler))
            if shutil.which("cmake"):
                checks.that("a program outside the tree builds by CMake", by_cmake(work, consumer))
            else:
                checks.skip("a program outside the tree builds by CMake", "cmake is not installed")
            checks.that("a program outside the tree builds with the tree as a Meson subproject",
                        by_subproject(work, consumer, top, arguments.botan))
    checks.finish()


if __name__ == "__main__":
    main()
