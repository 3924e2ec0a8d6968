"""The interface of `ai_edge_litert.interpreter`: one changed import moves a script over."""

from .interpreter import Interpreter as Interpreter
from .resolver import OpResolverType as OpResolverType
from .signature import SignatureRunner as SignatureRunner
