"""Names beside a panel: readable however close their points are."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from fico_lib.report.figure_style import name_points


@pytest.mark.parametrize("heights", [[0.5] * 15, [0.0] * 5, [1.0] * 5, [0.1, 0.9], []])
def test_names_do_not_overlap_and_stay_beside_the_panel(heights):
    figure, panel = plt.subplots(figsize=(4, 2.5), dpi=200)
    panel.plot([0, 1], [0, 1])
    limits = panel.get_xlim(), panel.get_ylim()
    points = {f"model {i}": (0.3, height) for i, height in enumerate(heights)}
    name_points(panel, points)
    figure.canvas.draw()
    assert (panel.get_xlim(), panel.get_ylim()) == limits
    assert {text.get_text(): text.xy for text in panel.texts} == points
    boxes = [Text.get_window_extent(text) for text in panel.texts]  # without the leader
    bottoms, tops = (np.array([getattr(b, side) for b in boxes]) for side in ("y0", "y1"))
    assert (bottoms[1:] >= tops[:-1] - 1).all()
    frame = panel.get_window_extent()
    assert (bottoms > frame.y0 - 20).all()
    assert (tops < frame.y1 + 20).all()
    plt.close(figure)
