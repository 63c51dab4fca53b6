"""Answers whose true effects are known: latent attitude, ratings on five steps."""

from typing import Any

import numpy as np


def answers(
    n: int,
    effects: Any,
    *,
    seed: int = 1,
    segments: int = 1,
    missing: float = 0.0,
    noise: float = 1.5,
) -> dict[str, Any]:
    """Return columns of answers; `effects` is per driver, or per segment and driver."""
    rng = np.random.default_rng(seed)
    effects = np.atleast_2d(np.asarray(effects, dtype=float))
    p = effects.shape[1]
    shared = rng.normal(size=(n, 1)) * 0.5
    ratings = np.clip(np.rint(3.5 + shared + rng.normal(size=(n, p))), 1, 5)
    segment = rng.integers(0, segments, n)
    pull = effects[segment % len(effects)]
    attitude = 7.5 + ((ratings - 3.5) * pull).sum(axis=1) + rng.normal(size=n) * noise
    left_out = rng.random((n, p)) < missing
    columns: dict[str, Any] = {
        "response_id": [f"r{i}" for i in range(n)],
        "score": np.clip(np.rint(attitude), 0, 10).astype("int8").tolist(),
        "segment": [f"s{i}" for i in segment],
    }
    for j in range(p):
        columns[f"rating_d{j}"] = [
            None if gone else int(value)
            for value, gone in zip(ratings[:, j], left_out[:, j], strict=True)
        ]
    return columns
