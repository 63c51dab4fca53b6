"""The model that puts comments into numbers, if the operator names one; it runs on this machine.

Off unless `EMPTYCHAIR_EMBEDDINGS` is set. Nothing leaves: a folder is read as it is, and the
name of a model has its files brought here once.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

Embedder = Callable[[Sequence[str]], NDArray[np.float32]]

AT_ONCE: Final = 32  # comments that the model looks at together
_MARKS: Final = ("modules.json", "config.json")  # one of them is in every model's folder
_EXTRA: Final = "sentence_transformers"
_LARGEST_DESCRIPTION: Final = 100_000  # bytes; what is larger counts by its size


class EmbeddingError(Exception):
    """The model cannot be used; the message says why and what to do."""


def model_in_force() -> str:
    """Return the name under which vectors are stored, blank while comments have none.

    That of a folder tells what is in it: another model in the same place is another model.
    """
    asked = settings.EMBEDDINGS
    return _mark(_folder(asked)) if asked and is_folder(asked) else asked[:120]


def is_folder(asked: str) -> bool:
    """Return whether a setting means a folder rather than the name of a model."""
    return asked.startswith((".", "~", "/")) or _folder(asked).is_dir()


def trouble() -> str:
    """Return why comments cannot have vectors, as one sentence; blank if they can, or need not."""
    asked = settings.EMBEDDINGS
    if not asked:
        return ""
    if importlib.util.find_spec(_EXTRA) is None:
        return (
            "EMPTYCHAIR_EMBEDDINGS is set, but sentence-transformers is not installed: run"
            ' pip install "emptychair[embeddings]", or leave the setting empty. Themes go on by'
            " their words."
        )
    if is_folder(asked) and not any((_folder(asked) / name).is_file() for name in _MARKS):
        return (
            f"EMPTYCHAIR_EMBEDDINGS is {asked!r}, and no sentence-transformers model lies there:"
            " name the folder with its modules.json, or leave the setting empty. Themes go on by"
            " their words."
        )
    return ""


def load() -> Embedder:
    """Return what makes vectors of unit length from texts; the model is kept once it is loaded.

    Raises:
        EmbeddingError: the extra is not installed, or there is no such model.
    """
    said = trouble()
    if said:
        raise EmbeddingError(said)
    return _loaded(settings.EMBEDDINGS, model_in_force())


@lru_cache(maxsize=1)
def _loaded(asked: str, _: str) -> Embedder:
    from sentence_transformers import SentenceTransformer

    place = str(_folder(asked)) if is_folder(asked) else asked
    try:
        model: Any = SentenceTransformer(place, device="cpu", local_files_only=is_folder(asked))
    except Exception as error:  # whatever a library or a damaged file may raise
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise EmbeddingError(
            f"The model {asked!r} of EMPTYCHAIR_EMBEDDINGS cannot be loaded: {first[:200]}"
        ) from error

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        made: NDArray[np.float32] = model.encode(
            list(texts), batch_size=AT_ONCE, normalize_embeddings=True, show_progress_bar=False
        )
        return made

    return embed


def _folder(asked: str) -> Path:
    return Path(asked).expanduser()


def _mark(folder: Path) -> str:
    told = hashlib.md5(usedforsecurity=False)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        told.update(f"{path.relative_to(folder)}|{size}|".encode())
        if size <= _LARGEST_DESCRIPTION:
            told.update(path.read_bytes())
    return f"{folder.resolve().name[:80]}:{told.hexdigest()[:16]}"
