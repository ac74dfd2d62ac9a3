"""A time of day with its zone, for which pydantic has no name."""

from datetime import time
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class _Aware:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.time_schema(tz_constraint="aware")


AwareTime = Annotated[time, _Aware]
"""A time of day that has a zone, as `AwareDatetime` has. A person is asked for it in UTC."""
