"""The tables of a .tflite file, from the root `Model` down. Names are the schema's; operators' options: see `options`.

Source: tflite/converter/schema/schema.fbs of LiteRT at f677457, and two fields that only the LiteRT 2.3.0 package has:
`BlockwiseQuantization.block_shape` and `FullyConnectedOptions.quant_spec`. Indices: `buffer` into Model.buffers,
`opcode_index` into Model.operator_codes, inputs and outputs into SubGraph.tensors (-1: an optional one left out).
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from minilite.format.kinds import (
    OneTable,
    Scalar,
    String,
    Tables,
    TensorTypeCode,
    Union,
    Vector,
    boolean,
    booleans,
    f32s,
    i8,
    i32,
    i32s,
    i64s,
    text,
    u8s,
    u32,
    u64,
)
from minilite.format.options import BuiltinOptions, BuiltinOptions2
from minilite.format.table import Table

u8s_aligned_16 = Annotated[NDArray[np.uint8] | None, Vector("u1", alignment=16)]


class CustomQuantization(Table):
    custom: u8s_aligned_16 = None


class BlockwiseQuantization(Table):
    scales: i32 = 0
    zero_points: i32 = 0
    block_size: i32 = 0
    block_shape: i32s = None


class MultiAxisQuantization(Table):
    scales: i32 = 0
    zero_points: i32 = 0
    block_size: i32 = 0
    quantized_dimensions: i32s = None


QUANTIZATION_DETAILS = Union("QuantizationDetails", (CustomQuantization, BlockwiseQuantization, MultiAxisQuantization))


class QuantizationParameters(Table):
    min: f32s = None
    max: f32s = None
    scale: f32s = None
    zero_point: i64s = None
    details: Annotated[Table | None, QUANTIZATION_DETAILS] = None
    quantized_dimension: i32 = 0


class Int32Vector(Table):
    values: i32s = None


class Uint16Vector(Table):
    values: Annotated[NDArray[np.uint16] | None, Vector("<u2", alignment=4)] = None


class Uint8Vector(Table):
    values: Annotated[NDArray[np.uint8] | None, Vector("u1", alignment=4)] = None


SPARSE_INDEX_VECTOR = Union("SparseIndexVector", (Int32Vector, Uint16Vector, Uint8Vector))


class DimensionMetadata(Table):
    format: Annotated[int, Scalar("b", enum="DimensionType")] = 0
    dense_size: i32 = 0
    array_segments: Annotated[Table | None, SPARSE_INDEX_VECTOR] = None
    array_indices: Annotated[Table | None, SPARSE_INDEX_VECTOR] = None


class SparsityParameters(Table):
    traversal_order: i32s = None
    block_map: i32s = None
    dim_metadata: Tables[DimensionMetadata] = None


class VariantSubType(Table):
    shape: i32s = None
    type: TensorTypeCode = 0
    has_rank: boolean = False


class Tensor(Table):
    shape: i32s = None
    type: TensorTypeCode = 0
    buffer: u32 = 0
    name: text = None
    quantization: OneTable[QuantizationParameters] = None
    is_variable: boolean = False
    sparsity: OneTable[SparsityParameters] = None
    shape_signature: i32s = None
    has_rank: boolean = False
    variant_tensors: Tables[VariantSubType] = None
    external_buffer: u32 = 0


class OperatorCode(Table):
    deprecated_builtin_code: i8 = 0
    custom_code: text = None
    version: i32 = 1
    builtin_code: Annotated[int, Scalar("i", enum="BuiltinOperator")] = 0


class Operator(Table):
    opcode_index: u32 = 0
    inputs: i32s = None
    outputs: i32s = None
    builtin_options: BuiltinOptions = None
    custom_options: u8s = None
    custom_options_format: Annotated[int, Scalar("b", enum="CustomOptionsFormat")] = 0
    mutating_variable_inputs: booleans = None
    intermediates: i32s = None
    large_custom_options_offset: u64 = 0
    large_custom_options_size: u64 = 0
    builtin_options_2: BuiltinOptions2 = None
    debug_metadata_index: i32 = -1


class SubGraph(Table):
    tensors: Tables[Tensor] = None
    inputs: i32s = None
    outputs: i32s = None
    operators: Tables[Operator] = None
    name: text = None
    debug_metadata_index: i32 = -1


class Buffer(Table):
    data: u8s_aligned_16 = None
    offset: u64 = 0
    size: u64 = 0


class ExternalBufferGroup(Table):
    name: text = None


class ExternalBuffer(Table):
    id: u32 = 0
    group: u32 = 0
    offset: u64 = 0
    length: u64 = 0
    packing: text = None


class Metadata(Table):
    name: text = None
    buffer: u32 = 0


class TensorMap(Table):
    name: text = None
    tensor_index: u32 = 0


class SignatureDef(Table):
    inputs: Tables[TensorMap] = None
    outputs: Tables[TensorMap] = None
    signature_key: text = None
    deprecated_tag: Annotated[str | None, String(deprecated=True)] = None
    subgraph_index: u32 = 0


class Model(Table):
    version: u32 = 0
    operator_codes: Tables[OperatorCode] = None
    subgraphs: Tables[SubGraph] = None
    description: text = None
    buffers: Tables[Buffer] = None
    metadata_buffer: i32s = None
    metadata: Tables[Metadata] = None
    signature_defs: Tables[SignatureDef] = None
    external_buffer_groups: Tables[ExternalBufferGroup] = None
    external_buffers: Tables[ExternalBuffer] = None
