#!/usr/bin/env python3
"""Writes the C++ source that holds the vectors: embed_vectors.py VECTORS OUTPUT DEPFILE

Defines embedded_probes(), all of VECTORS/probes/**.json, and embedded_payloads(), the files that they name as bodies.
Names are relative to VECTORS. A file that is named and not there is left out: the loader says so, and a test fails.
The folders stand in the depfile too, so that a new vector is found without a new configuration.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from embed import HEAD, literal  # noqa: E402


def files_named(value) -> set:
    """Every {"file": NAME} inside a JSON value."""
    if isinstance(value, dict):
        own = {value["file"]} if isinstance(value.get("file"), str) else set()
        return own.union(*(files_named(v) for v in value.values()))
    if isinstance(value, list):
        return set().union(*(files_named(v) for v in value))
    return set()


def main() -> None:
    root, output, depfile = (pathlib.Path(a) for a in sys.argv[1:4])
    probes = sorted((root / "probes").rglob("*.json"))
    named = set()
    for probe in probes:
        try:
            named |= files_named(json.loads(probe.read_text()))
        except ValueError:
            pass  # the loader will say what is wrong with it
    payloads = sorted(root / name for name in named if (root / name).is_file())

    out = [*HEAD, "namespace est::conformance {", "", "namespace {", ""]
    for kind, files in (("probe", probes), ("payload", payloads)):
        for index, file in enumerate(files):
            lines = file.read_bytes().splitlines(keepends=True) or [b""]
            out.append(f"constexpr char {kind}_{index}[] =")
            out.append("\n".join(literal(line) for line in lines) + ";")
        out.append(f"constexpr std::array<embedded_file, {len(files)}> {kind}s{{{{" if files
                   else f"constexpr std::array<embedded_file, 0> {kind}s{{}};")
        for index, file in enumerate(files):
            name = file.relative_to(root).as_posix()
            out.append(f'    {{"{name}", {{{kind}_{index}, sizeof {kind}_{index} - 1}}}},')
        if files:
            out.append("}};")
    out += ["", "} // namespace", "",
            "std::span<const embedded_file> embedded_probes() { return probes; }",
            "std::span<const embedded_file> embedded_payloads() { return payloads; }",
            "", "} // namespace est::conformance", ""]
    output.write_text("\n".join(out))

    folders = [root / "probes"] + sorted(d for d in (root / "probes").rglob("*") if d.is_dir())
    inputs = folders + probes + payloads
    depfile.write_text(f"{output.name}: " + " ".join(str(p).replace(" ", "\\ ") for p in inputs) + "\n")


main()
