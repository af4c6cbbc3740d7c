"""A small captioner: a recurrent network that writes a sentence for a set of tags."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fico_lib.features.text import PADDING, UNKNOWN, Tokens, Vocabulary
from fico_lib.runtime.progress import track

BATCH, RATE = 128, 3e-3
INTERVAL, PATIENCE = 50, 3  # steps between looks at the validation split; looks without a gain
LONGEST = 20  # words of a written caption
END = PADDING  # what follows the last word


class _Network(nn.Module):
    """Tags -> first state of a GRU -> a word at a time."""

    def __init__(self, tags: int, words: int, width: int):
        super().__init__()
        self.start = nn.Linear(tags, width)
        self.words = nn.Embedding(words, width)
        self.memory = nn.GRU(width, width, batch_first=True)
        self.next = nn.Linear(width, words)

    def forward(self, tags, words):
        """Scores (n, longest, words) of each next word after the `words` (n, longest) so far."""
        state = torch.tanh(self.start(tags))[None]
        return self.next(self.memory(self.words(words), state)[0])


@dataclass(frozen=True)
class Captioner:
    """A trained captioner. steps: of training; perplexity: per word of the validation captions."""

    network: nn.Module
    vocabulary: Vocabulary
    n_tags: int
    steps: int
    perplexity: float

    @torch.inference_mode()
    def write(
        self, tags: Sequence[tuple[int, ...]], names: Sequence[str], samples: int, seed: int
    ) -> list[str]:
        """A caption for each set of tags: of some that are drawn, the one that names most of them.

        The likeliest caption alone would be a bland one that fits all images. The same tags get the
        same words, so a caption knows no more of the image than they do.
        names: of the tags; samples: captions drawn; of equals the likeliest is kept.
        """
        distinct = list(dict.fromkeys(tags))
        given = _many_hot(distinct, self.n_tags).repeat_interleave(samples, 0)
        numbers, likelihood = self._drawn(given, torch.Generator().manual_seed(seed))
        place = {word: row + 2 for row, word in enumerate(self.vocabulary.words)}
        tokens = np.array([place.get(name, UNKNOWN) for name in names])
        has = _many_hot([*numbers.tolist()], len(self.vocabulary)).numpy()
        has[:, UNKNOWN] = 0
        named = (has[:, tokens] * given.numpy()).sum(1).reshape(-1, samples)
        likelihood = likelihood.reshape(-1, samples)
        best = np.lexsort((likelihood, named), axis=1)[:, -1]
        kept = numbers.reshape(len(distinct), samples, -1)[np.arange(len(distinct)), best]
        written = dict(zip(distinct, map(self._words, kept), strict=True))
        return [written[one] for one in tags]

    def _drawn(self, given: torch.Tensor, generator) -> tuple[np.ndarray, np.ndarray]:
        """A caption for each row of tags: its words (n, LONGEST), and its log-likelihood (n,)."""
        state = torch.tanh(self.network.start(given))[None]
        word = torch.full((len(given), 1), END)
        written, total = [], torch.zeros(len(given))
        running = torch.ones(len(given), dtype=torch.bool)
        for _ in range(LONGEST):
            out, state = self.network.memory(self.network.words(word), state)
            scores = self.network.next(out[:, 0])
            scores[:, UNKNOWN] = -torch.inf
            chances = scores.log_softmax(1)
            word = torch.multinomial(chances.exp(), 1, generator=generator)
            word[~running] = END
            total += torch.where(running, chances.gather(1, word)[:, 0], 0)
            running &= word[:, 0] != END
            written.append(word[:, 0])
        return torch.stack(written, 1).numpy(), total.numpy()

    def _words(self, numbers: np.ndarray) -> str:
        ends = np.flatnonzero(numbers == END)
        kept = numbers[: ends[0] if len(ends) else LONGEST]
        return " ".join(self.vocabulary.words[number - 2] for number in kept)


def _many_hot(tags: Sequence[tuple[int, ...]], size: int) -> torch.Tensor:
    given = torch.zeros(len(tags), size)
    for row, numbers in enumerate(tags):
        given[row, list(numbers)] = 1
    return given


def _batch(tokens: Tokens, captions: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Words so far, and the next ones with the end: (n, longest + 1) int64 each."""
    rows = tokens.text_of_caption[captions]
    longest = int(tokens.lengths[rows].max())
    ids = torch.from_numpy(tokens.ids[rows][:, :longest].astype(np.int64))
    end = torch.full((len(ids), 1), END)
    return torch.cat([end, ids], 1), torch.cat([ids, end], 1)


def _loss(network: nn.Module, tags: torch.Tensor, tokens: Tokens, captions: np.ndarray):
    """The mean negative logarithm of the chance of each next word, the first end included."""
    before, after = _batch(tokens, captions)
    counted = torch.cat([torch.ones(len(after), 1, dtype=torch.bool), before[:, 1:] != END], 1)
    scores = network(tags, before)[counted]
    return functional.cross_entropy(scores, after[counted])


def train(
    tags: Sequence[tuple[int, ...]],
    captions: Sequence[str],
    image_of_caption: np.ndarray,
    held_out: tuple[Sequence[tuple[int, ...]], Sequence[str], np.ndarray],
    n_tags: int,
    width: int,
    most: int,
    seed: int,
) -> Captioner:
    """Learn sentences from tags until the held-out ones are no longer better predicted.

    tags: of each image; image_of_caption: (n_captions,); held_out: the same three of the validation
    split; most: steps.
    """
    vocabulary = Vocabulary.fit(captions, min_count=2)
    tokens = vocabulary.encode(captions, LONGEST)
    checked = vocabulary.encode(held_out[1], LONGEST)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = _Network(n_tags, len(vocabulary), width)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    rng = np.random.default_rng(seed)
    given = _many_hot(tags, n_tags)
    checked_tags = _many_hot(held_out[0], n_tags)[torch.from_numpy(held_out[2])]
    best, kept, since, steps = np.inf, {}, 0, 0
    for step in track(range(1, most + 1), "training the captioner"):
        chosen = rng.integers(0, len(captions), min(BATCH, len(captions)))
        rows = torch.from_numpy(image_of_caption[chosen])
        loss = _loss(network, given[rows], tokens, chosen)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % INTERVAL and step < most:
            continue
        with torch.inference_mode():
            value = float(_loss(network, checked_tags, checked, np.arange(len(held_out[1]))))
        since += 1
        if value < best:
            best, since, steps = value, 0, step
            kept = {name: array.clone() for name, array in network.state_dict().items()}
        if since >= PATIENCE:
            break
    network.load_state_dict(kept)
    return Captioner(network, vocabulary, n_tags, steps, float(np.exp(best)))
