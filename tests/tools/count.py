"""Counts a JUnit report: prints how many passed, how many failed, and which. A run that failed without saying where counts as
one failure.

    count.py REPORT EXIT_STATUS
"""
from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main() -> None:
    report, status = Path(sys.argv[1]), int(sys.argv[2])
    passed, failed = 0, []
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(f"{case.get('classname', '')} {case.get('name')}".strip())
            elif case.find("skipped") is None:
                passed += 1
    if status != 0 and not failed:
        failed.append(f"exit status {status}")
    print(passed, len(failed), ", ".join(failed))


if __name__ == "__main__":
    main()
