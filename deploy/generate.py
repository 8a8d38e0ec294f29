"""Write what is made from the code: `python -m deploy.generate` writes `.env.example`, parts of `docs`, and blanks."""

from pathlib import Path

from deploy import asyncapi, catalogues, guidance, metrics, notifications, settings_example
from deploy.local.places import PROJECT


def outputs() -> dict[Path, str]:
    """Each generated file with what it should say."""
    return {
        PROJECT / ".env.example": settings_example.document(),
        PROJECT / "docs" / "asyncapi.json": asyncapi.written(),
        PROJECT / "docs" / "guidance.md": guidance.written(),
        PROJECT / "docs" / "metrics.md": metrics.written(),
        PROJECT / "docs" / "notifications.md": notifications.written(),
        **catalogues.blanks(),
    }


if __name__ == "__main__":
    for path, text in outputs().items():
        path.write_text(text, encoding="utf-8")
