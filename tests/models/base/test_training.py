import numpy as np
import pytest
import torch
from torch import nn

from fico_lib.models.base import training
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import CaptionPicker, DivergedError, batches, train

CPU = torch.device("cpu")


def test_each_image_gets_one_of_its_own_captions():
    image_of_caption = np.array([2, 0, 2, 1, 2, 0])
    pick, rng = CaptionPicker(image_of_caption), np.random.default_rng(0)
    images = np.repeat(np.arange(3), 200)
    picked = pick(images, rng)
    assert (image_of_caption[picked] == images).all()
    assert set(picked) == set(range(6))  # every caption gets its turn


def test_a_pass_shows_every_image_once(splits):
    split = splits[0]
    passed = list(batches(split, 32, np.random.default_rng(0), CPU))
    assert [len(batch.rows) for batch in passed] == [32] * 3
    rows = torch.cat([batch.rows for batch in passed]).numpy()
    assert sorted(rows) == list(range(96))
    batch = passed[0]
    assert np.array_equal(batch.regions.numpy(), split.regions[batch.rows.numpy()])
    assert batch.labels.dtype == torch.float32
    assert batch.tokens.shape[1] == batch.lengths.max()


def test_a_batch_larger_than_the_data_is_all_of_it(splits):
    assert [len(b.rows) for b in batches(splits[1], 999, np.random.default_rng(0), CPU)] == [24]


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


def run(split, loss_of, score, line=None, **parameters):
    line = line or Line()
    settings = TrainingParameters(**{"batch_size": 32} | parameters)
    curve = train("line", line, split, loss_of(line), score(line), settings, 0, CPU)
    return line, curve


def rising(line):
    """A loss that makes the value rise all the time."""
    return lambda batch: -line.value


def scripted(values, seen=None):
    """Scores in the order given, whatever the value; `seen` collects the values."""
    scores = iter(values)

    def score_of(line):
        def score():
            if seen is not None:
                seen.append(line.value.item())
            return next(scores)

        return score

    return score_of


EVERY_2 = {"validation_interval": 2, "patience": 4}


def test_the_best_weights_are_kept(splits):
    values = []
    score = scripted([1.0, 5.0, 2.0, 3.0], values)
    line, curve = run(splits[0], rising, score, max_steps=8, validation_interval=2)
    assert values == sorted(values)
    assert line.value.item() == values[1]
    assert [row["step"] for row in curve] == [2, 4, 6, 8]
    assert [row["score"] for row in curve] == [1, 5, 2, 3]


def test_the_first_plateau_lowers_the_rate_and_the_second_ends(splits):
    """Best at step 4; four steps without a rise; a new best at 12; four more steps end it."""
    values = []
    score = scripted([1, 5, 2, 3, 4, 6, 6, 1], values)
    line, curve = run(splits[0], rising, score, **EVERY_2, max_steps=20, learning_rate=0.1)
    assert [row["step"] for row in curve] == [2, 4, 6, 8, 10, 12, 14, 16]
    rates = [row["learning_rate"] for row in curve]
    assert rates == pytest.approx([0.1] * 4 + [0.01] * 4)
    assert values[4] < values[3]  # it went back to the best weights
    assert values[4] - values[1] == pytest.approx(2 * 0.01, rel=0.05)
    assert line.value.item() == values[5]  # an equal score is no rise


def test_the_second_plateau_counts_from_the_return(splits):
    score = scripted([5, 1, 1, 1, 1])
    _, curve = run(splits[0], rising, score, **EVERY_2, max_steps=20)
    assert len(curve) == 5
    assert curve[-1]["learning_rate"] == pytest.approx(curve[0]["learning_rate"] / 10)


def test_the_last_step_is_validated(splits):
    _, curve = run(splits[0], rising, scripted([1, 2]), max_steps=7, validation_interval=4)
    assert [row["step"] for row in curve] == [4, 7]


def test_the_rate_rises_in_the_first_tenth(splits):
    """AdamW's first steps are as long as the rate."""
    values = []
    score = scripted(range(20), values)
    run(splits[0], rising, score, max_steps=20, validation_interval=1, learning_rate=0.1,
        weight_decay=0.0)  # fmt: skip
    lengths = np.diff([0.0, *values])
    assert lengths == pytest.approx([0.05] + [0.1] * 19, rel=1e-3)


def test_the_loss_of_the_curve_is_a_mean_since_the_last_validation(splits):
    losses = iter([1.0, 2.0, 3.0, 5.0])
    _, curve = run(
        splits[0],
        lambda line: lambda batch: 0 * line.value + next(losses),
        scripted([1, 2]),
        max_steps=4,
        validation_interval=2,
    )
    assert [row["loss"] for row in curve] == [1.5, 4]


def test_passes_follow_each_other(splits):
    """96 images in batches of 32: a pass is over after three steps, and then comes the next."""
    order = []

    def loss_of(line):
        def loss(batch):
            order.append(tuple(batch.rows.tolist()))
            return line.value**2

        return loss

    line, settings = Line(), TrainingParameters(batch_size=32, max_steps=7)
    train("line", line, splits[0], loss_of(line), lambda: 0.0, settings, 0, CPU,
          lambda: order.append("pass"))  # fmt: skip
    assert [i for i, entry in enumerate(order) if entry == "pass"] == [3, 7]
    first, second = ([row for rows in order[i : i + 3] for row in rows] for i in (0, 4))
    assert sorted(first) == sorted(second) == list(range(96))
    assert first != second


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_names_model_and_step(splits, bad):
    steps = iter([1.0, 1.0, 1.0, 1.0, bad])
    with pytest.raises(DivergedError, match=rf"model 'line' diverged: its loss is {bad} at step 5"):
        run(splits[0], lambda line: lambda batch: line.value * 0 + next(steps), scripted([]))


def test_an_interrupt_ends_training_at_once(splits):
    steps = []

    def loss_of(line):
        def loss(batch):
            steps.append(1)
            if len(steps) == 4:
                raise KeyboardInterrupt
            return line.value**2

        return loss

    with pytest.raises(KeyboardInterrupt):
        run(splits[0], loss_of, scripted([]))
    assert len(steps) == 4


@pytest.mark.parametrize("max_steps", [1, 2, 9, 10, 11])
def test_any_number_of_steps_will_do(splits, max_steps):
    line, curve = run(
        splits[0], lambda n: lambda _: (n.value - 1) ** 2, scripted([1]), max_steps=max_steps
    )
    assert torch.isfinite(line.value).all()
    assert curve[-1]["step"] == max_steps


def test_progress_tells_the_best_score(splits, monkeypatch):
    told = []

    def track(items, what):
        for item in items:
            yield item
            told.append(what())

    monkeypatch.setattr(training, "track", track)
    run(splits[0], rising, scripted([1.5, 3.25]), max_steps=4, validation_interval=2)
    assert told == ["training line"] + ["training line, best score 1.5"] * 2 + [
        "training line, best score 3.25"
    ]
