"""Two answers to one question: which tensors differ, by how much, and which op parts first. See comparison.py."""

from .agreement import Agreement as Agreement
from .agreement import agree as agree
from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .side import Side as Side
from .side import litert_side as litert_side
from .side import minilite_side as minilite_side
from .side import program_side as program_side
