"""Where the local platform's own files lie. All of them are inside the project folder."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HERE = PROJECT / "deploy" / "local"
JARS = HERE / "jars"
LAUNCHER_CLASSES = HERE / "launcher" / "target" / "classes"
JAVA_LOGGING = HERE / "log4j2.xml"
DEFAULT_DATA = PROJECT / ".secondlook"
