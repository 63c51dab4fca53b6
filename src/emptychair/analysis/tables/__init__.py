"""Tables: the contract of columns, the engines, the readers of files, and simulated companies."""

from emptychair.analysis.tables.account import Example
from emptychair.analysis.tables.engine import connect, put
from emptychair.analysis.tables.responses import ResponsesFile, read_responses

__all__ = ["Example", "ResponsesFile", "connect", "put", "read_responses"]
