"""Images in files: read when asked for, resized to one size; and the check that all are whole."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from fico_lib.datasets.karpathy.paths import existing_folder
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track


def _broken(path: Path, image_id: str, error: Exception) -> InputError:
    return InputError(
        f"broken image {path} (image id '{image_id}'): {error or type(error).__name__}"
    )


def upright_rgb(image: Image.Image) -> Image.Image:
    """An image as a viewer shows it: RGB, turned as its EXIF tag says, transparency on white.

    16-bit grey is scaled to 8 bits. Raises `InputError` for numbers without a known white: 32-bit
    integers, and floats.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32) / 257
        image = Image.fromarray(np.rint(values).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise InputError(
            f"its mode is '{image.mode}', {'32-bit integers' if image.mode == 'I' else 'floats'} "
            "without a known white; expected 8 or 16 bits (convert it first)"
        )
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


class FolderImages:
    """Images in files, decoded and resized when read.

    paths: one per image; image_ids: (n,) str, for messages; size: height and width, pixels.
    """

    def __init__(self, paths: Sequence[Path], image_ids: np.ndarray, size: int):
        self.paths, self.image_ids, self.size = tuple(paths), image_ids, size

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The images at `rows`, uint8 (len(rows), size, size, 3), by bicubic resampling."""
        images = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        for i, row in enumerate(rows):
            try:
                with Image.open(self.paths[row]) as image:
                    images[i] = upright_rgb(image).resize(
                        (self.size, self.size), Image.Resampling.BICUBIC
                    )
            except Exception as error:  # Pillow raises many kinds for a damaged file
                raise _broken(self.paths[row], self.image_ids[row], error) from error
        return images


class AbsentImages:
    """The images of a set of captions only: counted, but nothing to read."""

    def __init__(self, n: int):
        self.n = n

    def __len__(self) -> int:
        return self.n

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Always an InputError: there are no images."""
        raise InputError(
            "this data set was loaded without images (parameter images: null); "
            "give the folder of the images to read them"
        )


def find_images(
    folder: Path, names: Sequence[tuple[str, str]], image_ids: Sequence[str]
) -> list[Path]:
    """The files of the images, given as (folder or "", filename) below `folder`.

    A file may also lie directly in `folder`. Raises InputError where files are missing.
    """
    existing_folder(folder, "images")
    paths, missing = [], []
    root = os.path.abspath(folder)
    for (below, filename), image_id in zip(names, image_ids, strict=True):
        path = folder / below / filename
        if os.path.commonpath([root, os.path.abspath(path)]) != root or "\0" in str(path):
            raise InputError(
                f"image {below}/{filename} (image id '{image_id}') is outside the folder {folder}"
            )
        if not path.is_file():
            path = folder / filename
        if not path.is_file():
            missing.append((folder / below / filename, image_id))
        paths.append(path)
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first: {missing[0][0]} "
            f"(image id '{missing[0][1]}')"
        )
    return paths


def _damage(path: Path) -> Exception | None:
    """What is wrong with the file: every byte is decoded, at a low resolution where that helps."""
    try:
        with Image.open(path) as image:
            if image.mode in ("I", "F"):
                upright_rgb(image)  # says why not
            image.draft("L", (32, 32))
            image.load()
    except Exception as error:  # see `read`; the caller raises it with the file's name
        return error
    return None


def verify(paths: Sequence[Path], image_ids: Sequence[str]) -> None:
    """Decode every image, with a progress bar; InputError names the first that is broken."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        damages = track(pool.map(_damage, paths), "verifying images", total=len(paths))
        for path, image_id, damage in zip(paths, image_ids, damages, strict=True):
            if damage:
                pool.shutdown(cancel_futures=True)
                raise _broken(path, image_id, damage)
