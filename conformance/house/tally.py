#!/usr/bin/env python3
"""Counts what the tests of one `meson test` came to, names what failed and what was skipped, and ends with one line:
`N passed, N failed, N skipped`.

Reads meson's testlog.json. A Boost.Test program counts by its cases (its XML report is in its standard error), a house
test by its lines (`ok`, `not ok`, `skip`), any other program as one test. Ends with 1 when anything failed or no test ran.
"""
import argparse
import json
import re
import sys

BOOST_REPORT = re.compile(r"<TestResult>.*?</TestResult>", re.S)
BOOST_TOKEN = re.compile(r'<TestSuite name="([^"]*)"[^>]*>|</TestSuite>|<TestCase name="([^"]*)" result="([^"]*)"')
HOUSE_LINE = re.compile(r"^(ok|not ok|skip) - (.*)$", re.M)
SHOWN = 60  # lines of a failed test's output


def boost_cases(report):
    """(name, outcome) of each case, with the suites that hold it."""
    suites = []
    for suite, case, result in BOOST_TOKEN.findall(report):
        if suite:
            suites.append(suite)
        elif case:
            outcome = {"passed": "passed", "skipped": "skipped"}.get(result, "failed")
            yield "/".join(suites[1:] + [case]), outcome
        elif suites:
            suites.pop()


def cases_of(test):
    """What one entry of the log counts for: a list of (name, outcome, why)."""
    name = test["name"]
    overall = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
    cases = []
    report = BOOST_REPORT.search(test.get("stderr") or "")
    if report:
        cases = [(f"{name}: {case}", outcome, "") for case, outcome in boost_cases(report[0])]
    else:
        words = {"ok": "passed", "not ok": "failed", "skip": "skipped"}
        for word, text in HOUSE_LINE.findall(test.get("stdout") or ""):
            case, _, why = text.partition(": ")
            cases.append((f"{name}: {case}", words[word], why))
    # A program that died, or ran nothing, is not saved by the cases that it did report.
    if overall == "failed" and not any(outcome == "failed" for _, outcome, _ in cases):
        cases.append((name, "failed", f"{test['result']}, exit {test.get('returncode')}"))
    if not cases:
        cases.append((name, overall, ""))
    return cases


def show_output(test):
    for stream in ("stdout", "stderr"):
        text = BOOST_REPORT.sub("", test.get(stream) or "").strip()
        if text:
            lines = text.splitlines()
            print(f"  --- {stream}" + (f" (the last {SHOWN} lines)" if len(lines) > SHOWN else ""))
            print("\n".join("  " + line for line in lines[-SHOWN:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exit", type=int, default=0, help="what `meson test` itself ended with")
    parser.add_argument("log")
    arguments = parser.parse_args()
    try:
        with open(arguments.log, encoding="utf-8", errors="replace") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except OSError:
        tests = []
    count = {"passed": 0, "failed": 0, "skipped": 0}
    skipped = []
    for test in tests:
        cases = cases_of(test)
        for name, outcome, why in cases:
            count[outcome] += 1
            if outcome == "skipped":
                skipped.append(name + (f": {why}" if why else ""))
        failed = [(name, why) for name, outcome, why in cases if outcome == "failed"]
        if failed:
            print()
            for name, why in failed:
                print(f"FAILED {name}" + (f": {why}" if why else ""))
            show_output(test)
    if skipped:
        print()
        for line in skipped:
            print(f"skipped {line}")
    if not tests or (arguments.exit != 0 and count["failed"] == 0):
        print(f"\nFAILED meson test ended with {arguments.exit} after {len(tests)} tests")
        count["failed"] += 1
    print(f"\n{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(1 if count["failed"] else 0)


if __name__ == "__main__":
    main()
