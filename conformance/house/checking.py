"""How a house test says what it found: one line a rule, which conformance/house/tally.py counts."""
import sys


class Checklist:
    def __init__(self):
        self.failed = 0
        self.said = 0
        self.passed = 0

    def that(self, rule, faults):
        """`ok - rule` when there are no faults, else `not ok - rule` and the faults beneath it."""
        self.said += 1
        faults = list(faults)
        print(f"{'not ok' if faults else 'ok'} - {rule}", flush=True)
        for fault in faults[:40]:
            print("    " + str(fault).rstrip().replace("\n", "\n    "))
        if len(faults) > 40:
            print(f"    and {len(faults) - 40} more")
        self.failed += bool(faults)
        self.passed += not faults

    def skip(self, rule, why):
        self.said += 1
        print(f"skip - {rule}: {why}", flush=True)

    def finish(self):
        if self.failed:
            sys.exit(1)
        sys.exit(0 if self.passed else 77)  # 77: meson's word for a test that was skipped
