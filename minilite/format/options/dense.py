"""Options of matrix products, lookups and projections."""

from typing import Annotated

from minilite.format.kinds import ActivationCode, Scalar, TensorTypeCode, boolean, i32, i32s, u8s
from minilite.format.table import Table


class FullyConnectedOptions(Table):
    fused_activation_function: ActivationCode = 0
    weights_format: Annotated[int, Scalar("b", enum="FullyConnectedOptionsWeightsFormat")] = 0
    keep_num_dims: boolean = False
    asymmetric_quantize_inputs: boolean = False
    quantized_bias_type: TensorTypeCode = 0
    quant_spec: u8s = None


class BatchMatMulOptions(Table):
    adj_x: boolean = False
    adj_y: boolean = False
    asymmetric_quantize_inputs: boolean = False


class ConcatEmbeddingsOptions(Table):
    num_channels: i32 = 0
    num_columns_per_channel: i32s = None
    embedding_dim_per_channel: i32s = None


class EmbeddingLookupSparseOptions(Table):
    combiner: Annotated[int, Scalar("b", enum="CombinerType")] = 0


class LSHProjectionOptions(Table):
    type: Annotated[int, Scalar("b", enum="LSHProjectionType")] = 0


class SkipGramOptions(Table):
    ngram_size: i32 = 0
    max_skip_size: i32 = 0
    include_all_ngrams: boolean = False
