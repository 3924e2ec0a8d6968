"""Where numba keeps the machine code of kernels: one folder, which many processes share and some can only read.

numba alone refuses a folder that it cannot write to, and two processes that save different code of one function at
the same moment may mix up which is which. Imported when something is compiled.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba.core import caching

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NUMBA: Any = caching  # untyped


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of this block, for the same folder."""
    if fcntl is None:
        yield
        return
    with (folder / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
        yield


def kernel_cache(function: Any, folder: Path, before_compiling: Callable[[], None]) -> Any:
    """What a numba dispatcher keeps the code of `function` with. The folder's name says what the code depends on.

    `before_compiling` is called where no code is found.
    """

    class Locator(NUMBA._CacheLocator):  # type: ignore[misc]
        def ensure_cache_path(self) -> None:
            """It exists."""

        def get_cache_path(self) -> str:
            return str(folder)

        def get_source_stamp(self) -> int:
            return 0

        def get_disambiguator(self) -> None:
            return None

        @classmethod
        def from_function(cls, py_func: Any, py_file: str) -> Any:
            return cls()

    class Implementation(NUMBA.CompileResultCacheImpl):  # type: ignore[misc]
        _locator_classes = (Locator,)

    class Cache(NUMBA.FunctionCache):  # type: ignore[misc]
        _impl_class = Implementation

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            """The code for a signature, None where it must be compiled."""
            found = super().load_overload(sig, target_context)
            if found is None:
                before_compiling()
            return found

        def save_overload(self, sig: Any, data: Any) -> None:
            """Save what was compiled, where that is possible."""
            with suppress(OSError), alone_in(folder):
                super().save_overload(sig, data)

    cache: Any = Cache
    return cache(function)
