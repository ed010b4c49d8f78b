"""Append every event of the lane to the file /run/lab/events, one JSON object a line; daemon gone or not."""

import http.client
import time
from pathlib import Path

EVENTS = Path("/run/lab/events")
TOKEN = Path("/run/lab/token").read_text().strip()


def follow(connection: http.client.HTTPConnection) -> None:
    """Write down what one connection tells, from the oldest event the daemon keeps."""
    connection.request(
        "GET", "/events", headers={"Authorization": f"Bearer {TOKEN}", "Last-Event-ID": "none that it knows"}
    )
    response = connection.getresponse()
    if response.status != http.client.OK:
        raise OSError(f"GET /events: expected 200, got {response.status}: {response.read()!r}")
    with EVENTS.open("ab", buffering=0) as events:
        for line in response:
            if line.startswith(b"data:"):
                events.write(line.removeprefix(b"data:").lstrip())


def main() -> None:
    """Follow, and follow again when the daemon went."""
    EVENTS.touch()
    while True:
        try:
            follow(http.client.HTTPConnection("127.0.0.1", 8770))
        except (OSError, http.client.HTTPException) as error:
            print(error, flush=True)  # noqa: T201  a script's output
        time.sleep(0.1)


if __name__ == "__main__":
    main()
