"""A small model for tests, with a table behind nearly every kind of field."""

import numpy as np

from minilite.format import Model, encode
from minilite.format.options.convolution import Conv2DOptions
from minilite.format.options.stablehlo import StablehloPadOptions
from minilite.format.schema import (
    BlockwiseQuantization,
    Buffer,
    DimensionMetadata,
    Metadata,
    Operator,
    OperatorCode,
    QuantizationParameters,
    SignatureDef,
    SparsityParameters,
    SubGraph,
    Tensor,
    TensorMap,
    Uint16Vector,
)

QUANTIZATION = QuantizationParameters(scale=[0.5], zero_point=[-3], details=BlockwiseQuantization(block_size=32))
SPARSITY = SparsityParameters(
    traversal_order=[0],
    dim_metadata=[DimensionMetadata(format=1, dense_size=4, array_segments=Uint16Vector(values=[0, 2]))],
)
MODEL = Model(
    version=3,
    operator_codes=[OperatorCode(deprecated_builtin_code=3), OperatorCode(custom_code="Mine", builtin_code=32)],
    subgraphs=[
        SubGraph(
            name="main",
            tensors=[
                Tensor(name="input", shape=[1, 4], type=9, quantization=QUANTIZATION, sparsity=SPARSITY),
                Tensor(name="output", shape=[], type=9, buffer=1, has_rank=True),
            ],
            inputs=[0],
            outputs=[1],
            operators=[
                Operator(inputs=[0, -1], outputs=[1], builtin_options=Conv2DOptions(stride_w=2, stride_h=2)),
                Operator(
                    opcode_index=1,
                    custom_options=b"\x01\x02\x03",
                    mutating_variable_inputs=[True, False, True],
                    builtin_options_2=StablehloPadOptions(edge_padding_low=[1, 2]),
                ),
            ],
        )
    ],
    description="a model to break",
    buffers=[Buffer(), Buffer(data=np.arange(40, dtype=np.uint8)), Buffer(data=b"")],
    metadata=[Metadata(name="note", buffer=1)],
    signature_defs=[SignatureDef(signature_key="serve", inputs=[TensorMap(name="x", tensor_index=0)])],
)
DATA = encode(MODEL)
