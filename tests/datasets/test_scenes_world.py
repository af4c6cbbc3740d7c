"""The words, outlines and random numbers that scenes are made of."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.datasets.scenes import world
from fico_lib.datasets.scenes.draws import NOISE_SD, SERIAL_BITS, Draws, serials
from fico_lib.datasets.scenes.shapes import FULL, OUTLINES, sprites
from fico_lib.datasets.scenes.traits import TRAITS, trait_table


def test_no_word_means_two_things():
    tables = (world.KINDS, world.COLOURS, world.SIZES, world.THEMES, world.LAYOUTS, world.RELATIONS)
    words = [word for table in tables for words in table.values() for word in words]
    assert len(words) == len(set(words))


def test_tables_fit_each_other():
    assert list(OUTLINES) == list(world.KINDS)
    assert len(world.KINDS) == len(world.HOME) == 40
    assert len(world.COLOUR_RGB) == len(world.COLOURS) == 10
    assert len(world.SIZE_SIDES) == len(world.SIZES) == 3
    assert len(world.THEME_RGB) == len(world.THEMES) == 12


def test_every_kind_but_the_first_has_one_theme_and_themes_have_three_or_four():
    assert world.HOME[0] == -1
    assert set(np.bincount(world.HOME[1:], minlength=len(world.THEMES))) == {3, 4}


def test_traits_tell_most_kinds_apart_but_not_all():
    table = trait_table()
    assert table.shape == (len(world.KINDS), len(TRAITS))
    assert (table >= 0).all()
    assert 0.7 * len(table) < len(np.unique(table, axis=0)) < len(table)
    ring, square, bar = (
        dict(zip(TRAITS, table[list(world.KINDS).index(kind)], strict=True))
        for kind in ("ring", "square", "bar")
    )
    assert (ring["across"], ring["down"], ring["mirrored"], ring["flipped"]) == (2, 2, 1, 1)
    assert (square["share"], square["aspect"]) == (3, 1)
    assert bar["aspect"] == 2


def test_every_two_kinds_look_different():
    upright = sprites()[-1][:, 2].reshape(len(world.KINDS), -1) / FULL
    for (a, one), (b, other) in combinations(enumerate(upright), 2):
        overlap = np.minimum(one, other).sum() / np.maximum(one, other).sum()
        assert overlap < 0.92, (list(world.KINDS)[a], list(world.KINDS)[b])
        assert one.mean() > 0.15


def invert(serial: np.ndarray, seed: int) -> np.ndarray:
    """The (stream, index) word that a serial number was made from: every step taken back."""
    from fico_lib.datasets.scenes.draws import _FIRST, name_key

    size = 1 << SERIAL_BITS
    inverse = pow(int(_FIRST) % size, -1, size)
    words = []
    for x in serial.tolist():
        for turn in (2, 1, 0):
            for shift, after in ((23, True), (25, False)):
                x ^= (x >> shift) ^ (x >> 2 * shift)  # 48 bits: the third power vanishes
                x = x * inverse % size if after else x
            x = (x - int(name_key(seed, "serial", turn))) % size
        words.append(x)
    return np.array(words, np.uint64)


@given(st.integers(0, 2**32 - 1), st.integers(0, 15), st.lists(st.integers(0, 2**44 - 1)))
def test_a_serial_number_can_be_turned_back_so_none_is_used_twice(seed, stream, index):
    made = serials(seed, stream, np.array(index, np.int64))
    words = np.array(index, np.uint64) | np.uint64(stream << 44)
    assert (invert(made, seed) == words).all()


def test_a_stream_beyond_the_serial_number_is_refused():
    with pytest.raises(ValueError, match="stream 16"):
        serials(0, 16, np.arange(2))


def test_draws_are_a_function_of_seed_stream_index_and_name():
    a = Draws(3, 1, np.arange(50)).uniform("x", 4, 2)
    assert (Draws(3, 1, np.array([7, 49, 7])).uniform("x", 4, 2) == a[[7, 49, 7]]).all()
    assert (Draws(3, 1, np.arange(50)).uniform("x", 9, 2)[:, :4] == a).all()
    for other in (Draws(4, 1, np.arange(50)), Draws(3, 2, np.arange(50))):
        assert not (other.uniform("x", 4, 2) == a).any()
    assert not (Draws(3, 1, np.arange(50)).uniform("y", 4, 2) == a).any()


def test_draws_are_uniform_and_uncorrelated():
    u = Draws(0, 0, np.arange(2000)).uniform("x", 20)
    counts, _ = np.histogram(u, 20, (0, 1))
    assert abs(counts / u.size - 0.05).max() < 0.005
    correlation = np.corrcoef(u, rowvar=False) - np.eye(20)
    assert abs(correlation).max() < 0.1
    assert abs(np.corrcoef(u[:-1].ravel(), u[1:].ravel())[0, 1]) < 0.02
    d = Draws(0, 0, np.arange(2000)).below("d", 7, 3)
    assert set(np.unique(d)) == set(range(7))


@pytest.mark.parametrize("size", [3, 8, 4097])
def test_noise_has_the_mean_and_deviation_it_says(size):
    noise = Draws(0, 0, np.arange(3000 // size + 200)).noise("n", size)
    assert noise.dtype == np.int16
    assert noise.shape[1] == size
    assert abs(noise.mean()) < 20
    assert noise.std() == pytest.approx(NOISE_SD, rel=0.05)
