"""The palette keeps its promise: series stay apart in greyscale and under colour blindness, text can be read."""

from itertools import combinations

import numpy as np
import pytest

from book.palette import DARK, LIGHT, Palette, css

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB
SIGHT = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def linear(colour: str) -> np.ndarray:
    """Linear RGB, shape (3,), of #rrggbb."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of a linear RGB colour."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    x, y, z = (
        np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in np.clip(xyz / [0.95047, 1, 1.08883], 0, None)
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours."""
    dark, light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


@THEMES
@pytest.mark.parametrize("sight", SIGHT)
def test_series_stay_apart_for_every_kind_of_sight(palette: Palette, sight: str) -> None:
    seen = [lab(np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)) for colour in palette.series]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 18


@THEMES
def test_series_stay_apart_in_greyscale(palette: Palette) -> None:
    lightness = sorted(float(lab(linear(colour))[0]) for colour in palette.series)
    assert min(np.diff(lightness)) >= 9


@THEMES
@pytest.mark.parametrize("ground", ["page", "surface"])
@pytest.mark.parametrize("text", ["ink", "quiet", "accent"])
def test_text_can_be_read(palette: Palette, ground: str, text: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@THEMES
def test_marks_that_carry_a_point_stand_out_from_the_page(palette: Palette) -> None:
    assert all(contrast(colour, palette.page) >= 3 for colour in palette.series[:4])


@THEMES
def test_heat_runs_one_way(palette: Palette) -> None:
    lightness = [float(lab(linear(colour))[0]) for colour in palette.heat]
    assert all(abs(step) > 20 and np.sign(step) == np.sign(np.diff(lightness)[0]) for step in np.diff(lightness))


def test_the_style_sheet_has_both_themes() -> None:
    assert LIGHT.accent in css()
    assert DARK.accent in css()
    assert css().count("--book-series-5") == 2
