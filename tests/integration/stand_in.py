"""Stands in for a service: `python -m tests.integration.stand_in` is ready at once, and tells what it was given."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    """Answers every address: its settings under /settings, else only that it is well."""

    def do_GET(self) -> None:
        body = json.dumps(dict(os.environ) if self.path == "/settings" else {"status": "ready"}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answers).serve_forever()
