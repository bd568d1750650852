"""What a walk goes through: a translator, a writer or a reader, and the texts that it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from atento.applications.passages import Passage, to_read, to_translate, to_write
from atento.applications.reader import Reader
from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.bundle import AnyBundle
from atento.core.configuration import tag_of
from atento.core.errors import DataError
from atento.decoding.configuration import NO_SAMPLING, DecodingConfig
from atento.figures.attention import Role
from atento.inspection.walks.draft import inputs_side, side
from atento.inspection.walks.record import About, Family, Side
from atento.models.bert import BertConfig
from atento.models.gpt import GPTConfig
from atento.models.passes import Pass, listen
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, RecurrentConfig
from atento.models.transformer import StackConfig, TransformerConfig
from atento.nn.capture import Kind as Reported

Subject = Translator | Writer | Reader

LONGEST = 100
"""Tokens of a text, at most: a walk holds every number, and nobody looks at more."""
MOST_CHARACTERS = 10_000
"""Characters of a text, at most: more need not be cut into tokens to be refused."""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is read and written, as ids."""

    source: Passage | None
    target: Passage | None

    def pass_through(self, bundle: AnyBundle, *kinds: Reported) -> Pass:
        """Read them while listening."""
        source = None if self.source is None else self.source.ids
        return listen(bundle.model, kinds, source=source, inputs=self.inputs(bundle))

    def inputs(self, bundle: AnyBundle) -> tuple[int, ...] | None:
        """What the decoder reads."""
        return None if self.target is None else self.target.inputs(bundle.vocabulary)

    def sides(self, bundle: AnyBundle) -> dict[str, Side | None]:
        """For the record."""
        inputs = self.inputs(bundle)
        return {
            "source": None if self.source is None else side(bundle.source_tokenizer, self.source),
            "target": None if self.target is None else side(bundle.target_tokenizer, self.target),
            "inputs": None
            if self.target is None or inputs is None
            else inputs_side(bundle.target_tokenizer, self.target, inputs),
        }


def read(subject: Subject, text: str) -> Texts:
    """What the model reads of a text: a translator's source, what a writer is forced to write, or a reader's text.

    Raises:
        DataError: the text is empty or too long.
    """
    _check(text, "the text")
    match subject:
        case Translator():
            return Texts(source=_short(to_translate(subject.bundle, [text])[0], "the text"), target=None)
        case Writer():
            return Texts(source=None, target=_short(to_write(subject.bundle, [text])[0], "the text"))
        case Reader():
            return Texts(source=_short(to_read(subject.bundle, [text])[0], "the text"), target=None)


def translated(translator: Translator, text: str, target: str | None) -> Texts:
    """A source with a given translation, or with the one that greedy search finds.

    Raises:
        DataError: a text is empty or too long.
    """
    source = read(translator, text).source
    found = _greedy(translator, text) if target is None else forced(translator, target)
    return Texts(source=source, target=found)


def forced(translator: Translator, target: str) -> Passage:
    """A given translation, as the decoder would write it.

    Raises:
        DataError: it is empty or too long.
    """
    _check(target, "the translation")
    bundle = translator.bundle
    passage = Passage.of_text(bundle.target_tokenizer, target, after=(bundle.vocabulary.eos,))
    most = bundle.model.max_length
    if most is not None and len(passage.ids) > most:
        raise DataError(
            f"the translation has {len(passage.ids)} tokens, and this model writes at most {most}: shorten it"
        )
    return _short(passage, "the translation")


def written(writer: Writer, prompt: str) -> Texts:
    """A prompt with what greedy search writes after it.

    Raises:
        DataError: the prompt is empty or leaves no room.
    """
    _check(prompt, "the prompt")
    bundle = writer.bundle
    [given] = bundle.tokenizer.encode_batch([prompt])
    room = LONGEST - len(given)
    if room < 1:
        raise DataError(f"the prompt has {len(given)} tokens; a walk shows fewer than {LONGEST}: shorten it")
    [found] = writer.write(prompt, max_tokens=room, decoding=_greedily(bundle.decoding)).continuations
    passage = Passage.of_ids(bundle.tokenizer, (*given, *found.ids), given=len(given))
    return Texts(source=None, target=passage.as_read_by(bundle.vocabulary))


