"""The tokens: contrast against every ground, and buckets apart for every kind of sight."""

import re
from itertools import combinations, product

import pytest

from emptychair.analysis.show.look import (
    CHART_TOKENS,
    SENTINELS,
    palette,
    tokens_css,
    with_colours,
    with_variables,
)

GROUNDS = ("ground", "surface", "sunken")
BUCKETS = ("detractor", "passive", "promoter")
SCHEMES = ("light", "dark")

# Machado, Oliveira & Fernandes (2009), "A Physiologically-based Model for Simulation of Color
# Vision Deficiency", severity 1.0, on linear RGB.
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def contrast(one, other):
    """Contrast ratio of WCAG 2.2."""
    weights = (0.2126, 0.7152, 0.0722)
    light = sorted(
        sum(w * c for w, c in zip(weights, linear(x), strict=True)) for x in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


def lab(colour, sight):
    """CIELAB of `colour` as `sight` sees it (D65)."""
    rgb = linear(colour)
    seen = [
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True))))
        for row in SIGHTS[sight]
    ]
    rows = (
        (0.4124, 0.3576, 0.1805, 0.9505),
        (0.2126, 0.7152, 0.0722, 1.0),
        (0.0193, 0.1192, 0.9505, 1.089),
    )
    x, y, z = (sum(a * b for a, b in zip(r[:3], seen, strict=True)) / r[3] for r in rows)
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bucket_colours_stand_out_from_every_ground(scheme):
    colours = palette(scheme)
    for bucket, ground in product(BUCKETS, GROUNDS):
        assert contrast(colours[bucket], colours[ground]) >= 3, (bucket, ground)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_colours_can_be_read_on_every_ground(scheme):
    colours = palette(scheme)
    inks = ("ink", "muted", "accent", "warning", "danger", *(f"{b}-ink" for b in BUCKETS))
    for ink, ground in product(inks, GROUNDS):
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink, soft in [
        ("detractor-ink", "detractor-soft"),
        ("promoter-ink", "promoter-soft"),
        ("ink", "warning-soft"),
        ("ink", "danger-soft"),
        ("ink", "accent-soft"),
        ("on-accent", "accent"),
    ]:
        assert contrast(colours[ink], colours[soft]) >= 4.5, (ink, soft)
    assert contrast(colours["edge"], colours["surface"]) >= 3


@pytest.mark.parametrize(("scheme", "sight"), list(product(SCHEMES, SIGHTS)))
def test_buckets_stay_apart_for_every_kind_of_sight(scheme, sight):
    seen = {bucket: lab(palette(scheme)[bucket], sight) for bucket in BUCKETS}
    for one, other in combinations(BUCKETS, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert apart >= 20, (one, other, apart)  # 2.3 is just noticeable side by side


def test_palette_holds_every_colour_of_a_chart_in_both_schemes():
    assert set(CHART_TOKENS) <= set(palette("light")) == set(palette("dark"))
    assert len(set(SENTINELS.values())) == len(CHART_TOKENS)


def test_with_variables_replaces_every_sentinel():
    drawing = "".join(f'<path fill="{colour}"/>' for colour in SENTINELS.values())
    assert not re.search("#ec00", with_variables(drawing))
    assert 'fill="var(--ec-promoter)"' in with_variables(drawing)
    assert f'fill="{palette("dark")["promoter"]}"' in with_colours(drawing, "dark")


def test_every_token_used_is_defined():
    defined = set(re.findall(r"(--ec-[a-z0-9-]+):", tokens_css()))
    used = set(re.findall(r"var\((--ec-[a-z0-9-]+)\)", tokens_css()))
    assert used <= defined
