"""Write what is made from the models: `python -m shared.contracts.generate [--move-baseline DECISION]`.

Writes the JSON Schemas, `docs/events.md` and `docs/data-dictionary.md`. With `--move-baseline` also the baseline that
changes are compared with; until 1.0 that may be done with a decision record, whose path is noted in it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.contracts.describing import document
from shared.contracts.dictionary import BASELINE, dictionary
from shared.contracts.schema import schemas, written

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
DOCUMENT = ROOT / "docs" / "events.md"
DICTIONARY = ROOT / "docs" / "data-dictionary.md"


def outputs() -> dict[Path, str]:
    """Each generated file with what it should say."""
    made = {SCHEMAS / f"{kind}.json": written(schema) for kind, schema in schemas().items()}
    return made | {DOCUMENT: document(), DICTIONARY: dictionary()}


def baseline(decision: str) -> str:
    """The present schemas without their descriptions, as what later changes are compared with."""
    present = {str(kind): _without_descriptions(schema) for kind, schema in schemas().items()}
    return json.dumps({"decision": decision, "schemas": present}, indent=1, sort_keys=True) + "\n"


def _without_descriptions(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_descriptions(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_descriptions(value)
        for key, value in node.items()
        if not (key == "description" and isinstance(value, str))
    }


def main(arguments: list[str]) -> int:
    """Write the files; 2 and a sentence when the arguments make no sense."""
    match arguments:
        case []:
            files = outputs()
        case ["--move-baseline", decision] if (ROOT / decision).is_file():
            files = outputs() | {BASELINE: baseline(decision)}
        case _:
            sys.stderr.write(
                "Usage: generate [--move-baseline docs/decisions/SOME-RECORD.md], the record being there.\n"
            )
            return 2
    SCHEMAS.mkdir(exist_ok=True)
    for path in set(SCHEMAS.glob("*.json")) - files.keys():
        path.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