def read_by(subject: Subject, role: Role, text: str, target: str | None) -> Texts:
    """What a role has before it: a translator's decoder reads a translation, given or found; all others the text alone.

    Raises:
        DataError: a text is empty or too long.
    """
    if isinstance(subject, Translator) and role != "encoder":
        return translated(subject, text, target)
    return read(subject, text)


def about(subject: Subject, name: str) -> About:
    """What the record says of the model."""
    bundle = subject.bundle
    family: Family = tag_of(bundle.model_config)  # type: ignore[assignment]
    return About(name=name, family=family, settings=_settings(bundle))


def recurrent(bundle: AnyBundle) -> RecurrentConfig | None:
    """The configuration, if the model is recurrent."""
    match bundle.model_config:
        case RecurrentConfig() as config:
            return config
        case _:
            return None


def stack(bundle: AnyBundle) -> StackConfig | None:
    """The configuration, if the model is made of the Transformer's layers."""
    match bundle.model_config:
        case StackConfig() as config:
            return config
        case _:
            return None


def layers_of(bundle: AnyBundle) -> dict[Role, int]:
    """How many layers each role has: of a recurrent model's encoder and decoder, and one that looks at the source."""
    match bundle.model_config:
        case RecurrentConfig() as config:
            layers: dict[Role, int] = {"encoder": config.num_encoder_layers, "decoder": config.num_decoder_layers}
            return layers | {"cross": 1} if attends(config) else layers
        case TransformerConfig() as config:
            decoder = config.num_decoder_layers
            return {"encoder": config.num_encoder_layers, "decoder": decoder, "cross": decoder}
        case GPTConfig() as config:
            return {"decoder": config.num_layers}
        case BertConfig() as config:
            return {"encoder": config.num_layers}


def heads_of(bundle: AnyBundle) -> dict[Role, int]:
    """How many heads of attention a layer of each role has, where it has any."""
    match bundle.model_config:
        case RecurrentConfig() as config:
            return {"cross": 1} if attends(config) else {}
        case StackConfig() as config:
            return dict.fromkeys(layers_of(bundle), config.num_heads)


def attends(config: RecurrentConfig) -> bool:
    """Whether the decoder looks at the source's tokens."""
    return isinstance(config.attention, AdditiveAttentionConfig | LuongAttentionConfig)


def _settings(bundle: AnyBundle) -> dict[str, str | int | bool]:
    match bundle.model_config:
        case RecurrentConfig() as config:
            attention = config.attention
            found: dict[str, str | int | bool] = {
                "cell": config.cell,
                "bidirectional": config.bidirectional,
                "reverse_source": config.reverse_source,
                "bridge": config.bridge,
                "output": config.output,
                "attention": tag_of(attention),
            }
            if isinstance(attention, LuongAttentionConfig):
                found |= {"score": attention.score, "window": attention.window, "half_width": attention.half_width}
                found |= {"input_feeding": attention.input_feeding}
            return found
        case StackConfig() as config:
            return {
                "layer_norm": config.layer_norm,
                "norm": config.norm,
                "position": config.position,
                "activation": config.activation,
                "model_size": config.model_size,
                "num_heads": config.num_heads,
                "key_size": config.head_key_size,
            }


def _greedy(translator: Translator, text: str) -> Passage:
    found = translator.translate(text, decoding=_greedily(translator.bundle.decoding)).candidates[0]
    return Passage.of_ids(translator.bundle.target_tokenizer, found.ids)


def _greedily(settings: DecodingConfig) -> DecodingConfig:
    """Search as it is set, but for the most probable token at each step."""
    longest = min(settings.max_length, LONGEST)
    return msgspec.structs.replace(
        settings,
        beam_size=1,
        n_best=1,
        replace_unknown=False,
        max_length=longest,
        min_length=min(settings.min_length, longest),
        **NO_SAMPLING,
    )


def _check(text: str, what: str) -> None:
    if not text.strip():
        raise DataError(f"{what} is empty; give a sentence")
    if len(text) > MOST_CHARACTERS:
        raise DataError(f"{what} has {len(text):,} characters; a walk shows one sentence: shorten it")


def _short(passage: Passage, what: str) -> Passage:
    if len(passage.ids) > LONGEST:
        raise DataError(
            f"{what} has {len(passage.ids)} tokens with the special ones, and a walk shows at most {LONGEST}: "
            "shorten it"
        )
    return passage
