"""What every published model offers here: it learns by gradient, then it encodes a split."""

from abc import abstractmethod

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.encoder import Encoder
from fico_lib.models.base.trained import Trained


class Model(Trained, Encoder):
    """A model that is trained from scratch and encodes images and texts independently.

    A subclass has a `card`, and says what its network is, its loss on a batch and its score on the
    validation split.
    """

    @abstractmethod
    def score(self, images, texts, val: FeatureSplit) -> float:
        """How good encodings of the validation split are, higher is better.

        images, texts: as `encode_images` and `encode_texts` give them.
        """

    def validation_score(self, val: FeatureSplit) -> float:
        """The score of the encodings of the validation split."""
        return self.score(self.encode_images(val), self.encode_texts(val), val)
