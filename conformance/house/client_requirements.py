#!/usr/bin/env python3
"""docs/client-requirements.md is whole and true: each row of requirements.json that binds the client stands there once, with
a state; what is met names tests, and they exist; what is not says why."""
import argparse
import json
import pathlib
import re

from checking import Checklist

STATES = ("met", "not applicable", "open")


def rows_of(text):
    """(id, section, level, state, last cell) of each row of the table."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 6 and re.match(r"[a-z]+[\w.]*-[\w.-]+$", cells[0]):
            yield cells[0], cells[1], cells[2], cells[4], cells[5]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("top", type=pathlib.Path)
    top = parser.parse_args().top.resolve()
    checks = Checklist()
    wanted = {row["id"]: row for row in json.loads((top / "vectors/requirements.json").read_text())["requirements"]
              if row["binds"] == "C"}
    text = (top / "docs/client-requirements.md").read_text()
    rows = list(rows_of(text))
    ids = [row[0] for row in rows]
    checks.that("each requirement that binds the client stands there once, and nothing else does",
                [f"{i}: {ids.count(i)} times" for i in wanted if ids.count(i) != 1] + [i for i in ids if i not in wanted])
    checks.that("section and level are those of requirements.json",
                [i for i, section, level, _, _ in rows if i in wanted
                 and (section, level) != (wanted[i]["section"], wanted[i]["level"])])
    checks.that("each has a state", [f"{row[0]}: {row[3]}" for row in rows if row[3] not in STATES])
    stated = re.search(r"(\d+) met, (\d+) not\s+applicable, (\d+) open", text)
    counted = tuple(str([row[3] for row in rows].count(state)) for state in STATES)
    checks.that("they are counted rightly", [] if stated and stated.groups() == counted else [str(counted)])
    tests = set()
    for file in (top / "conformance/unit").rglob("*.cpp"):
        tests.update(re.findall(r"BOOST_(?:AUTO|FIXTURE)_TEST_CASE\((\w+)", file.read_text()))
    named = [(i, name) for i, _, _, state, cell in rows if state == "met" for name in re.findall(r"`(\w+)`", cell)
             if "_" in name]
    checks.that("each test that is named exists", [f"{i}: {name}" for i, name in named
                                                   if name not in tests and name.count("_") > 1])
    met = {i for i, name in named if name in tests}
    checks.that("what is met names a test", [row[0] for row in rows if row[3] == "met" and row[0] not in met])
    checks.that("what is not says why", [row[0] for row in rows if row[3] != "met" and not row[4]])
    checks.finish()


if __name__ == "__main__":
    main()
