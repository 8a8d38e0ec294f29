"""A relay with moods: `python -m tests.chaos.relay --port --folder --seed`. It keeps mail as the local sink does.

`mood.json` in the folder says how it behaves from now on: `{"mood": ..., "share": 0.5}`. What it has taken stands in
`ledger.jsonl`, synced before any answer; what it did to whoever sent it in `mishaps.jsonl`, synced before it is done.
"""

import argparse
import asyncio
import json
import os
import random
import signal
from contextlib import suppress
from email.parser import BytesHeaderParser
from email.policy import compat32
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

from deploy.local.smtp_sink import Folder
from tests.chaos import ledger

HANG_SECONDS: Final = 120.0
SLOW_SECONDS: Final = 3.0
LINE_BYTES: Final = 2**20


@unique
class Mood(StrEnum):
    """What happens to a share of the messages. All but the last three leave the sender without an answer."""

    GOOD = "good"
    HANG = "takes it, and never answers"
    DROP_AFTER = "takes it, and drops the connection"
    DIE = "takes it, and dies"
    DROP_BEFORE = "drops the connection before taking it"
    DROP_AT_RCPT = "drops the connection at RCPT"
    LATER = "answers 451"
    NEVER = "answers 554"
    SLOW = "answers after three seconds"


TAKES: Final = {Mood.GOOD, Mood.HANG, Mood.DROP_AFTER, Mood.DIE, Mood.SLOW}


def set_mood(folder: Path, mood: Mood, share: float = 1.0) -> None:
    """For the relay that runs in this folder, from its next message on."""
    part = folder / "mood.part"
    part.write_text(json.dumps({"mood": mood, "share": share}), encoding="utf-8")
    part.replace(folder / "mood.json")


class Relay:
    """One process."""

    def __init__(self, folder: Path, seed: int) -> None:
        """After a mishap the dice fall otherwise when it is started again: it would die of the next message, too."""
        self._folder = folder
        self._kept = Folder(folder)
        mishaps = folder / "mishaps.jsonl"
        self._dice = random.Random(f"{seed}:{sum(1 for _ in ledger.read(mishaps))}")
        self._mishaps = ledger.Ledger(mishaps)

    def _mood(self) -> Mood:
        with suppress(OSError, ValueError):
            said = json.loads((self._folder / "mood.json").read_text(encoding="utf-8"))
            return Mood(said["mood"]) if self._dice.random() < said["share"] else Mood.GOOD
        return Mood.GOOD

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        await _say(writer, "220 relay")
        while line := (await reader.readline()).decode(errors="replace").strip():
            verb, _, rest = line.partition(":")
            match verb.split()[0].upper():
                case "MAIL":
                    sender, recipients = _address(rest), []
                case "RCPT":
                    if self._mood() is Mood.DROP_AT_RCPT:
                        return
                    recipients.append(_address(rest))
                case "DATA":
                    await _say(writer, "354 go ahead")
                    if not await self._message(reader, writer, sender, recipients):
                        return
                    continue
                case "QUIT":
                    await _say(writer, "221 bye")
                    return
                case _:
                    pass
            await _say(writer, "250 ok")

    async def _message(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipients: list[str]
    ) -> bool:
        content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        mood = self._mood()
        if mood is not Mood.GOOD:
            named = str(BytesHeaderParser(policy=compat32).parsebytes(content).get("Message-ID", ""))
            self._mishaps.note(message_id=named.strip("<> ").partition("@")[0], mood=mood)
        if mood in TAKES:
            number = await self._kept.keep(sender=sender, recipients=recipients, content=content)
        match mood:
            case Mood.HANG:
                await asyncio.sleep(HANG_SECONDS)
                return False
            case Mood.DIE:
                os._exit(1)
            case Mood.DROP_AFTER | Mood.DROP_BEFORE | Mood.DROP_AT_RCPT:
                return False
            case Mood.LATER:
                await _say(writer, "451 later")
            case Mood.NEVER:
                await _say(writer, "554 never")
            case Mood.SLOW | Mood.GOOD:
                await asyncio.sleep(SLOW_SECONDS if mood is Mood.SLOW else 0)
                await _say(writer, f"250 kept as {number}")
        return True


def _address(rest: str) -> str:
    return rest.strip().split(" ")[0].strip("<>")


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(line.encode() + b"\r\n")
    await writer.drain()


async def _serve(port: int, folder: Path, seed: int) -> None:
    stop = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, stop.set)
    server = await asyncio.start_server(Relay(folder, seed).converse, "127.0.0.1", port, limit=LINE_BYTES)
    await stop.wait()
    server.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.relay", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.port, chosen.folder, chosen.seed))


if __name__ == "__main__":
    main()
