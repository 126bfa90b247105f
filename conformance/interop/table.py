#!/usr/bin/env python3
"""Writes what the interop tests found into the table of docs/interoperability.md: one column a program, version and Botan.
Columns of other Botans stay as they are."""
import argparse
import json
import pathlib
import sys

from base import OPERATIONS

BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def read(block):
    """{column: {operation: cell}} of a table in Markdown."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines() if line.startswith("|")]
    if not rows:
        return {}
    columns = {name: {} for name in rows[0][1:]}
    for row in rows[2:]:
        for name, cell in zip(columns, row[1:]):
            columns[name][row[0]] = cell
    return columns


def write(columns):
    names = sorted(columns)
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for operation in OPERATIONS:
        lines.append(f"| {operation} | " + " | ".join(columns[name].get(operation, "-") for name in names) + " |")
    return "\n".join(lines) + "\n"


def column_of(found):
    """The column's name, and its cells."""
    botan = ".".join(found["botan"].split(".")[:2])
    return f"{found['program']} {found['version']}, Botan {botan}", found["cells"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("findings", type=pathlib.Path)
    arguments = parser.parse_args()
    text = arguments.document.read_text()
    before, _, rest = text.partition(BEGIN)
    block, _, after = rest.partition(END)
    columns = read(block)
    found = [column_of(json.loads(file.read_text())) for file in sorted(arguments.findings.glob("*.json"))]
    if not found:
        sys.exit("no findings: run the tests of the suite interop first")
    for name, cells in found:
        program, _, botan = name.rpartition(", Botan ")
        family = program.split(" ")[0]
        for old in [n for n in columns if n.startswith(family) and n.endswith(f", Botan {botan}")]:
            del columns[old]
        columns[name] = cells
    arguments.document.write_text(before + BEGIN + write(columns) + END + after)


if __name__ == "__main__":
    main()
