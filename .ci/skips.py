"""Print every skipped test with its reason; fail on a reason that pyproject.toml does not allow.

    python .ci/skips.py REPORT.xml [...]       JUnit reports, as pytest --junitxml writes them

A reason is allowed when it starts with one of `allowed-skips` in [tool.minilite].
"""

import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def skipped(report: Path) -> list[tuple[str, str]]:
    """Test and reason of each skipped test in a report."""
    cases = ElementTree.parse(report).iter("testcase")
    return [
        (f"{case.get('classname')}::{case.get('name')}", skip.get("message", ""))
        for case in cases
        for skip in case.iter("skipped")
    ]


def main(reports: list[str]) -> int:
    allowed = tuple(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["minilite"]["allowed-skips"])
    found = [skip for report in reports for skip in skipped(Path(report))]
    for reason, count in Counter(reason for _, reason in found).items():
        mark = "allowed" if reason.startswith(allowed) else "NOT ALLOWED"
        print(f"{count} skipped, {mark}: {reason}")
        print(*sorted({f"    {re.sub(r'[^ -~]', '?', test)}" for test, why in found if why == reason}), sep="\n")
    if not found:
        print("no test was skipped")
    return int(any(not reason.startswith(allowed) for _, reason in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
