"""A subject that reads nothing and has much to say: told twice, told of another scanner, told of nobody."""

import asyncio

from benchmarks.rig import card
from benchmarks.subjects import telling


async def main() -> None:
    loop, first = asyncio.get_running_loop(), int(telling.scanners()[0])

    def lie() -> None:
        loop.remove_reader(first)
        for scanner, number in ((0, 0), (0, 1), (0, 1), (0, 5), (1, 99), (1, 6)):
            telling.tell(scanner, card(number))

    loop.add_reader(first, lie)
    telling.ready()
    await telling.run_until_stdin_closes()


if __name__ == "__main__":
    asyncio.run(main())
