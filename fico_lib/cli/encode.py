"""`fico encode`: encodings by a checkpoint of one's own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Dtype = StrEnum("Dtype", {name: name for name in ("float32", "bfloat16", "float16")})


def encode_command(
    checkpoint: Annotated[
        Path, typer.Option(metavar="FOLDER", help="A transformers checkpoint, in safetensors.")
    ],
    data: Annotated[
        Path, typer.Option(metavar="FILE", help="Images and captions, in Karpathy's JSON format.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the encodings are saved.")],
    images: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of the images; none for texts alone.")
    ] = None,
    split: Annotated[str, typer.Option(help="The split that is encoded.")] = "test",
    batch: Annotated[int, typer.Option(min=1, max=65536, help="Items at once.")] = 64,
    dtype: Annotated[
        Dtype, typer.Option(help="Of mixed precision; float32: none.")
    ] = Dtype.float32,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    workers: Annotated[int, typer.Option(min=0, max=256, help="Processes that read images.")] = 0,
    rerank: Annotated[
        int, typer.Option(min=0, metavar="K", help="Candidates that a matching head scores.")
    ] = 0,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out images that cannot be read.")
    ] = False,
) -> None:
    """Encode a data set with your own checkpoint: CLIP, SigLIP, ALIGN, BLIP, sentence encoders, ...

    Nothing is downloaded and no code of a checkpoint is run. A killed run takes up where it
    stopped. What it writes is read by `fico evaluate --encodings` and `fico compare`.
    """
    from fico_lib.encoders.run import How, encode_checkpoint
    from fico_lib.runtime.files import check_writable

    check_writable(out / "encodings.json", "--out")
    how = How(split, batch, dtype.value, device, workers, skip_broken, rerank)
    report = encode_checkpoint(checkpoint, data, images, out, how)
    console = Console(stderr=True, soft_wrap=True)
    for image_id, why in report.skipped.items():
        console.print(f"skipped: image {image_id}: {why}", markup=False)
    if report.resumed:
        console.print(f"{report.resumed} pieces were kept from an earlier run", markup=False)
    if report.cut:
        console.print(f"{report.cut} captions are longer than the model reads and were cut")
    for step, rate in report.rates().items():
        console.print(f"{step}: {report.items[step]:,}, {rate:,.1f} per second", markup=False)
    print(out)
