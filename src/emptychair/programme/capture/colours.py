"""A brand's colour on a page: only where it can be read, in light and in the dark."""

import re

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LIGHT, DARK = "#ffffff", "#1c222c"  # grounds of the widget
_HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21.

    Examples:
        >>> round(contrast("#000000", "#ffffff"), 1), round(contrast("#777777", "#ffffff"), 2)
        (21.0, 4.48)

    References:
        Web Content Accessibility Guidelines 2.2, relative luminance.
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def is_colour(text: str) -> bool:
    """Say whether `text` is a colour such as `#1f5c99`."""
    return bool(_HEX.fullmatch(text))


def of_brand(colour: str) -> dict[str, str]:
    """Return the brand's colour and what is written on it, in light and in the dark."""
    night = colour
    while contrast(night, DARK) < LEAST_CONTRAST:
        night = _lighter(night)
    return {
        "light": colour,
        "on_light": _on(colour),
        "dark": night,
        "on_dark": _on(night),
    }


def darker(colour: str) -> str:
    """Return the lightest shade of `colour` that can be read on white."""
    while contrast(colour, LIGHT) < LEAST_CONTRAST:
        parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        colour = "#" + "".join(f"{part * 15 // 16:02x}" for part in parts)
    return colour


def _on(colour: str) -> str:
    return max(("#ffffff", "#10151c"), key=lambda ink: contrast(colour, ink))


def _lighter(colour: str) -> str:
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{min(255, part + (255 - part) // 8 + 4):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[p : p + 2], 16) / 255) for p in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
