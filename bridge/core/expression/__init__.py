"""Expressions: the mapping language, which is Jinja2's expressions cut down to what cannot do harm. A text is a
constant unless it holds `{{ }}`; one placeholder alone keeps the type of its value; text around it makes it text.

No calls, loops, arithmetic, assignments or globals; what a visitor typed is a value, and never parsed.
"""

from bridge.core.expression.allowed import ZONE
from bridge.core.expression.faults import Fault
from bridge.core.expression.language import MAX_TEXT, Expression, Language
from bridge.core.expression.names import NAMES

__all__ = ["MAX_TEXT", "NAMES", "ZONE", "Expression", "Fault", "Language"]
