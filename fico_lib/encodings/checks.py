"""Checks of what encodings are made of: matrices, ids, bits, and the map of captions to images."""

import numpy as np

from fico_lib.runtime.arrays import as_bits, as_numpy
from fico_lib.runtime.errors import InputError


def whole(value: object) -> bool:
    """Whether it is a whole number, Python's or numpy's; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def captions_per_image(count: int, n_captions: int) -> np.ndarray:
    """The map of captions that come `count` per image, in the order of the images.

    >>> captions_per_image(2, 6)
    array([0, 0, 1, 1, 2, 2])
    """
    if not whole(count):
        raise InputError(f"captions per image: found {count!r}; expected a whole number")
    if count < 1 or n_captions % count:
        raise InputError(f"{n_captions} captions are not {count} per image: give the explicit map")
    return np.arange(n_captions) // count


def caption_map(image_of_caption: object, n_images: int, n_captions: int) -> np.ndarray:
    """The checked caption-to-image map (n_captions,) int64; every image must have a caption."""
    value = as_numpy(image_of_caption, "image_of_caption")
    if value.shape != (n_captions,):
        raise InputError(
            f"image_of_caption: found shape {value.shape}; expected one image row for each of the "
            f"{n_captions} captions (are images and texts, or the matrix's axes, exchanged?)"
        )
    if not n_images or not n_captions:
        raise InputError(
            f"found {n_images} images and {n_captions} captions; expected some of each"
        )
    with np.errstate(invalid="ignore"):  # NaN and infinity differ from any whole number
        rows = value.astype(np.int64)
    if value.dtype.kind == "b" or (rows != value).any():
        raise InputError(f"image_of_caption: found {value.dtype} values; expected image rows")
    if rows.min() < 0 or rows.max() >= n_images:
        wrong = int(np.flatnonzero((rows < 0) | (rows >= n_images))[0])
        raise InputError(
            f"image_of_caption: caption {wrong} belongs to image {rows[wrong]}, but images are "
            f"0 to {n_images - 1}"
        )
    bare = np.setdiff1d(np.arange(n_images), rows)
    if len(bare):
        raise InputError(f"image_of_caption: image {bare[0]} has no caption ({len(bare)} such)")
    return rows


def unrepeated(array: np.ndarray, count: int, name: str) -> np.ndarray:
    """Every `count`-th row of an array in which each image is repeated `count` times in a row.

    VSRN and UCCH release such images: one row per caption. Raises `InputError` where rows that
    should be repeats differ (beyond what computing them in another batch can do).

    >>> unrepeated(np.array([[1, 2], [1, 2], [3, 4], [3, 4]]), 2, "images")
    array([[1, 2],
           [3, 4]])
    """
    if not whole(count):
        raise InputError(f"{name}: found {count!r} repeats; expected a whole number")
    if count < 1 or len(array) % count:
        raise InputError(f"{name}: {len(array)} rows are not images repeated {count} times each")
    first = array[::count]
    for start in range(0, len(first), 256):  # a square matrix of scores may be large
        block = np.asarray(first[start : start + 256], np.float64)
        near = 1e-3 * np.abs(block).max(initial=0)
        for shift in range(1, count):
            other = array[shift::count][start : start + 256]
            if (np.abs(other - block) > near).any():
                row = start + int((np.abs(other - block) > near).any(1).argmax())
                raise InputError(
                    f"{name}: rows {row * count} and {row * count + shift} differ; expected every "
                    f"image repeated {count} times, as there is a row for each caption"
                )
    return first


def pack_bits(array: np.ndarray, bits: int | None, name: str) -> tuple[np.ndarray, int]:
    """Packed codes (n, ceil(bits / 8)) uint8 and their bit count, as `Codes.pack` describes.

    >>> pack_bits(np.array([[-1, 1, 1, -1]]), None, "images")
    (array([[96]], dtype=uint8), 4)
    """
    width = array.shape[1]
    if bits is not None and not whole(bits):
        raise InputError(f"codes: found {bits!r} bits; expected a whole number")
    may_be_packed = array.dtype == np.uint8 and (bits != 1 or array.max(initial=0) > 1)
    if bits is not None and width == -(-bits // 8) and may_be_packed:
        return array, bits
    if bits not in (None, width):
        raise InputError(f"codes: {name} have width {width}; expected {bits} bits, packed or not")
    hint = " (packed codes: uint8, with the bit count)"
    ones = as_bits(array, f"codes: {name}[{{}}, {{}}]".format, hint)
    return np.packbits(ones, axis=1), width


def checked_matrix(array: object, name: str) -> np.ndarray:
    """The array, (n, d); InputError naming it where it has not two axes."""
    array = as_numpy(array, name)
    if array.ndim != 2:
        raise InputError(f"{name}: found shape {array.shape}; expected a matrix, one item per row")
    return array


def checked_ids(ids: object, count: int, kind: str) -> np.ndarray:
    """Ids as (count,) strings, unique; row numbers where none are given."""
    if ids is None:
        return np.arange(count).astype(f"U{len(str(count))}")
    try:
        ids = np.asarray(ids).astype(str)
    except (ValueError, TypeError) as error:
        raise InputError(f"{kind} ids: no list of texts ({error})") from error
    if ids.shape != (count,):
        raise InputError(f"{kind} ids: found shape {ids.shape}; expected one for each of {count}")
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"{kind} id '{values[counts > 1][0]}' is used twice")
    return ids
