"""What would break somebody: a comparison of two JSON Schemas of one topic, each finding in one sentence.

Logs are kept for ever and services are upgraded one after the other, so both directions count: today's build must read
every event ever written, and yesterday's build those that today's writes. A new code in an enumeration and a wider
bound pass: an older build holds such an event, and the newer one takes it from there by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_ABSENT = object()
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = {"const": "fixed value", "pattern": "pattern", "format": "format"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two schemas compared, with the definitions that its references lead to."""

    node: Schema
    definitions: Mapping[str, Schema]

    def at(self, node: Schema) -> "Side":
        """A part of the same schema, its reference followed."""
        while "$ref" in node:
            besides = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
            node = {**self.definitions[node["$ref"].rpartition("/")[2]], **besides}
        return Side(node, self.definitions)


def breaking_changes(before: Schema, after: Schema, *, written_by_us: bool = True) -> list[str]:
    """Each change from `before` to `after` that breaks a reader. `written_by_us` False: only outsiders write it."""
    old, new = (Side(whole, whole.get("$defs", {})) for whole in (before, after))
    return list(_compare(old.at(before), new.at(after), "the event", written_by_us))


def removed_topics(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """Topics that are gone."""
    return [
        f"{topic} was removed: what is in its topic could no longer be read." for topic in before if topic not in after
    ]


def _compare(old: Side, new: Side, where: str, ours: bool) -> Iterator[str]:
    if "anyOf" in old.node or "anyOf" in new.node:
        yield from _alternatives(old, new, where, ours)
        return
    yield from _type(old.node, new.node, where)
    yield from _values(old.node, new.node, where)
    yield from _bounds(old.node, new.node, where)
    yield from _fields(old, new, where, ours)
    yield from _inner(old, new, where, ours)


def _alternatives(old: Side, new: Side, where: str, ours: bool) -> Iterator[str]:
    """Whatever could stand here must still be able to: each old alternative fits one of the new ones."""
    choices = [new.at(choice) for choice in new.node.get("anyOf", [new.node])]
    for alternative in map(old.at, old.node.get("anyOf", [old.node])):
        findings = [list(_compare(alternative, choice, where, ours)) for choice in choices]
        if all(findings):
            yield from min(findings, key=len)


def _type(old: Schema, new: Schema, where: str) -> Iterator[str]:
    if old.get("type") != new.get("type") and "type" in new:
        was = old.get("type", "anything")
        yield f"{where} was {was} and became {new['type']}: what was written before cannot be read."


def _values(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword, noun in _EXACT.items():
        if keyword in new and old.get(keyword) != new[keyword]:
            yield f"{where} got another {noun}: what was written before may no longer be accepted."
    if "enum" in new:
        if "enum" not in old:
            yield f"{where} became a list of codes: other values that were written before cannot be read."
        elif gone := [str(code) for code in old["enum"] if code not in new["enum"]]:
            yield f"{where} lost the code {', '.join(gone)}: events that hold it cannot be read."
    if old.get("default", _ABSENT) != new.get("default", _ABSENT) and "default" in old and "default" in new:
        yield f"{where} got another default: where it is absent, old events would now say something else."


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword in _LOWER_BOUNDS:
        if keyword in new and new[keyword] > old.get(keyword, float("-inf")):
            yield f"{where} got a narrower {keyword}: smaller values that were written before cannot be read."
    for keyword in _UPPER_BOUNDS:
        if keyword in new and new[keyword] < old.get(keyword, float("inf")):
            yield f"{where} got a narrower {keyword}: larger values that were written before cannot be read."


def _fields(old: Side, new: Side, where: str, ours: bool) -> Iterator[str]:
    was, now = old.node.get("properties", {}), new.node.get("properties", {})
    needed_before, needed = set(old.node.get("required", ())), set(new.node.get("required", ()))
    for name in was:
        if name not in now:
            yield f"{_path(where, name)} was removed: readers rely on it, and what old events say in it would be lost."
    for name in now:
        path = _path(where, name)
        if name in needed and name not in was:
            yield f"{path} is new and required: events written before do not have it."
        elif name in needed and name not in needed_before:
            yield f"{path} became required: events written before may not have it."
        elif ours and name in needed_before and name not in needed:
            yield f"{path} became optional: readers of the build before require it."
        if name in was:
            yield from _compare(old.at(was[name]), new.at(now[name]), path, ours)
    if new.node.get("additionalProperties") is False and old.node.get("additionalProperties") is not False:
        yield f"{where} refuses unknown fields: a later build could not add any."


def _inner(old: Side, new: Side, where: str, ours: bool) -> Iterator[str]:
    """What lists and dictionaries hold."""
    if "items" in old.node and "items" in new.node:
        yield from _compare(old.at(old.node["items"]), new.at(new.node["items"]), f"each of {where}", ours)
    elif "items" in new.node and "type" in old.node:
        yield f"{where} restricts what its list holds: what was written before may no longer be accepted."
    was, now = _held(old.node), _held(new.node)
    for pattern, schema in now.items():
        if pattern in was:
            yield from _compare(old.at(was[pattern]), new.at(schema), f"each of {where}", ours)
    if now and set(was) - set(now):
        yield f"{where} takes other names than before: what was written under the old ones would be lost."


def _held(node: Schema) -> dict[str, Schema]:
    """The schemas of a dictionary's values, by the pattern of their keys."""
    held: dict[str, Schema] = dict(node.get("patternProperties", {}))
    if isinstance(node.get("additionalProperties"), dict):
        held[""] = node["additionalProperties"]
    return held


def _path(where: str, name: str) -> str:
    return name if where == "the event" else f"{where}.{name}"
