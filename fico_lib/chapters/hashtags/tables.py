"""What a reader of the chapter on hashtags sees as tables and sentences."""

import pandas as pd

from fico_lib.chapters.hashtags.results import HASHTAGS, LEARNED, SENTENCES, TEXTS, Found
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.table import Table, Text, bullets, interval_of, signed


def examples(found: Found) -> Table:
    """The texts of the first images."""
    rows = found.examples.set_index("image").T.reset_index(names="text")
    rows.columns = ["text", *(f"image {column}" for column in rows.columns[1:])]
    return Table(rows, "What is said of the first images of the test split.", words=rows.columns)


def texts(found: Found) -> Table:
    """How long, how varied and how telling each kind of text is."""
    titles = {
        "distinct_percent": "distinct (%)",
        "words_mean": "words",
        "known_percent": "words in the train captions (%)",
        "tags_named_percent": "tags that are named (%)",
        "labels_named_percent": "labels that are named (%)",
    }
    rows = found.texts.assign(
        **{name: found.texts[name].map(lambda v: f"{v:.1f}") for name in titles}
    )
    rows = rows[["text", *titles]].rename(columns=titles)
    return Table(rows, "One text of each kind for each image of the test split.", words=("text",))


def accuracy(found: Found, metric: str) -> Table:
    """A metric of each model on each kind of text."""
    rows = found.accuracy[found.accuracy["metric"] == metric]
    cells = rows.set_index(["model", "direction", "text"])
    lines = [
        {("", "model"): model}
        | {
            (title, text): interval_of(cells.loc[model, direction, text])
            for direction, title in DIRECTIONS.items()
            for text in TEXTS
        }
        for model in dict.fromkeys(rows["model"])
    ]
    chance = rows.groupby(["direction", "text"])["chance_percent"].first()
    lines.append(
        {("", "model"): "chance"}
        | {
            (title, text): f"{chance[direction, text]:.1f}"
            for direction, title in DIRECTIONS.items()
            for text in TEXTS
        }
    )
    return Table(
        pd.DataFrame(lines),
        f"{metric} (percent, 95 % interval) with one text per image, by the kind of text.",
        words=("model",),
    )


def orders(found: Found) -> Table:
    """How far the order of the models on a kind of text is that on sentences."""
    cells = found.orders.set_index(["text", "metric", "direction"])
    lines = [
        {("", "text"): text, ("", "metric"): metric}
        | {
            (title, "tau"): _tau(cells.loc[text, metric, direction])
            for direction, title in DIRECTIONS.items()
        }
        for text, metric in dict.fromkeys(
            zip(found.orders["text"], found.orders["metric"], strict=True)
        )
    ]
    return Table(
        pd.DataFrame(lines),
        f"Kendall's tau between the order of {len(found.models)} trained models on sentences and "
        "on another kind of text (95 % interval over images).",
        words=("text", "metric"),
    )


def _tau(row: pd.Series) -> str:
    return f"{row['kendall_tau']:.2f}\n[{row['low']:.2f}, {row['high']:.2f}]"


def gaps(found: Found) -> Table | Text:
    """The lead of the fine-grained models on each kind of text."""
    lines = []
    for text, words in TEXTS.items():
        line = {"text": text, "what": words}
        for metric in ("R@1", "mAP@N"):
            for direction in DIRECTIONS:
                gap = found.gap(text, direction, metric)
                if gap is None:
                    return Text("*Not run*: one of the two families has no model in this run.")
                line[f"{metric} {direction}"] = signed(gap.columns("gap_percent"), "\n")
        lines.append(line)
    frame = pd.DataFrame(lines)
    return Table(
        frame,
        "The mean of the fine-grained models minus that of the coarse-grained (points, 95 % "
        "interval, paired).",
        words=("text", "what"),
    )


def takeaways(found: Found) -> Text:
    """The sentences at the head of the chapter."""
    sentences, tags, written = (
        found.gap(text, "t2i", "R@1") for text in (SENTENCES, HASHTAGS, LEARNED)
    )
    tau = found.order(LEARNED, "t2i", "R@1")
    said = found.texts.set_index("text")
    lines = []
    if sentences is not None and tags is not None and written is not None:
        lines.append(
            "**How far fine-grained models are ahead depends on the texts.** From text to image "
            f"their mean R@1 is {sentences.value:+.1f} points from that of the codes on "
            f"sentences, {tags.value:+.1f} on hashtags and {written.value:+.1f} on captions "
            "generated from these."
        )
    if tau is not None:
        low, high = tau.interval()
        lines.append(
            "**The order of the models.** Between sentences and generated captions Kendall's tau "
            f"is {tau.value:.2f} [{low:.2f}, {high:.2f}]."
        )
    lines.append(
        "**A generated caption knows no more than its hashtags.** Of the texts "
        f"{said.loc[SENTENCES, 'distinct_percent']:.0f} % are distinct as sentences, "
        f"{said.loc[HASHTAGS, 'distinct_percent']:.0f} % as hashtags and "
        f"{said.loc[LEARNED, 'distinct_percent']:.0f} % as generated captions."
    )
    return bullets(lines)
