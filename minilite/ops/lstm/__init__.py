"""LSTM ops: a cell with three gates whose state is carried from step to step; see cell.py for its formula.

    UNIDIRECTIONAL_SEQUENCE_LSTM    along the time axis of x [time,n,d] or [n,time,d]
    BIDIRECTIONAL_SEQUENCE_LSTM     two cells, one of them backwards (bidirectional.py)
    LSTM                            one step, x [n,d]; with the option kernel_type BASIC another cell (basic.py)

float32; hybrid: int8 weights, or uint8 ones whose bytes are read as int8, and float activations; int8: 8-bit
activations, 16-bit gates and cell state; LSTM with 12 intermediate tensors: another cell of int8 (narrow.py). Nobody
takes int4 weights. Sparse weights are filled up with zeros; of the official kernels only that of LSTM reads them.
Follows tflite/kernels/unidirectional_sequence_lstm.cc, lstm.cc (the full kernel) and lstm_eval.cc.
"""

from minilite.format.options.recurrent import LSTMOptions, UnidirectionalSequenceLSTMOptions
from minilite.ops.call import Call
from minilite.ops.op import Op
from minilite.ops.reads import whole_row

from .basic import BASIC_LSTM, is_basic
from .bidirectional import BIDIRECTIONAL_SEQUENCE_LSTM
from .operands import batch_of, cell_forms, shapes
from .variants import HYBRID_DIAGONAL, NARROW, VARIANTS

_NORMS = "norm_i[c]? norm_f[c]? norm_g[c]? norm_o[c]?"
SIGNATURE = " ".join(["x[...,d]", *cell_forms(), "h[...]!", "cell[...]!", _NORMS, "-> y[...]"])


def macs(call: Call[LSTMOptions]) -> int:
    gates = 3 if call.optional("w_i") is None else 4
    cells, outputs = call["w_o"].shape[0], call["r_o"].shape[-1]
    steps = batch_of(call) * (call["x"].shape[0] if len(call["x"].shape) == 3 else 1)
    projection = 0 if call.optional("projection") is None else cells * outputs
    return steps * (gates * cells * (call["x"].shape[-1] + outputs) + projection)


UNIDIRECTIONAL_SEQUENCE_LSTM = Op(
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    SIGNATURE,
    UnidirectionalSequenceLSTMOptions,
    (*VARIANTS, HYBRID_DIAGONAL),
    shapes=shapes,
    macs=macs,
    reads=whole_row,
)
LSTM = Op(
    "LSTM",
    SIGNATURE,
    LSTMOptions,
    (NARROW, *VARIANTS),
    shapes=shapes,
    macs=macs,
    reads=whole_row,
    others=((is_basic, BASIC_LSTM),),
)
OPS = (UNIDIRECTIONAL_SEQUENCE_LSTM, BIDIRECTIONAL_SEQUENCE_LSTM, LSTM)
