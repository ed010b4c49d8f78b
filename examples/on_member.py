"""Run a lane inside a program of your own, and be called with each member.

python on_member.py config.toml
"""

import asyncio
import sys

from scanner_daemon import Lane, load_config
from scanner_daemon.model import MemberIdentified

lane = Lane.from_config(load_config(sys.argv[1]))


@lane.on_member
async def show(event: MemberIdentified) -> None:
    balance = event.member.balance
    print(event.id, balance.available_points if balance else "unknown", flush=True)


asyncio.run(lane.run())
