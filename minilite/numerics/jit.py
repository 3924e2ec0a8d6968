"""@kernel: compile a Python function with numba the first time it is called; without numba it runs as written.

The functions a kernel calls need no mark: every plain function of this package that a kernel refers to is compiled with
it. So the small steps in `numerics` serve both engines, and only this module
and those that are imported when something is compiled import numba: `jit_cache`, and `fast.lowered`, which says in
LLVM's language what numba cannot.

Compiled code is kept in a per-user folder named after a hash of everything that shapes it: the sources of `numerics`
and `fast`, the versions of numba and llvmlite, the CPU, MINILITE_CPU. (numba's own cache does not notice an edit in a
function that a cached one calls.) No fastmath: it would change bits.
"""

import hashlib
import importlib
import importlib.util
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache, update_wrapper
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
PACKAGE = Path(__file__).parent.parent
KERNELS: list[Callable[..., Any]] = []  # every function marked so far
LOWERED: dict[Callable[..., Any], str] = {}  # functions with an intrinsic in their place, and its module
SAY_SO_AFTER = 1.0  # seconds of compiling after which the user is told why nothing happens


def kernel(function: Function) -> Function:
    """`function`, compiled on its first call. Arguments are numbers, arrays, and tuples of them."""

    def call(*arguments: Any) -> Any:
        return compiled(function)(*arguments)

    KERNELS.append(update_wrapper(call, function))
    return call  # type: ignore[return-value]


def lowered_in(module: str) -> Callable[[Function], Function]:
    """Mark a function for which compiled code takes the numba intrinsic of the same name and arguments in `module`."""

    def mark(function: Function) -> Function:
        LOWERED[function] = module
        return function

    return mark


@cache
def compiled(function: Callable[..., Any], is_kept: bool = True) -> Callable[..., Any]:
    """The numba dispatcher of `function`; every function of this package that it names is compiled with it.

    Code of a function that `is_kept` is saved, and contains that of all it calls.
    """
    numba = _numba()
    assert isinstance(function, FunctionType)
    if function in LOWERED:
        lowered = getattr(importlib.import_module(LOWERED[function]), function.__name__)
        return function if numba.config.DISABLE_JIT else lowered
    copy = FunctionType(function.__code__, dict(function.__globals__), function.__name__, function.__defaults__)
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__

    def complete() -> None:
        """Let the copy call compiled functions: not needed where its own code is found."""
        used = _names(function.__code__)
        known = {name: value for name, value in function.__globals__.items() if name in used}
        copy.__globals__.update({name: compiled(value, False) for name, value in known.items() if _is_ours(value)})

    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(copy)
    folder = cache_folder()
    if is_kept and folder is not None and not numba.config.DISABLE_JIT:
        cache_of = importlib.import_module("minilite.numerics.jit_cache").kernel_cache
        dispatcher._cache = cache_of(copy, folder, complete)
    else:
        complete()
    return dispatcher  # type: ignore[no-any-return]


def is_compiled() -> bool:
    """Whether kernels become machine code: not where numba is told to leave functions as they are."""
    return numba_is_here() and not _numba().config.DISABLE_JIT


def machine_code(function: Callable[..., Any], arguments: tuple[Any, ...]) -> int:
    """The address of a kernel's machine code for arguments of these types, in numba's calling convention."""
    dispatcher: Any = compiled(function.__wrapped__)  # type: ignore[attr-defined]
    types = tuple(map(_numba().typeof, arguments))
    dispatcher.compile(types)
    result = dispatcher.overloads[types]
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def numba_is_here() -> bool:
    """Whether numba can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec("numba") is not None
    except (ImportError, ValueError):  # its import is blocked
        return False


def _is_ours(value: Any) -> bool:
    return isinstance(value, FunctionType) and value.__module__.startswith("minilite.")


def _names(code: CodeType) -> set[str]:
    """Every global name in a function's code, and in the code nested in it."""
    nested = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, nested))


@cache
def _numba() -> Any:
    numba = importlib.import_module("numba")
    event = importlib.import_module("numba.core.event")
    event.register("numba:compile", _announcer(event.Listener)())
    return numba


def _announcer(listener: Any) -> Any:
    """A numba listener that tells the user when compiling one of our functions takes long."""

    class Announcer(listener):  # type: ignore[misc]
        timer: threading.Timer | None = None

        def on_start(self, event: Any) -> None:
            function = event.data["dispatcher"].py_func
            if function.__module__.startswith("minilite.") and self.timer is None:
                message = f"minilite: compiling {function.__name__}, once; the code is kept in {cache_folder()}"
                self.timer = threading.Timer(SAY_SO_AFTER, print, (message,), {"file": sys.stderr})
                self.timer.daemon = True
                self.timer.start()

        def on_end(self, event: Any) -> None:
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

    return Announcer


@cache
def cache_folder() -> Path | None:
    """Where compiled code is kept; None when there is no place for it. `MINILITE_CACHE` overrides the place."""
    digest = hashlib.sha256()
    for source in sorted([*(PACKAGE / "numerics").rglob("*.py"), *(PACKAGE / "fast").rglob("*.py")]):
        digest.update(source.name.encode() + source.read_bytes())
    llvmlite = importlib.import_module("llvmlite")
    binding = importlib.import_module("llvmlite.binding")
    features = binding.get_host_cpu_features().flatten()
    cpu = f"{binding.get_host_cpu_name()} {features} {os.environ.get('MINILITE_CPU', '')}"
    digest.update(f"{_numba().__version__} {llvmlite.__version__} {cpu}".encode())
    name = digest.hexdigest()[:16]
    if _is_usable(_user_cache() / name):
        return _user_cache() / name
    temporary = Path(tempfile.gettempdir()) / f"minilite-{os.getuid() if hasattr(os, 'getuid') else ''}"
    return temporary / name if _is_usable(temporary / name) and _is_own(temporary) else None


def _is_usable(folder: Path) -> bool:
    """Whether a folder can be written to, or has code that can be read. It is made if it is not there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return any(folder.glob("*.nbi"))


def _is_own(folder: Path) -> bool:
    """Whether nobody else can have put code there."""
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _user_cache() -> Path:
    if "MINILITE_CACHE" in os.environ:
        return Path(os.environ["MINILITE_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "minilite" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minilite"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "minilite"
