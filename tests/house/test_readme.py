"""What README.md shows is what happens: its Python block, and its first command, with their real output."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
LINES = 150


def block_after(language: str, number: int = 0) -> tuple[str, str]:
    """The nth block of a language, and the unmarked block that follows it."""
    position = [index for index, (name, _) in enumerate(BLOCKS) if name == language][number]
    return BLOCKS[position][1], BLOCKS[position + 1][1]


def run(arguments: list[str]) -> str:
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_block_prints_what_is_shown() -> None:
    code, shown = block_after("python")
    assert run([sys.executable, "-c", code]) == shown


def test_first_command_prints_what_is_shown() -> None:
    command, shown = block_after("sh")
    minilite = shlex.split(command.split("&&")[-1])
    assert minilite[0] == ".venv/bin/minilite"
    assert run([sys.executable, "-m", "minilite", *minilite[1:]]).startswith(shown)


def test_both_commands_set_everything_up() -> None:
    commands = re.findall(r"<!-- setup -->\s*```sh\n(.*?)```", README, re.DOTALL)
    assert len(commands) == 2
    assert all(command.startswith("python3 -m venv .venv && .venv/bin/pip install") for command in commands)


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= LINES


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("lesson", sorted((ROOT / "examples").glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_lessons_run(lesson: Path) -> None:
    assert run([sys.executable, str(lesson)]).strip()
