"""The floor of a webhook: the same bytes each time to an open connection, as soon as Enter was pressed."""

import asyncio
import os
from urllib.parse import urlsplit

from benchmarks.subjects import telling
from benchmarks.subjects.floor import EV_KEY, EVENT, KEY_ENTER, READ_SIZE

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 200\r\n\r\n" + b"x" * 200


async def main() -> None:
    url = urlsplit(os.environ["WEBHOOK_URL"])
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    fd = int(telling.scanners()[0])

    def read() -> None:
        for _, _, kind, code, value in EVENT.iter_unpack(os.read(fd, READ_SIZE)):
            if (kind, code, value) == (EV_KEY, KEY_ENTER, 1):
                writer.write(REQUEST)

    asyncio.get_running_loop().add_reader(fd, read)
    telling.ready()
    await telling.run_until_stdin_closes()


if __name__ == "__main__":
    asyncio.run(main())
