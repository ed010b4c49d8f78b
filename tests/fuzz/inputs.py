"""Input that is nearly right: seeds, harmed at random. A customer's data holds ``CUSTOMER``, a secret ``SECRET``."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from scanner_daemon.model import Scan, ScanDataType

CUSTOMER: Final = "1273184659"
"""In the middle of everything that a log may only hold the end of."""

SECRET: Final = "s3cretsandkeys"

ASKED: Final = f"04{CUSTOMER}3"

_GAMEBALL: Final = Path("fixtures/gameball")

_LABELS: Final = (
    f"04{CUSTOMER}3",
    f"04{CUSTOMER}34",
    f"]C1018018{CUSTOMER}12345678",
    f'{{"playerUniqueId":"{CUSTOMER}9999","hash":"01234567"}}',
    f"gameball:{CUSTOMER}0000",
    "4006381333931",
    "4111111111111111",
    "http://example.com/?id=1",
)

_BODIES: Final = tuple(
    body.encode()
    for body in (
        f'{{"customer_id": "04{CUSTOMER}3", "email": "john{CUSTOMER}x@doe.com"}}',
        f'{{"mobile": "+20{CUSTOMER}", "display_name": "John {CUSTOMER} Doe"}}',
        f'{{"email": "{CUSTOMER}@doe.com", "enrolment": "01M8{CUSTOMER}AAAAAAAAAAAA"}}',
        f'{{"customer_id": null, "mobile": " ", "email": ["{CUSTOMER}"], "{CUSTOMER}": {{}}}}',
    )
)

_ERRORS: Final = tuple(
    f'{{"code": {code}, "message": "no {CUSTOMER}9999", "requestId": "{request}", "errors": ["{CUSTOMER}9999"]}}'
    for request in ("0HN7A1B2C3D4E:00000001", ASKED, f"req-{ASKED}", f"20{CUSTOMER}")
    for code in ("3008", "7000", f"{CUSTOMER}", f'"{CUSTOMER}"', "1000")
)

_TOKENS: Final = (
    *(
        b"",
        b"\0",
        b"\r\n",
        b"\x1b[2J",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        "\u202e\u00e9\U0001f600".encode(),
        b'"',
        b"'",
        b"\\",
        b"/",
        b"%2F",
    ),
    *(b"..", b"null", b"true", b"[]", b"{}", b"[" * 50, b"1e999", b"-1", b"NaN", b"9" * 40, b"<script>", b"${IFS}"),
    *(b"A" * 5000, b"=", b"\n[", b"]]\n", b"]E0", b"\x1d", b"\t", b":0", b"content-length"),
)

_VALUES: Final = (" 1", " -1", " 1e400", " nan", " ''", " [{}]", " {}", " true", " 2020-01-01")
_ASTRAY: Final = (
    *(f'{key} = "{SECRET}"' for key in ("api_key", "secret_key_file", "token", "token_file", "secret", "secret_file")),
    f'base_url = "https://john:{SECRET}@api.example"',
    f'url = "https://john:{SECRET}@shop.example/?key={SECRET}"',
    f'url = "https://shop.example/{SECRET}"',
)


def harmed(random: Random, seed: bytes) -> bytes:
    """Return ``seed`` with a few pieces lost, doubled, changed or put in; sometimes as it is."""
    data = bytearray(seed)
    for _ in range(random.choice((0, 1, 1, 2, 3, 8))):
        at, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
        match random.randrange(4):
            case 0:
                del data[at : min(end, at + 20)]
            case 1:
                data[at:at] = random.choice(_TOKENS)
            case 2:
                data[at : at + 1] = bytes((random.randrange(256),))
            case _:
                data[at:at] = data[at : min(end, at + 40)]
    return bytes(data)


def scans(random: Random) -> Iterator[Scan]:
    """Yield whole labels, as hostile as they come, without end."""
    at = 0.0
    while True:
        at += random.choice((0.001, 3.0))
        data = harmed(random, random.choice(_LABELS).encode())
        yield Scan(
            scanner="counter",
            scan_data=data,
            scan_data_label=data.decode("utf-8", random.choice(("replace", "surrogateescape"))),
            scan_data_type=random.choice(list(ScanDataType)),
            symbology_identifier=None,
            at=at,
        )


def answers(random: Random) -> Iterator[bytes]:
    """Yield HTTP answers: status line, headers and body, some of them broken off. ``ASKED`` is whom they are about."""
    bodies = [*(file.read_bytes() for file in sorted(_GAMEBALL.glob("*.json"))), *map(str.encode, _ERRORS)]
    while True:
        body = harmed(random, random.choice(bodies))
        status = random.choice((200, 200, 200, 201, 302, 400, 401, 404, 404, 409, 422, 429, 500, 503))
        length = len(body) if random.random() < 0.9 else random.choice((0, 1, len(body) + 1, 10**12))
        head = f"HTTP/1.1 {status} {CUSTOMER}\r\nContent-Length: {length}\r\nX-Customer: {CUSTOMER}9999\r\n"
        if status in {302, 429, 503}:
            head += f"Location: http://127.0.0.1:1/{CUSTOMER}9999\r\nRetry-After: {random.choice((0, 1, CUSTOMER))}\r\n"
        answer = f"{head}Connection: close\r\n\r\n".encode() + body
        yield harmed(random, answer) if random.random() < 0.3 else answer


def bodies(random: Random) -> Iterator[bytes]:
    """Yield bodies of ``POST /members``."""
    while True:
        yield harmed(random, random.choice(_BODIES))


def configurations(random: Random, seed: str) -> Iterator[bytes]:
    """Yield configuration files: some tables of ``seed`` with values in each other's place, and lines that went astray.

    Among these are secrets where a person may write them by mistake.
    """
    first, *tables = re.split(r"\n(?=\[)", seed)
    values = [line.partition("=")[2] for line in seed.splitlines() if "=" in line]
    while True:
        lines = "\n".join((first, *(table for table in tables if random.random() < 0.4))).splitlines()
        for _ in range(random.choice((0, 1, 1, 2, 5))):
            at = random.randrange(len(lines))
            key, equals, _ = lines[at].partition("=")
            if random.random() < 0.3:
                lines.insert(at + 1, random.choice(_ASTRAY))
            elif equals:
                lines[at] = f"{key}={random.choice((*values, *_VALUES))}"
            else:
                lines.insert(random.randrange(len(lines)), lines.pop(at))
        text = "\n".join(lines)
        whole = SECRET in text or random.random() < 0.7  # harmed, it might stand where nobody writes a secret
        yield text.encode() if whole else harmed(random, text.encode())
