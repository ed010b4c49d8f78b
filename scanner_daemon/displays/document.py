"""Pages that load nothing: one document with its style and script inside, and the policy that allows these."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib import resources
from types import MappingProxyType
from typing import Final

from starlette.responses import HTMLResponse, Response

NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})


def respond(folder: str, name: str, *, words: Mapping[str, str] = NO_WORDS, style: str = "") -> Response:
    """Answer with ``name.html`` of ``folder``, a folder beside this file, with ``name.css`` and ``name.js`` in it.

    Each ``{{key}}`` of the document becomes the word of that key in ``words``, as text. ``style`` goes behind the
    page's own.

    The content security policy names these two by their hashes, allows talk with this server, and nothing else.
    """
    document, own_style, script = (_part(folder, f"{name}.{kind}") for kind in ("html", "css", "js"))
    style = own_style + style
    for key, word in words.items():
        document = document.replace(f"{{{{{key}}}}}", escape(word))
    document = document.replace(f'<link rel="stylesheet" href="{name}.css">', f"<style>{style}</style>")
    document = document.replace(f'<script src="{name}.js"></script>', f"<script>{script}</script>")
    return _answer(document, f"script-src '{_source_hash(script)}'", f"style-src '{_source_hash(style)}'")


def filled(folder: str, name: str, values: Mapping[str, str]) -> Response:
    """Answer with ``name.html``, without a script, and with ``values`` (HTML) in place of their names in braces."""
    html, style = (_part(folder, f"{name}.{kind}") for kind in ("html", "css"))
    document = html.format_map(values).replace(f'<link rel="stylesheet" href="{name}.css">', f"<style>{style}</style>")
    return _answer(document, f"style-src '{_source_hash(style)}'")


def _answer(document: str, *allowed: str) -> Response:
    policy = (
        "default-src 'none'",
        *allowed,
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return HTMLResponse(document, headers={"content-security-policy": "; ".join(policy)})


def _part(folder: str, name: str) -> str:
    return resources.files(__package__).joinpath(folder, name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """Return the hash-source of Content Security Policy Level 3, 2.3.1."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
