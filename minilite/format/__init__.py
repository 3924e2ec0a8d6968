"""Bytes <-> tables: the .tflite file format as declared data.

`decode(bytes)` gives the file's `Model` table, `encode(model)` gives bytes. Each table of the schema is a class in
`schema` or `options` whose annotations are its fields; reading, checking, printing and writing all come from that
declaration.
"""

from minilite.format.decode import decode as decode
from minilite.format.encode import encode as encode
from minilite.format.enums import enum_names as enum_names
from minilite.format.schema import Model as Model
from minilite.format.table import Table as Table
from minilite.format.table import fields as fields
from minilite.format.table import replace as replace
