"""Letters: how wide a text is in a figure, so that labels can be laid out before anyone draws them.

Which font a reader has nobody knows. The widths are those of DejaVu Sans, the widest of those that
`sans-serif` stands for: in any other a label takes less room than was left for it.

Source: the horizontal advances in DejaVuSans.ttf and DejaVuSans-Bold.ttf 2.37, in 1/1000 of the
size of the letters.
"""

from __future__ import annotations

from sn.display import printable

_REGULAR = (
    *(318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337),
    *(636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531),
    *(1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787),
    *(603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500),
    *(500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612),
    *(635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838),
)
_BOLD = (
    *(348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365),
    *(696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580),
    *(1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850),
    *(733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500),
    *(500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687),
    *(716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838),
)
_OTHERS = {"×": 838, "−": 838, "→": 838, "±": 838, "·": 380, "–": 500, "’": 380}
_WIDEST = 1500  # of letters outside of ASCII; chosen here: an em and a half holds every script's
ELLIPSIS = "…"


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is at most, in the unit of `size`."""
    widths = _BOLD if bold else _REGULAR
    total = sum(
        widths[ord(char) - 32] if " " <= char <= "~" else _OTHERS.get(char, _WIDEST)
        for char in text
    )
    return total * size / 1000


def fitted(text: str, width: float, size: float, bold: bool = False) -> str:
    """Return a text as a label shows it: what cannot be printed spelled out, the end cut off.

    Of a text of any length no more letters are looked at than fit.
    """
    longest = int(1000 * width / (size * min(_REGULAR))) + 2
    shown = printable(text[:longest])
    if len(text) <= longest and text_width(shown, size, bold) <= width:
        return shown
    room = width - text_width(ELLIPSIS, size, bold)
    kept, taken = [], 0.0
    for char in shown:
        taken += text_width(char, size, bold)
        if taken > room:
            break
        kept.append(char)
    return "".join(kept).rstrip() + ELLIPSIS


def folded(text: str, width: float, size: float) -> list[str]:
    """Return a text in lines of a width: broken behind commas, within a part that is too long at
    blanks; a word that is too long is cut off.
    """
    lines: list[str] = []
    for part in text.replace(", ", ",\n").split("\n"):
        for piece in [part] if text_width(part, size) <= width else part.split(" "):
            longer = f"{lines[-1]} {piece}" if lines else piece
            if lines and text_width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(fitted(piece, width, size))
    return lines
