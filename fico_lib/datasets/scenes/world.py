"""The world of `scenes`: kinds of shapes, colours, sizes, themes, layouts, and their words.

Every table maps a name to its words, the usual one first, then its synonyms.
"""

import numpy as np

SIDE = 64  # height and width of an image, pixels
MAX_OBJECTS = 7
MIN_OBJECTS = 3

# The first kind is the one that `skew` makes frequent, as people are in photographs.
KINDS: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "disc", "dot"),
    "triangle": ("triangle", "wedge"),
    "square": ("square", "box", "block"),
    "diamond": ("diamond", "rhombus", "lozenge"),
    "pentagon": ("pentagon", "house"),
    "hexagon": ("hexagon", "honeycomb"),
    "star": ("star", "asterisk"),
    "cross": ("cross", "plus"),
    "saltire": ("saltire", "crisscross"),
    "ring": ("ring", "hoop", "donut"),
    "heart": ("heart", "valentine"),
    "crescent": ("crescent", "moon"),
    "arrow": ("arrow", "pointer"),
    "corner": ("corner", "elbow"),
    "tee": ("tee", "hammer"),
    "dome": ("dome", "igloo"),
    "ellipse": ("ellipse", "oval"),
    "bar": ("bar", "stick", "plank"),
    "frame": ("frame", "window"),
    "hourglass": ("hourglass", "sandglass"),
    "kite": ("kite", "shield"),
    "trapezoid": ("trapezoid", "bucket"),
    "bolt": ("bolt", "flash"),
    "staircase": ("staircase", "stairway"),
    "bowtie": ("bowtie", "ribbon"),
    "gear": ("gear", "cog"),
    "target": ("target", "bullseye"),
    "slash": ("slash", "ramp"),
    "horseshoe": ("horseshoe", "magnet"),
    "chevron": ("chevron", "boomerang"),
    "comb": ("comb", "rake"),
    "fish": ("fish", "trout"),
    "tree": ("tree", "pine"),
    "crown": ("crown", "coronet"),
    "mushroom": ("mushroom", "toadstool"),
    "clover": ("clover", "shamrock"),
    "fan": ("fan", "slice"),
    "ladder": ("ladder", "rung"),
    "peanut": ("peanut", "dumbbell"),
    "zigzag": ("zigzag", "squiggle"),
}

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet"),
    "green": ("green", "emerald"),
    "blue": ("blue", "cobalt"),
    "yellow": ("yellow", "golden"),
    "orange": ("orange", "amber"),
    "purple": ("purple", "violet"),
    "cyan": ("cyan", "turquoise"),
    "pink": ("pink", "rosy"),
    "brown": ("brown", "chestnut"),
    "white": ("white", "ivory"),
}
COLOUR_RGB = np.array(
    [
        (220, 40, 40),
        (40, 170, 60),
        (50, 80, 220),
        (235, 215, 50),
        (245, 140, 30),
        (150, 60, 190),
        (60, 205, 215),
        (245, 130, 190),
        (130, 85, 45),
        (245, 245, 245),
    ],
    dtype=np.int16,
)

SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium", "middling"),
    "large": ("large", "big", "huge"),
}
SIZE_SIDES = np.array([9, 13, 18])  # pixels

THEMES: dict[str, tuple[str, ...]] = {
    "meadow": ("in the meadow", "in the field"),
    "desert": ("in the desert", "among the dunes"),
    "ocean": ("in the ocean", "in the sea"),
    "forest": ("in the forest", "in the woods"),
    "city": ("in the city", "in the town"),
    "swamp": ("in the swamp", "in the marsh"),
    "cave": ("in the cave", "in the cavern"),
    "beach": ("at the beach", "on the shore"),
    "glacier": ("on the glacier", "on the ice"),
    "kitchen": ("in the kitchen", "on the table"),
    "canyon": ("in the canyon", "in the gorge"),
    "orchard": ("in the orchard", "in the garden"),
}
THEME_RGB = np.array(
    [
        (50, 100, 40),
        (112, 90, 50),
        (25, 55, 105),
        (20, 58, 30),
        (70, 70, 78),
        (58, 66, 34),
        (34, 28, 36),
        (108, 98, 78),
        (82, 100, 112),
        (102, 72, 76),
        (100, 48, 34),
        (76, 96, 66),
    ],
    dtype=np.int16,
)
# What is drawn on the ground: 0 nothing, 1 horizontal, 2 vertical stripes, 3 checks.
THEME_TEXTURE = np.arange(len(THEMES)) % 4
# The theme that each kind is at home in, by number; none for the first kind. A theme has three or
# four.
HOME = np.concatenate([[-1], np.arange(len(KINDS) - 1) % len(THEMES)])

LAYOUTS: dict[str, tuple[str, ...]] = {
    "row": ("in a row", "side by side"),
    "column": ("in a column", "stacked up"),
    "cluster": ("in a cluster", "close together"),
    "loop": ("in a loop", "around the middle"),
    "diagonal": ("along a diagonal", "on a slant"),
    "scatter": ("scattered around", "spread out"),
}

RELATIONS: dict[str, tuple[str, ...]] = {
    "left": ("left of", "to the left of", "west of"),
    "right": ("right of", "to the right of", "east of"),
    "above": ("above", "over", "higher than"),
    "below": ("below", "under", "beneath"),
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven")
THINGS = ("shape", "thing", "object", "item")  # where the kind is left out
OPENINGS = ("a picture of", "an image with", "look at", "we see")
