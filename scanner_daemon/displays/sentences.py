"""What a customer is told in each state, in English; :mod:`scanner_daemon.displays.language` has it in others. Pure."""

from collections.abc import Mapping
from typing import Final

from scanner_daemon.displays.pages import PageState

SENTENCES: Final[Mapping[PageState, tuple[str, str]]] = {
    PageState.IDLE: ("", ""),
    PageState.RECOGNISING: ("One moment", "We are looking up your points."),
    PageState.WELCOME: ("Welcome back", ""),
    PageState.WELCOME_NEW: ("Welcome", "You collect points from now on."),
    PageState.UNKNOWN: ("We do not know this card yet", "Ask at the till to have it registered."),
    PageState.TRY_AGAIN: ("Please scan again", "The code could not be read completely."),
    PageState.REFUSED: ("This is not a member card", "Please scan your member card or the code in your app."),
    PageState.PAYMENT_CARD: ("This looks like a payment card", "Nothing was kept of it. Please scan your member card."),
    PageState.CARD: ("Your card for your phone", "Take a picture of it, and show that at the till."),
    PageState.OFFLINE_LOOKUP: ("We cannot show your points right now", "They are safe. You can go on as usual."),
}
"""Title and message of each state."""
