"""Reads the JSON of Karpathy's format, and refuses what is wrong in it.

The format (Karpathy and Fei-Fei, "Deep visual-semantic alignments for generating image
descriptions", CVPR 2015, data release): `images` is a list with, for each image, `filename`,
perhaps `filepath` (a folder), `imgid` or `cocoid`, `split` and `sentences`, each with `raw` or
`tokens`, perhaps `sentid` and `imgid`. What real files do is read: without ids an image's is its
path; a list `sentids` that disagrees with the sentences does not count; `sentid` that starts again
gives way to the image's id and a number; texts that are written without blanks are their `tokens`.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fico_lib.datasets.karpathy.paths import existing_file
from fico_lib.runtime.errors import InputError, unknown_name

SPLITS = ("train", "restval", "val", "test")
# Chinese, Japanese (kana too), Thai, Lao, Burmese and Khmer are written without blanks.
WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
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
    text = existing_file(path, "annotations").read_bytes()
    try:
        content = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not JSON, or not UTF-8
        raise InputError(f"{path}: not a JSON file ({error})") from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not images:
        raise InputError(f"{path}: expected an object with a list 'images' that is not empty")
    return images


def _text(sentence: dict[str, Any]) -> str:
    """The words of a sentence with blanks between them; "" where there are none.

    `raw`, but the `tokens` where there is no `raw`, or where its script needs no blanks.
    """
    raw, tokens = sentence.get("raw"), sentence.get("tokens")
    whole = isinstance(tokens, list) and tokens and all(isinstance(t, str) for t in tokens)
    if whole and (not isinstance(raw, str) or WITHOUT_BLANKS.search(raw)):
        raw = " ".join(tokens)
    if not isinstance(raw, str):
        return ""
    # Half of a pair that encodes one character, alone, is none and cannot be written to a file.
    return " ".join(raw.encode("utf-8", "replace").decode("utf-8").split())


def _captions(
    image: dict[str, Any], where: str, skip_empty: bool
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The sentences that count, and their texts."""
    sentences = image.get("sentences")
    if not isinstance(sentences, list) or not sentences:
        raise InputError(f"{where} has no captions: its list 'sentences' is missing or empty")
    kept, captions = [], []
    for j, sentence in enumerate(sentences):
        text = _text(sentence) if isinstance(sentence, dict) else ""
        if not text and skip_empty:
            continue
        if not text:
            raise InputError(
                f"{where}: sentences[{j}] has no text 'raw' (skip_empty_captions leaves such out)"
            )
        owner, own = sentence.get("imgid"), image.get("imgid")
        if None not in (owner, own) and str(owner) != str(own):
            raise InputError(
                f"{where}: sentences[{j}] is a caption without image: "
                f"its imgid is {owner}, that of the image it stands under is {own}"
            )
        kept.append(sentence)
        captions.append(text)
    if not captions:
        raise InputError(f"{where}: all of its captions are empty; expected one at least")
    return kept, tuple(captions)


def _entry(image: Any, where: str, id_field: str, skip_empty: bool) -> Entry:
    if not isinstance(image, dict) or not isinstance(image.get("filename"), str):
        raise InputError(f"{where} has no text 'filename'")
    where = f"{where} ('{image['filename']}')"
    if id_field and image.get(id_field) is None:
        raise InputError(f"{where} has no {' or '.join(ID_FIELDS)}")
    if image.get("split") not in SPLITS:
        raise InputError(f"{where}: {unknown_name('split', str(image.get('split')), SPLITS)}")
    folder = str(image.get("filepath") or "")
    path = f"{folder}/{image['filename']}" if folder else image["filename"]
    image_id = str(image[id_field]) if id_field else path
    sentences, captions = _captions(image, where, skip_empty)
    own = [sentence.get("sentid") for sentence in sentences]
    if None in own:
        own = [f"{image_id}-{j}" for j in range(len(captions))]
    return Entry(
        image_id=image_id,
        folder=folder,
        filename=image["filename"],
        split=image["split"],
        captions=captions,
        caption_ids=tuple(map(str, own)),
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


def _numbered(entries: list[Entry]) -> list[Entry]:
    """The entries with caption ids of the image's id and a number, where `sentid` starts again."""
    firsts = [entry.caption_ids[0] for entry in entries]
    if len(entries) < 2 or len(set(firsts)) > 1:
        return entries
    return [
        replace(e, caption_ids=tuple(f"{e.image_id}-{j}" for j in range(len(e.captions))))
        for e in entries
    ]


def read_annotations(path: Path, skip_empty: bool = False) -> list[Entry]:
    """The images of the file, in its order; InputError names the file and the entry in it.

    skip_empty: leave captions without text out, instead of refusing them.
    """
    images = _images(path)
    has = {
        field: sum(isinstance(image, dict) and image.get(field) is not None for image in images)
        for field in ID_FIELDS
    }
    id_field = max(ID_FIELDS, key=lambda field: has[field])  # the first of equals
    id_field = id_field if has[id_field] else ""
    places = (f"{path}: images[{i}]" for i in range(len(images)))
    entries = _numbered([
        _entry(image, where, id_field, skip_empty)
        for image, where in zip(images, places, strict=True)
    ])  # fmt: skip
    _refuse_duplicates(entries, path)
    return entries
