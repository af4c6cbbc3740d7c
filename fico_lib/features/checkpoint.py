"""Where a vision checkpoint lies and which files it has (nothing heavy is imported here)."""

from pathlib import Path

from fico_lib.runtime.errors import InputError

CONFIGURATION = ("config.json", "preprocessor_config.json")


def checkpoint_folder(checkpoint: str, root: Path | None) -> Path:
    """The checkpoint's folder; a relative path starts at the data root, where there is one."""
    return (root or Path()).expanduser() / Path(checkpoint).expanduser()


def checkpoint_files(folder: Path) -> list[Path]:
    """The files that features depend on; InputError unless `folder` holds a vision checkpoint."""
    for name in CONFIGURATION:
        if not (folder / name).is_file():
            raise InputError(
                f"features.checkpoint: {folder / name} is missing; expected a folder of a "
                f"transformers vision model with {', '.join(CONFIGURATION)} and model.safetensors"
            )
    weights = sorted(folder.glob("*.safetensors*"))
    if not weights:
        raise InputError(
            f"features.checkpoint: no *.safetensors file in {folder}; weights in other formats "
            "are not read, because loading them may run code"
        )
    return [*(folder / name for name in CONFIGURATION), *weights]
