"""Stands in for a service whose store was put back from a backup: it answers, and waits for an operator."""

import json
import os
from http.server import ThreadingHTTPServer

from shared.errors import RESTORED
from tests.integration.stand_in import Answers


class StandsStill(Answers):
    """Not ready, and says why."""

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        body = {"status": "not ready", "checks": {"store": "well", "standing": RESTORED, "start": RESTORED}}
        self.send_response(503)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), StandsStill).serve_forever()
