"""The project speaks only of itself: no absolute paths, no package registries; and it stays small."""

import re

import pytest

from .sources import ROOT, project_files, relative

BINARY = {".tflite", ".npy", ".npz", ".png"}
TEXTS = [path for path in project_files() if path.suffix not in BINARY]
FORBIDDEN = {
    "an absolute path": re.compile(
        r"(?<!#!)(?<![\w.~})>\"'/:-])/(?:home|root|work|tmp|Users|usr|opt|mnt|var|etc|srv)/\w|[A-Z]:\\\\?Users"
    ),
    "a package registry": re.compile(
        r"(?:pypi\.org|pythonhosted\.org|pypi\.python|index-url|registry\.\w+\.\w+|artifactory)", re.I
    ),
}
REPOSITORY_BYTES = 10_000_000


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_text_is_clean(path) -> None:
    if path.name == "test_clean.py":
        return  # the patterns themselves
    text = path.read_text(encoding="utf-8")
    for what, pattern in FORBIDDEN.items():
        assert not pattern.search(text), f"{what}: {pattern.search(text)}"


@pytest.mark.parametrize("text", ["see /home/someone/x", "open /tmp/a.npy", "(/usr/lib)"])
def test_the_scan_sees_paths(text: str) -> None:
    assert FORBIDDEN["an absolute path"].search(text)


def test_project_is_small() -> None:
    assert sum(path.stat().st_size for path in project_files()) < REPOSITORY_BYTES
    examples = [path for path in project_files() if ROOT / "examples" / "digits" in path.parents]
    assert sum(path.stat().st_size for path in examples) < 400_000
