"""Plain values read without pydantic, which newer versions of typer load for each option: a third of the start-up.

Only what is plainly right goes this way. All else, and every mistake, goes typer's, which has the words for it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

_UNREAD = object()


def speed_up(params: Sequence[Any]) -> None:
    """Let these parameters read plain values themselves; those of older versions of typer stay as they are."""
    for param in params:
        kind = getattr(param, "type_descriptor", None)
        if kind is not None and "process_value" not in vars(param):
            param.process_value = _reader(param, kind.annotation, param.process_value)


def _reader(param: Any, annotation: Any, usual: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:  # noqa: ANN401  click's own types differ by version
    is_many = param.multiple or param.nargs != 1
    parser = param.type_descriptor.parameter_info.parser
    (kind,) = get_args(annotation) if get_origin(annotation) is list else (annotation,)

    def process(ctx: Any, value: Any) -> Any:  # noqa: ANN401  as above
        if value is None and param.callback is not None and not param.required:
            return param.callback(ctx, param, None)
        if param.callback is not None:
            return usual(ctx, value)
        if value is None or value == ():
            return usual(ctx, value) if param.required else () if is_many else None
        read = [parser(one) if parser else _read(kind, param, one) for one in (value if is_many else [value])]
        if _UNREAD in read:
            return usual(ctx, value)
        return read if is_many else read[0]

    return process


def _read(kind: Any, param: Any, value: Any) -> Any:  # noqa: ANN401  as above
    if kind in {str, Path} and isinstance(value, str | Path):
        return kind(value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and (isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdecimal())):
        number, least, most = int(value), param.min, param.max
        if (least is None or number >= least) and (most is None or number <= most):
            return number
    return _UNREAD
