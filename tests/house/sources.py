"""The files of the project, as the house tests look at them."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "minilite"
FOLDERS = ("minilite", "schema", "tests", "examples", ".ci", ".github")
GENERATED = {"__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache", ".venv"}


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project: what git tracks, or all of its folders where there is no git."""
    tracked = _tracked() or list(_walked())
    return tuple(sorted(path for path in tracked if path.is_file()))


def _tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return []
    listed = subprocess.run([git, "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def _walked() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if not GENERATED & set(path.parts))


def python_files(*folders: str) -> list[Path]:
    """The Python files of the project in these folders, or all of them."""
    wanted = [ROOT / folder for folder in folders] or [ROOT]
    found = [path for path in project_files() if path.suffix == ".py"]
    return [path for path in found if any(folder in path.parents for folder in wanted)]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def relative(path: Path) -> str:
    """The path as the project names it."""
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """minilite/ops/op.py -> minilite.ops.op, minilite/ops/__init__.py -> minilite.ops."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> set[str]:
    """Absolute names of all that a file imports, wherever in the file; `from a import b` gives a.b."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *filter(None, [node.module])])
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) == "import_module" and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
    return found


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))
