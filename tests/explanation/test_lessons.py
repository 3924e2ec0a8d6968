"""The lessons that say what they print do print it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.models import ROOT

LESSONS = [path for path in sorted((ROOT / "examples").glob("[0-9]*.py")) if "# > " in path.read_text("utf-8")]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_lesson_shows_its_output(lesson: Path) -> None:
    lines = lesson.read_text(encoding="utf-8").splitlines()
    shown = [line[4:].rstrip() for line in lines if line.startswith("# > ")]
    result = subprocess.run([sys.executable, str(lesson)], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown == [line.rstrip() for line in result.stdout.splitlines() if line]
    assert len(shown) > 20


def test_two_lessons_are_readable_without_running() -> None:
    assert {"03_where_the_error_comes_from", "04_one_multiply_by_hand"} <= {path.stem for path in LESSONS}
