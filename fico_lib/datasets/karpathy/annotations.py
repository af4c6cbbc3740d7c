"""Reads the JSON of Karpathy's format, and refuses what is wrong in it.

The format (Karpathy and Fei-Fei, "Deep visual-semantic alignments for generating image
descriptions", CVPR 2015, data release): `images` is a list with, for each image, `filename`,
perhaps `filepath` (a folder), `imgid` or `cocoid`, `split`, `sentids` and `sentences`, each with
`raw`, perhaps `sentid` and `imgid`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fico_lib.datasets.karpathy.paths import existing_file
from fico_lib.runtime.errors import InputError, unknown_name

SPLITS = ("train", "restval", "val", "test")
ID_FIELDS = ("cocoid", "imgid")  # the first that every image has is the image's id


@dataclass(frozen=True)
class Entry:
    """One image of the file: its id, its folder and file name, split and captions."""

    image_id: str
    folder: str
    filename: str
    split: str
    captions: tuple[str, ...]
    caption_ids: tuple[str, ...]
    keys: dict[str, str]  # what label files may know the image by: filename, imgid, cocoid


def _images(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(existing_file(path, "annotations").read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, or not UTF-8
        raise InputError(f"{path}: not a JSON file ({error})") from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not images:
        raise InputError(f"{path}: expected an object with a list 'images' that is not empty")
    return images


def _captions(image: dict[str, Any], where: str) -> tuple[str, ...]:
    sentences = image.get("sentences")
    if not isinstance(sentences, list) or not sentences:
        raise InputError(f"{where} has no captions: its list 'sentences' is missing or empty")
    captions = []
    for j, sentence in enumerate(sentences):
        raw = sentence.get("raw") if isinstance(sentence, dict) else None
        if not isinstance(raw, str) or not raw.strip():
            raise InputError(f"{where}: sentences[{j}] has no text 'raw'")
        owner, own = sentence.get("imgid"), image.get("imgid")
        if None not in (owner, own) and owner != own:
            raise InputError(
                f"{where}: sentences[{j}] is a caption without image: "
                f"its imgid is {owner}, that of the image it stands under is {own}"
            )
        captions.append(" ".join(raw.split()))
    return tuple(captions)


def _caption_ids(image: dict[str, Any], image_id: str, where: str) -> tuple[str, ...]:
    """The sentences' `sentid`, which must be the listed ones; else the image id and a number."""
    sentences = image["sentences"]
    listed, own = image.get("sentids"), [s.get("sentid") for s in sentences]
    if None in own:
        return tuple(f"{image_id}-{j}" for j in range(len(sentences)))
    if listed is not None and sorted(map(str, listed)) != sorted(map(str, own)):
        raise InputError(f"{where}: sentids {listed} but its sentences have {own}")
    return tuple(map(str, own))


def _entry(image: Any, where: str, id_field: str) -> Entry:
    if not isinstance(image, dict) or not isinstance(image.get("filename"), str):
        raise InputError(f"{where} has no text 'filename'")
    where = f"{where} ('{image['filename']}')"
    if image.get(id_field) is None:
        raise InputError(f"{where} has no {' or '.join(ID_FIELDS)}")
    if image.get("split") not in SPLITS:
        raise InputError(f"{where}: {unknown_name('split', str(image.get('split')), SPLITS)}")
    image_id = str(image[id_field])
    return Entry(
        image_id=image_id,
        folder=str(image.get("filepath") or ""),
        filename=image["filename"],
        split=image["split"],
        captions=_captions(image, where),
        caption_ids=_caption_ids(image, image_id, where),
        keys={k: str(image[k]) for k in ("filename", *ID_FIELDS) if image.get(k) is not None},
    )


def _refuse_duplicates(entries: list[Entry], path: Path) -> None:
    seen: dict[tuple[str, str], int] = {}
    for i, entry in enumerate(entries):
        own = [("image id", entry.image_id), ("file", f"{entry.folder}/{entry.filename}")]
        own += [("caption id", caption_id) for caption_id in entry.caption_ids]
        for key in own:
            if key in seen:
                kind, value = key[0], key[1].lstrip("/")
                raise InputError(
                    f"{path}: {kind} '{value}' is used twice, "
                    f"by images[{seen[key]}] and images[{i}]"
                )
            seen[key] = i


def read_annotations(path: Path) -> list[Entry]:
    """The images of the file, in its order; InputError names the file and the entry in it."""
    images = _images(path)
    has = {
        field: sum(isinstance(image, dict) and image.get(field) is not None for image in images)
        for field in ID_FIELDS
    }
    id_field = max(ID_FIELDS, key=lambda field: has[field])  # the first of equals
    entries = [_entry(image, f"{path}: images[{i}]", id_field) for i, image in enumerate(images)]
    _refuse_duplicates(entries, path)
    return entries
