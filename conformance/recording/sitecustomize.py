"""Note every 5xx answer, in any Python process of a conformance run.

Python imports a module of this name at start, so having this folder on PYTHONPATH
covers the training scripts that tests start as well as the tests themselves. Clients
retry a 5xx silently; looking below their retries is the only way to see one.

Writes `<status> <url>` lines to the file named by CONFORMANCE_5XX_LOG. 501 is left
out: it is the honest answer for a route that isn't offered, and clients don't retry it.
"""

import os

NOT_IMPLEMENTED = 501


def install(log_path: str) -> None:
    from urllib3.connection import HTTPConnection

    original = HTTPConnection.getresponse

    def getresponse(self, *args, **kwargs):
        response = original(self, *args, **kwargs)
        if response.status >= 500 and response.status != NOT_IMPLEMENTED:
            with open(log_path, "a", encoding="utf-8") as log:
                log.write(f"{response.status} http://{self.host}:{self.port}{response.url}\n")
        return response

    HTTPConnection.getresponse = getresponse


if os.environ.get("CONFORMANCE_5XX_LOG"):
    install(os.environ["CONFORMANCE_5XX_LOG"])
