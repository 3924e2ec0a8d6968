"""The model as immutable Python values, read from and written to `.tflite` bytes."""

from .model import DTYPES as DTYPES
from .model import Graph as Graph
from .model import Node as Node
from .model import Signature as Signature
from .model import Subgraph as Subgraph
from .model import Tensor as Tensor
from .model import printable as printable
from .read import load as load
from .read import read as read
from .write import save as save
from .write import write as write
