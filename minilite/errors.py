"""What can go wrong, and what to catch.

MiniliteError                 everything minilite raises on purpose
├── ModelError                the file is not a valid model                        also a ValueError
│   └── ModelRunError         seen by Interpreter only on preparing or running     also a RuntimeError
├── InputError                the caller's arrays or arguments are wrong           also a ValueError
│   └── InputRunError         seen by Interpreter only on preparing or running     also a RuntimeError
├── UnsupportedError          an operator, type or option is not implemented       also a RuntimeError
└── StateError                called too early, or in the wrong order              also a RuntimeError
    └── NoValueError          a tensor has no value yet, or it was not kept        also a ValueError

The built-in bases are the ones the official interpreter raises, so that code written for it keeps working.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class MiniliteError(Exception):
    """Base of every error minilite raises on purpose."""


class ModelError(MiniliteError, ValueError):
    """The file is not a valid model: where it breaks, what was expected."""


class InputError(MiniliteError, ValueError):
    """The caller's arrays or arguments do not fit the model."""


class UnsupportedError(MiniliteError, RuntimeError):
    """A named operator, type or option is valid but not implemented."""


class StateError(MiniliteError, RuntimeError):
    """Something was asked for before it could exist."""


class ModelRunError(ModelError, RuntimeError):
    """`Interpreter` cannot prepare or run this model."""


class InputRunError(InputError, RuntimeError):
    """`Interpreter` cannot resize to these shapes, or cannot prepare or run with these inputs."""


class NoValueError(StateError, ValueError):
    """A tensor of an `Interpreter` has no value yet, or its value was not kept."""


@contextmanager
def enough_memory(label: str) -> Iterator[None]:
    """Raise InputError naming `label` when what is done inside needs more memory than there is."""
    try:
        yield
    except MemoryError as error:
        raise InputError(f"{label}: there is not enough memory: {error}") from None
