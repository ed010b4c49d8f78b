"""Hear of members at an MQTT broker.

    pip install aiomqtt
    python mqtt_subscriber.py localhost 1883 'scanner-daemon/main/+'

An event may come twice, after a connection broke: its id tells.
"""

import asyncio
import json
import sys

from aiomqtt import Client, ProtocolVersion


async def main(host: str, port: str, lanes: str) -> None:
    async with Client(host, int(port), protocol=ProtocolVersion.V5) as broker:
        await broker.subscribe(f"{lanes}/events/member_identified", qos=1)
        print("listening", flush=True)
        async for message in broker.messages:
            event = json.loads(bytes(message.payload))
            print(event["id"], event["member"]["balance"]["available_points"], flush=True)


asyncio.run(main(*sys.argv[1:]))
