"""Mouse and dialogue: there is nobody at a screen, so their words answer ()."""

from __future__ import annotations

from sn.lisp.calls import builtin
from sn.lisp.forms import Value


def _nobody(name: str, usage: str, what: str) -> None:
    """Define a word that answers ()."""

    def answer(*ignored: Value) -> Value:
        return None

    answer.__doc__ = f"""{usage}

    Return (): {what}.

    ({name})
    => ()
    """
    builtin(name, locked=False)(answer)


_nobody("get-click", "(get-click)", "nobody clicks")
_nobody("check-event", "(check-event)", "nothing happens at a screen")
_nobody("wait-event", "(wait-event)", "nothing happens at a screen, and nothing is waited for")
_nobody("test-event", "(test-event [handler])", "nothing happens at a screen")
_nobody("get-event", "(get-event [handler])", "nothing happens at a screen")
_nobody("set-event-handler", "(set-event-handler window handler)", "nothing happens at a screen")
_nobody("hilite", "(hilite mode x y width height)", "what follows a mouse is not drawn")
_nobody("invert", "(invert x y width height)", "what a mouse is over is not drawn")
_nobody("x11-configure", "(x11-configure window)", "there is no window manager")
_nobody("ogre", "(ogre)", "the widgets of the Ogre toolkit need a screen")
_nobody("ogre-ask-file", "(ogre-ask-file arguments...)", "nobody chooses a file")
