"""How to train: the ``[training]`` table of a recipe."""

from __future__ import annotations

import math
from typing import Literal

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.data.masking import MaskingConfig
from atento.training.guided_alignment import GuidedAlignmentConfig

Keep = Literal["last", "best", "average", "ema"]
Metric = Literal["loss", "bleu", "chrf", "accuracy", "macro_f1"]
BUDGETS = ("steps", "epochs", "tokens", "minutes")
BUDGET_KEYS = (*BUDGETS, "min_steps")
"""What another budget takes the place of."""


class TrainingConfig(Configuration, frozen=True, kw_only=True):
    """Budget, batches, optimiser, schedule, validation, and which weights the bundle gets.

    Raises:
        ConfigurationError: a value out of its range, or no budget.
    """

    steps: int | None = None
    """The budget in steps. Of several budgets the first that is reached ends the run; there must be one."""
    epochs: float | None = None
    """The budget in passes over the training data."""
    tokens: int | None = None
    """The budget in target tokens read, as often as they are read."""
    minutes: float | None = None
    """The budget in the loop's own time, validation included, over all its resumptions."""
    min_steps: int | None = None
    """The budget lasts for so many steps at least: with minutes, a slow machine takes longer and learns as much."""
    seed: int = 1
    """It determines the first weights, the held-out part, the order of the data, dropout and masks."""
    batch_tokens: int = 4096
    """Sentences × longest side of a batch, in tokens, at most."""
    accumulate: int = 1
    """Batches whose gradients make one step."""
    learning_rate: float = 1e-3
    """At its peak, after warm-up."""
    warmup_steps: int = 400
    """Steps over which the learning rate rises to its peak."""
    schedule: Literal["inverse-square-root", "cosine", "linear", "constant"] = "cosine"
    """After warm-up: peak · √(warmup / step); or down to ``final_learning_rate`` of the peak along a cosine or a line
    over what is left of the budget; or the peak throughout."""
    final_learning_rate: float = 0.01
    """Where cosine and linear schedules end, as a fraction of the peak."""
    betas: tuple[float, float] = (0.9, 0.98)
    """AdamW's decay of the gradient's average and of its square's."""
    epsilon: float = 1e-9
    """AdamW's, added to the root that it divides by."""
    weight_decay: float = 0.01
    """AdamW's; of matrices only."""
    clip_norm: float = 1.0
    """The gradient's greatest norm; 0: no clipping."""
    label_smoothing: float = 0.1
    """The share of probability that the loss wants spread over the whole vocabulary, or over all classes; 0 where the
    recipe of a language model or classifier does not speak of it."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """``auto`` takes bfloat16 where the processor computes in it; what was taken is stored with the run."""
    validate_every: int = 500
    """Steps between validations; each is also a checkpoint."""
    validation_sentences: int = 500
    """Sentences that a validation translates (greedily) for BLEU and chrF; its loss takes all. 0: none."""
    log_every: int = 50
    """Steps between lines of ``metrics.jsonl``."""
    save_every_minutes: float = 5.0
    """Extra resume points between validations; they influence nothing else. 0: none."""
    keep: Keep = "best"
    """The bundle's weights: the last step's, the best validation's, the average of the last ``average`` validations',
    or an exponential moving average."""
    keep_metric: Metric = "loss"
    """What ``best`` and early stopping look at."""
    average: int = 5
    """The last so many validations, whose weights ``keep = "average"`` averages."""
    ema_decay: float = 0.999
    """Of the moving average: what it keeps of itself at every step."""
    patience: int | None = None
    """Stop after so many validations without a better one."""
    max_skipped_steps: int = 20
    """Stop when so many steps in a row had a loss or gradient that is not finite."""
    guided_alignment: GuidedAlignmentConfig | None = None
    """Train attention on the training corpora's word links, too; None: not."""
    masking: MaskingConfig | None = None
    """What a masked language model must find again; None: BERT's usual 15 %."""

    def __post_init__(self) -> None:
        if all(getattr(self, name) is None for name in BUDGETS):
            names = ", ".join(f"training.{name}" for name in BUDGETS)
            raise ConfigurationError(f"training has no budget; give one of {names}")
        for name in (*BUDGETS, "learning_rate", "epsilon"):
            value = getattr(self, name)
            _require(name, value, value is None or 0 < value < math.inf, "give a number above 0")
        least, most = self.min_steps, self.steps
        _require("min_steps", least, least is None or least >= 1, "give 1 or more")
        fits = least is None or most is None or least <= most
        _require("min_steps", least, fits, f"it is more than training.steps = {most}")
        whole = ("batch_tokens", "accumulate", "validate_every", "log_every", "average", "max_skipped_steps")
        for name in whole:
            _require(name, getattr(self, name), getattr(self, name) >= 1, "give 1 or more")
        for name in ("warmup_steps", "validation_sentences", "save_every_minutes", "weight_decay", "clip_norm", "seed"):
            _require(name, getattr(self, name), getattr(self, name) >= 0, "give 0 or more")
        _require("seed", self.seed, self.seed < 2**63, "give a number below 2 to the power of 63")
        for name in ("label_smoothing", "ema_decay", "final_learning_rate"):
            _require(name, getattr(self, name), 0 <= getattr(self, name) < 1, "give at least 0 and below 1")
        _require("betas", self.betas, all(0 <= beta < 1 for beta in self.betas), "give two numbers from 0 to below 1")
        _require("patience", self.patience, self.patience is None or self.patience >= 1, "give 1 or more")
        if self.keep_metric in ("bleu", "chrf"):
            advice = f"keep_metric = {self.keep_metric!r} needs some"
            _require("validation_sentences", self.validation_sentences, self.validation_sentences > 0, advice)


def _require(name: str, value: object, fits: bool, advice: str) -> None:
    if not fits:
        raise ConfigurationError(f"training.{name} = {value!r} is out of range: {advice}")
