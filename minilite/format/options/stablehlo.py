"""Options of the StableHLO operators, the members of the second union."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from minilite.format.kinds import Scalar, Vector, boolean, booleans, i32, i32s, i64, i64s, text, u8s
from minilite.format.table import Table


class StablehloConcatenateOptions(Table):
    dimension: i64 = 0


class StablehloBroadcastInDimOptions(Table):
    broadcast_dimensions: i64s = None


class StablehloSliceOptions(Table):
    start_indices: i64s = None
    limit_indices: i64s = None
    strides: i64s = None


class StablehloConvolutionOptions(Table):
    window_strides: i64s = None
    padding: i64s = None
    lhs_dilation: i64s = None
    rhs_dilation: i64s = None
    window_reversal: booleans = None
    input_batch_dimension: i64 = 0
    input_feature_dimension: i64 = 0
    input_spatial_dimensions: i64s = None
    kernel_input_feature_dimension: i64 = 0
    kernel_output_feature_dimension: i64 = 0
    kernel_spatial_dimensions: i64s = None
    output_batch_dimension: i64 = 0
    output_feature_dimension: i64 = 0
    output_spatial_dimensions: i64s = None
    feature_group_count: i64 = 0
    batch_group_count: i64 = 0
    precision_config: Annotated[NDArray[np.uint32] | None, Vector("<u4", enum="StablehloPrecisionConfig")] = None


class StablehloCustomCallOptions(Table):
    call_target_name: text = None
    has_side_effect: boolean = False
    backend_config: text = None
    api_version: i32 = 0
    called_computations: i32s = None
    custom_attributes: u8s = None


class StablehloReduceOptions(Table):
    dimensions: i64s = None
    body_subgraph_index: i32 = 0


class StablehloScatterOptions(Table):
    indices_are_sorted: boolean = False
    update_window_dims: i64s = None
    inserted_window_dims: i64s = None
    scatter_dims_to_operand_dims: i64s = None
    index_vector_dim: i64 = 0
    unique_indices: boolean = False
    update_computation_subgraph_index: i32 = 0


class StablehloCompareOptions(Table):
    comparison_direction: Annotated[int, Scalar("I", enum="StablehloComparisonDirection")] = 0
    compare_type: Annotated[int, Scalar("I", enum="StablehloComparisonType")] = 0


class StablehloDynamicSliceOptions(Table):
    slice_sizes: i64s = None


class StablehloPadOptions(Table):
    edge_padding_low: i64s = None
    edge_padding_high: i64s = None
    interior_padding: i64s = None


class StablehloIotaOptions(Table):
    iota_dimension: i64 = 0


class StablehloDotGeneralOptions(Table):
    lhs_batching_dimensions: i64s = None
    rhs_batching_dimensions: i64s = None
    lhs_contracting_dimensions: i64s = None
    rhs_contracting_dimensions: i64s = None
    precision_config: Annotated[NDArray[np.uint32] | None, Vector("<u4", enum="StablehloPrecisionConfig")] = None


class StablehloReduceWindowOptions(Table):
    window_dimensions: i64s = None
    window_strides: i64s = None
    base_dilations: i64s = None
    window_dilations: i64s = None
    padding: i64s = None
    body_subgraph_index: i32 = 0


class StablehloSortOptions(Table):
    dimension: i64 = 0
    is_stable: boolean = False
    comparator_subgraph_index: i32 = 0


class StablehloWhileOptions(Table):
    cond_subgraph_index: i32 = 0
    body_subgraph_index: i32 = 0


class StablehloGatherOptions(Table):
    offset_dims: i64s = None
    collapsed_slice_dims: i64s = None
    start_index_map: i64s = None
    index_vector_dim: i64 = 0
    slice_sizes: i64s = None
    indices_are_sorted: boolean = False


class StablehloTransposeOptions(Table):
    permutation: i64s = None


class DilateOptions(Table):
    pass


class StablehloRngBitGeneratorOptions(Table):
    algorithm: Annotated[int, Scalar("b", enum="RngAlgorithm")] = 0


class ReduceWindowOptions(Table):
    reduce_function: Annotated[int, Scalar("i", enum="ReduceWindowFunction")] = 0


class StableHLOCompositeOptions(Table):
    name: text = None
    decomposition_subgraph_index: i32 = 0
    composite_attributes: u8s = None
    composite_attributes_format: Annotated[int, Scalar("b", enum="CustomOptionsFormat")] = 0
    version: i32 = 0


class StablehloShiftLeftOptions(Table):
    pass


class StablehloCaseOptions(Table):
    branch_subgraph_indices: i32s = None
