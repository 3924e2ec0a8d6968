"""Options of operators that have none. The table is declared all the same: the union of options counts its members."""

from minilite.format.table import Table


class PadOptions(Table):
    pass


class BatchToSpaceNDOptions(Table):
    pass


class SpaceToBatchNDOptions(Table):
    pass


class TransposeOptions(Table):
    pass


class ExpOptions(Table):
    pass


class TopKV2Options(Table):
    pass


class LogSoftmaxOptions(Table):
    pass


class DequantizeOptions(Table):
    pass


class MaximumMinimumOptions(Table):
    pass


class LessOptions(Table):
    pass


class NegOptions(Table):
    pass


class PadV2Options(Table):
    pass


class GreaterOptions(Table):
    pass


class GreaterEqualOptions(Table):
    pass


class LessEqualOptions(Table):
    pass


class SelectOptions(Table):
    pass


class SliceOptions(Table):
    pass


class TileOptions(Table):
    pass


class ExpandDimsOptions(Table):
    pass


class EqualOptions(Table):
    pass


class NotEqualOptions(Table):
    pass


class PowOptions(Table):
    pass


class LogicalOrOptions(Table):
    pass


class LogicalAndOptions(Table):
    pass


class LogicalNotOptions(Table):
    pass


class FloorDivOptions(Table):
    pass


class SquareOptions(Table):
    pass


class ZerosLikeOptions(Table):
    pass


class FillOptions(Table):
    pass


class FloorModOptions(Table):
    pass


class RangeOptions(Table):
    pass


class SquaredDifferenceOptions(Table):
    pass


class AbsOptions(Table):
    pass


class ReverseV2Options(Table):
    pass


class AddNOptions(Table):
    pass


class GatherNdOptions(Table):
    pass


class CosOptions(Table):
    pass


class WhereOptions(Table):
    pass


class RankOptions(Table):
    pass


class MatrixDiagOptions(Table):
    pass


class QuantizeOptions(Table):
    pass


class MatrixSetDiagOptions(Table):
    pass


class HardSwishOptions(Table):
    pass


class NonMaxSuppressionV4Options(Table):
    pass


class NonMaxSuppressionV5Options(Table):
    pass


class ScatterNdOptions(Table):
    pass


class SelectV2Options(Table):
    pass


class DensifyOptions(Table):
    pass


class SegmentSumOptions(Table):
    pass


class BroadcastToOptions(Table):
    pass


class Rfft2dOptions(Table):
    pass


class HashtableFindOptions(Table):
    pass


class HashtableImportOptions(Table):
    pass


class HashtableSizeOptions(Table):
    pass


class ReadVariableOptions(Table):
    pass


class AssignVariableOptions(Table):
    pass


class DynamicUpdateSliceOptions(Table):
    pass


class UnsortedSegmentProdOptions(Table):
    pass


class UnsortedSegmentMaxOptions(Table):
    pass


class UnsortedSegmentMinOptions(Table):
    pass


class UnsortedSegmentSumOptions(Table):
    pass


class ATan2Options(Table):
    pass


class SignOptions(Table):
    pass


class BitcastOptions(Table):
    pass


class BitwiseXorOptions(Table):
    pass


class RightShiftOptions(Table):
    pass
