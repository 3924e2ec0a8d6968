"""The lesson on error shows what it prints."""

import subprocess
import sys

from tests.cli.models import ROOT

LESSON = ROOT / "examples" / "03_where_the_error_comes_from.py"


def test_the_lesson_shows_its_output() -> None:
    lines = LESSON.read_text(encoding="utf-8").splitlines()
    shown = [line[4:].rstrip() for line in lines if line.startswith("# > ")]
    result = subprocess.run([sys.executable, str(LESSON)], capture_output=True, text=True, check=True, cwd=ROOT)
    printed = [line.rstrip() for line in result.stdout.splitlines() if line]
    assert shown == printed
    assert len(shown) > 20
