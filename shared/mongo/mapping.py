"""From a domain's closed union of states to a BSON document and back, without a line per class.

cattrs' BSON converter (docs/decisions/0003): a union is told apart by the class name in `_type`; dates are ISO strings.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from types import UnionType
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

import bson
from bson.binary import Binary
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from cattrs import Converter
from cattrs.strategies import configure_tagged_union

S = TypeVar("S")

_OPTIONS: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument, uuid_representation=4)

_PLAIN = frozenset({str, int, float, bool, bytes, datetime, UUID, Binary, type(None)})
"""What BSON can hold as it is."""


class Unencodable(ValueError):
    """What a reaction returned cannot be stored (an integer beyond 64 bits, a key with NUL or a dot)."""


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False, omit_if_default=True)
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    converter.register_unstructure_hook(datetime, lambda value: value)
    converter.register_structure_hook(datetime, lambda value, _: value.astimezone(UTC))
    converter.register_unstructure_hook(UUID, Binary.from_uuid)
    converter.register_structure_hook(UUID, lambda value, _: value if isinstance(value, UUID) else value.as_uuid())
    converter.register_unstructure_hook_func(
        lambda cls: getattr(cls, "__origin__", cls) is frozenset,
        lambda value: sorted(converter.unstructure(member) for member in value),
    )
    converter.register_structure_hook(bytes, lambda value, _: bytes(value))
    return converter


def _members(state: Any) -> tuple[type, ...]:
    return get_args(state) if isinstance(state, UnionType) or get_args(state) else (state,)


class StateMapping(Generic[S]):
    """Maps one service's states. `union` is its closed union of frozen dataclasses (or a single one)."""

    def __init__(self, union: Any) -> None:
        """Builds the converter's code once; about a millisecond per class."""
        self._union = union
        self._converter = _converter()
        if len(_members(union)) > 1:
            configure_tagged_union(union, self._converter)

    def encode(self, state: S) -> RawBSONDocument:
        """The document of a state; `Unencodable` when BSON cannot hold it, so that one case cannot fail a batch.

        It is BSON already, which the driver sends as it is.
        """
        return _encoded(self._converter.unstructure(state, unstructure_as=self._union))

    def decode(self, document: dict[str, Any]) -> S:
        """The state of a document."""
        state: S = self._converter.structure(document, self._union)
        return state


def refuse_unencodable(document: Mapping[str, Any]) -> None:
    """Raise `Unencodable` for what would make a whole bulk write fail on its way to the server."""
    _encoded(document)


def _encoded(document: Mapping[str, Any]) -> RawBSONDocument:
    try:
        return RawBSONDocument(bson.encode(document, check_keys=True, codec_options=_OPTIONS), _OPTIONS)
    except (BSONError, OverflowError, ValueError) as error:
        raise Unencodable(type(error).__name__) from error


def plain(value: Any) -> Any:
    """A value of a `work` entry as BSON can hold it."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
