"""Figures of the chapter on the data."""

import textwrap
from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.report.figure_style import COLOURS, STYLE


@matplotlib.rc_context(STYLE)
def contact_sheet(images: np.ndarray, captions: Sequence[str], columns: int = 4) -> Figure:
    """Images with a caption under each. images: (n, height, width, 3) uint8."""
    lines = -(-len(images) // columns)
    figure, panels = plt.subplots(lines, columns, figsize=(8, 2.7 * lines), squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for panel, image, caption in zip(panels.flat, images, captions, strict=False):
        panel.imshow(image, interpolation="nearest")
        panel.set_title(textwrap.fill(caption, 26), fontsize=8, y=0, va="top", pad=-4)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def category_shares(rows: pd.DataFrame) -> Figure:
    """The share of images that carry each category. rows: columns category, images_percent."""
    figure, panel = plt.subplots(figsize=(8, 3.2))
    panel.bar(rows["category"], rows["images_percent"], color=COLOURS[0])
    panel.set(ylabel="images with the category (%)", xlim=(-0.7, len(rows) - 0.3))
    panel.tick_params(axis="x", rotation=90, labelsize=8)
    panel.grid(axis="x", visible=False)
    plt.close(figure)
    return figure
