"""What a module of the zoo holds."""

from typing import Any

Pen = dict[str, Any]
"""By name what a flow gives as `wait_for_input`: a model, one with initial data or choices, or a plain type."""
