"""The order of the house: a module imports only from lower lines, or from its own folder."""

import pytest

from .sources import imported_modules, module_name, python_files

LAYERS = """
 __main__
 cli
 budget | comparing | explanation
 oracle
 litert | tracing
 real
 interpreter
 names
 program
 fast
 ops
 graph
 format | numerics
 archive
 errors
"""
HEIGHT = {
    name.strip(): height
    for height, line in enumerate(reversed(LAYERS.strip().splitlines()))
    for name in line.split("|")
}
COMPILERS = {
    *("numerics.jit", "numerics.jit_cache"),
    *(f"fast.lowered.{name}" for name in ("intrinsics", "llvm", "rules", "ways", "addresses")),
    *(f"fast.lowered.{name}_intrinsics" for name in ("float", "memory", "sum")),
}
MAY_IMPORT = {"numba": COMPILERS, "llvmlite": COMPILERS, "ai_edge_litert": {"oracle"}}


def layer(module: str) -> str:
    """minilite.ops.call -> ops."""
    return module.split(".")[1]


FILES = [path for path in python_files("minilite") if module_name(path) != "minilite"]


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_only_from_below(path) -> None:
    own = layer(module_name(path))
    assert own in HEIGHT, f"{own} has no line in LAYERS: say where in the house it stands"
    for imported in imported_modules(path):
        if imported.startswith("minilite.") and imported != "minilite.__version__" and layer(imported) != own:
            other = layer(imported)
            assert other in HEIGHT, f"{imported}: import the module, not the package's public names"
            assert HEIGHT[other] < HEIGHT[own], f"{own} must not import {imported}: {other} is not below {own}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_no_private_name_of_another_folder(path) -> None:
    own = layer(module_name(path))
    for imported in imported_modules(path):
        if imported.startswith("minilite.") and layer(imported) != own:
            private = [part for part in imported.split(".") if part.startswith("_") and not part.endswith("__")]
            assert not private, f"{imported} is private"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_only_its_owners_import_a_heavy_package(path) -> None:
    own = module_name(path).removeprefix("minilite.")
    for imported in imported_modules(path):
        owners = MAY_IMPORT.get(imported.split(".")[0])
        assert owners is None or own in owners, f"{imported} may be imported only by {', '.join(owners or ())}"


def test_modules_of_a_folder_import_each_other_in_one_direction() -> None:
    remaining = {module_name(path): imported_modules(path) for path in FILES}
    while remaining:
        free = [name for name, used in remaining.items() if not any(_is_from(one, remaining, name) for one in used)]
        assert free, f"these modules import each other in a circle, or lead into one: {sorted(remaining)}"
        for name in free:
            del remaining[name]


def _is_from(imported: str, modules: dict[str, set[str]], importer: str) -> bool:
    """Whether `imported` is, or is a name in, one of `modules` other than the importer and the packages around it."""
    parent = imported.rpartition(".")[0]
    found = imported if imported in modules else parent
    return found in modules and found != importer and not importer.startswith(found + ".")
