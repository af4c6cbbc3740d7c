import numpy as np
import pytest
import torch
from torch import nn

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
    settings = TrainingParameters(**{"batch_size": 32, "epochs": 4} | parameters)
    best = train("line", line, split, loss_of(line), score(line), settings, 0, CPU)
    return line, best


def test_the_best_epoch_is_kept(splits):
    """The value rises all the time; the score is best after the second epoch."""
    line, scores, values = Line(), iter([1.0, 5.0, 2.0, 3.0]), []

    def score():
        values.append(line.value.item())
        return next(scores)

    run(splits[0], lambda line: lambda batch: -line.value, lambda line: score, line)
    assert values == sorted(values)
    assert line.value.item() == values[1]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_names_model_and_step(splits, bad):
    steps = iter([1.0, 1.0, 1.0, 1.0, bad])
    with pytest.raises(DivergedError, match=rf"model 'line' diverged: its loss is {bad} at step 5"):
        run(
            splits[0],
            lambda line: lambda batch: line.value * 0 + next(steps),
            lambda line: lambda: 0.0,
        )


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
        run(splits[0], loss_of, lambda line: lambda: 0.0)
    assert len(steps) == 4


@pytest.mark.parametrize("epochs", [1, 2, 9, 10, 11])
def test_any_number_of_steps_will_do(splits, epochs):
    """The schedule of the learning rate has no step at which it divides by zero."""
    one_step = {"epochs": epochs, "batch_size": 96}
    line, _ = run(
        splits[0], lambda n: lambda _: (n.value - 1) ** 2, lambda _: lambda: 0.0, **one_step
    )
    assert torch.isfinite(line.value).all()
