"""The image's health check: `python -m deploy.healthcheck` asks this container's service whether it is ready.

Standard library only: it runs every few seconds.
"""

import json
import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

TIMEOUT_SECONDS = 7.0
"""Above the five seconds that a service gives its own checks."""


def main() -> int:
    """0 when the service is ready; else 1, with what is not well."""
    try:
        with urlopen(f"http://127.0.0.1:{os.environ['PORT']}/health/ready", timeout=TIMEOUT_SECONDS):
            said = ""
    except HTTPError as answer:
        said = _unwell(answer.read())
    except (URLError, TimeoutError, OSError) as error:
        said = f"The service does not answer ({type(error).__name__})."
    print(said or "ready")
    return 1 if said else 0


def _unwell(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return "; ".join(f"{name}: {said}" for name, said in checks.items() if said != "well")
    except (ValueError, TypeError, KeyError, AttributeError):
        return "The service answers something else than its checks."


if __name__ == "__main__":
    sys.exit(main())
