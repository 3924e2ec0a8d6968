"""Options of operators that call subgraphs or keep state between runs."""

from minilite.format.kinds import TensorTypeCode, i32, text, u32
from minilite.format.table import Table


class CallOptions(Table):
    subgraph: u32 = 0


class IfOptions(Table):
    then_subgraph_index: i32 = 0
    else_subgraph_index: i32 = 0


class WhileOptions(Table):
    cond_subgraph_index: i32 = 0
    body_subgraph_index: i32 = 0


class CallOnceOptions(Table):
    init_subgraph_index: i32 = 0


class HashtableOptions(Table):
    table_id: i32 = 0
    key_dtype: TensorTypeCode = 0
    value_dtype: TensorTypeCode = 0


class VarHandleOptions(Table):
    container: text = None
    shared_name: text = None
