"""What happened in a run: every tensor, its statistics, its error against real arithmetic. See run.py."""

from .files import load_trace as load_trace
from .files import save_trace as save_trace
from .result import Trace as Trace
from .run import trace as trace
