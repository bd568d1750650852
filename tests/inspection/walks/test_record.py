"""The record goes to JSON and back, says what is wrong with one that does not fit, and refuses what it cannot show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from atento.core.errors import AtentoError, ConfigurationError, DataError
from atento.inspection.walks import Walk, walk, walks_of
from atento.inspection.walks.equations import EQUATIONS
from atento.inspection.walks.record import AXES, Action, Array, Kind
from atento.models.weights import weights

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "studio" / "walks.md"
FAMILIES = ("lstm", "luong-concat-local-p-fed", "cho", "pre", "rotary", "llama", "bert")


def every_walk(tiny: ModuleType) -> list[Walk]:
    return [
        walk(tiny.subject(name), kind, tiny.TEXT, name=name)
        for name in FAMILIES
        for kind in walks_of(tiny.subject(name)).walks
    ]


def test_walks_go_to_json_and_back(tiny: ModuleType) -> None:
    kinds = set()
    for made in every_walk(tiny):
        text = made.to_json()
        assert Walk.from_json(text) == made
        assert Walk.from_json(text.encode()).to_json() == text
        plain = json.loads(text)
        assert (plain["format"], plain["version"], plain["kind"]) == ("atento.walk", 1, made.kind)
        assert "null" not in json.dumps([plain["frames"], plain["arrays"]]), "a number that JSON cannot say"
        kinds.add(made.kind)
    assert kinds == set(get_args(Kind))


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=1, max_dims=3, max_side=4),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_numbers_are_float32_in_full_precision(values: Any) -> None:
    axes = list(AXES)[: values.ndim]
    array = Array.of(values, *axes)
    again = msgspec.json.decode(msgspec.json.encode(array), type=Array)
    assert again.numbers.dtype == np.float32
    assert np.array_equal(again.numbers, values)
    assert Array.of(torch.from_numpy(values), *axes) == array


def test_what_is_not_finite_is_refused() -> None:
    for value in (np.inf, np.nan):
        with pytest.raises(DataError, match="not finite"):
            Array.of(np.array([1.0, value]), "source")
    with pytest.raises(ValueError, match="axes"):
        Array.of(np.zeros((2, 2)), "source", "sauce")


def test_a_walk_that_does_not_fit_is_refused_in_one_line(tiny: ModuleType) -> None:
    made = walk(tiny.subject("pre"), "encoding", tiny.TEXT)
    record = json.loads(made.to_json())

    def changed(**changes: Any) -> str:
        return json.dumps(record | changes)

    frame = record["frames"][0]
    odd = {**frame, "values": {"vectors": {"type": "part", "array": "vectors.0", "at": [99]}}}
    nowhere = {**frame, "values": {"vectors": {"type": "part", "array": "vectors.99", "at": []}}}
    short = {**record["arrays"], "vectors.0": {**record["arrays"]["vectors.0"], "data": [1.0]}}
    for text, message in {
        "{": "walk.json is no walk through a model",
        b'{"format": "\xff"}': "walk.json is no walk through a model",
        made.to_json().encode().replace(b'"kind":"', b'"kind":"\xff', 1): "walk.json is a damaged walk",
        "[]": "walk.json is no walk through a model",
        json.dumps({"format": "atento.attention", "version": 1}): "the format 'atento.attention' version 1",
        changed(version=2): "reads 'atento.walk' version 1",
        changed(kind="stroll"): "walk.json is a damaged walk",
        changed(frames=[{**frame, "name": "dance"}]): "walk.json is a damaged walk",
        changed(frames=[odd]): "value 'vectors' of frame 0 is no part of an array",
        changed(frames=[nowhere]): "value 'vectors' of frame 0 is no part of an array",
        changed(arrays=short): r"array 'vectors\.0' has 1 numbers of the shape",
    }.items():
        with pytest.raises(DataError, match=message) as caught:
            Walk.from_json(text, where="walk.json")
        assert "\n" not in str(caught.value)


def refusals(tiny: ModuleType) -> list[tuple[str, type[AtentoError], str, dict[str, Any]]]:
    """Model, error, message, and what is asked in the place of a plain text."""
    long = " ".join(["vida"] * 120)
    return [
        ("lstm", DataError, "the text is empty", {"text": " \n"}),
        ("bert", DataError, "the text is empty", {"kind": "encoding", "text": ""}),
        ("llama", DataError, "the prompt is empty", {"kind": "generation", "text": ""}),
        ("lstm", DataError, "the text has 1[0-9][0-9] tokens .* at most 100", {"text": long}),
        ("lstm", DataError, "the text has 12,000 characters", {"text": "a vida bela " * 1000}),
        ("learned", DataError, "at most 40: shorten it", {"kind": "encoding", "text": " ".join(["vida"] * 60)}),
        (
            "learned",
            DataError,
            "the translation has .* at most 40",
            {"kind": "decoding", "target": " ".join(["vida"] * 60)},
        ),
        ("lstm", DataError, "the translation is empty", {"kind": "attention", "target": " "}),
        ("llama", DataError, "the prompt has 1.. tokens", {"kind": "generation", "text": long}),
        ("lstm", DataError, "no step 99", {"kind": "attention", "position": 99}),
        ("pre", DataError, "no position 99", {"kind": "head", "position": 99}),
        ("pre", DataError, "no position -1", {"kind": "block", "position": -1}),
        ("cho", ConfigurationError, "no walk 'attention'; it has: reading, generation$", {"kind": "attention"}),
        ("lstm", ConfigurationError, "no walk 'head'; it has: reading, generation, attention", {"kind": "head"}),
        ("pre", ConfigurationError, "no walk 'reading'; it has: generation, encoding", {}),
        ("bert", ConfigurationError, "no walk 'generation'", {"kind": "generation"}),
        ("bag", ConfigurationError, "no walk 'positions'", {"kind": "positions"}),
        ("lstm", ConfigurationError, "no walk 'heads'; did you mean 'head'", {"kind": "heads"}),
        ("lstm", ConfigurationError, "'reading' takes no layer", {"layer": 0}),
        ("pre", ConfigurationError, "no layer 2: the encoder has 2; give 0 to 1", {"kind": "head", "layer": 2}),
        ("llama", ConfigurationError, "no head 4: the decoder has 4", {"kind": "head", "head": 4}),
        (
            "llama",
            ConfigurationError,
            "'head' has no role 'cross' .* it has: decoder",
            {"kind": "head", "role": "cross"},
        ),
        ("pre", ConfigurationError, "'block' has no role 'cross'", {"kind": "block", "role": "cross"}),
        ("pre", ConfigurationError, "the encoder reads no target", {"kind": "head", "target": "a vida"}),
        ("bert", ConfigurationError, "translates nothing", {"kind": "head", "target": "a vida"}),
        ("pre", ConfigurationError, "only rotary positions", {"kind": "positions", "head": 0}),
        ("lstm", ConfigurationError, "top = 0", {"kind": "attention", "top": 0}),
    ]


def test_what_cannot_be_walked_is_refused_in_one_line(tiny: ModuleType) -> None:
    for name, error, message, options in refusals(tiny):
        asked = {"kind": "reading", "text": tiny.TEXT, **options}
        with pytest.raises(error, match=message) as caught:
            walk(tiny.subject(name), asked.pop("kind"), asked.pop("text"), **asked)
        assert "\n" not in str(caught.value)


def test_spans_are_bytes_of_the_users_text(tiny: ModuleType) -> None:
    for made in every_walk(tiny):
        for side in (made.source, made.target, made.inputs):
            if side is not None:
                assert len(side.tokens) == len(side.ids) == len(side.spans)
                raw = side.text.encode()
                for token, span in zip(side.tokens, side.spans, strict=True):
                    if span is not None:
                        assert raw[slice(*span)].decode().strip() == token.replace("▁", " ").strip()
        sides = (made.source, made.target)
        assert any(side is not None and side.text.startswith(tiny.TEXT) for side in sides)
        if made.target is not None and made.inputs is not None:
            assert made.inputs.ids[1:] == made.target.ids[:-1]


def test_walking_changes_nothing_and_leaves_no_listener(tiny: ModuleType) -> None:
    for name in FAMILIES:
        subject = tiny.subject(name)
        before = {key: value.clone() for key, value in weights(subject.bundle.model).items()}
        one = [walk(subject, kind, tiny.TEXT) for kind in walks_of(subject).walks]
        other = [walk(subject, kind, tiny.TEXT) for kind in walks_of(subject).walks]
        assert one == other
        assert all(torch.equal(value, before[key]) for key, value in weights(subject.bundle.model).items())
        assert all(getattr(module, "listener", None) is None for module in subject.bundle.model.modules())


def test_numbers_are_those_of_an_unheard_batch(tiny: ModuleType) -> None:
    """Read beside a longer text, padded, with nobody listening: the same distributions and first states."""
    for name in ("lstm", "rnn", "cho", "luong-concat-local-p-fed", "luong-location-local-m-unfed", "pre", "rotary"):
        translator = tiny.subject(name)
        model, vocabulary = translator.bundle.model, translator.bundle.vocabulary
        made = walk(translator, "generation", tiny.TEXT)
        assert made.source is not None
        assert made.inputs is not None
        source, inputs = (torch.zeros(2, 29, dtype=torch.long) for _ in range(2))
        source[0, : len(made.source.ids)] = torch.tensor(made.source.ids)
        source[1] = torch.randint(4, 40, (29,))
        inputs[0, : len(made.inputs.ids)] = torch.tensor(made.inputs.ids)
        inputs[1] = torch.randint(4, 40, (29,))
        assert vocabulary.pad == 0
        for grad in (False, True):
            with torch.set_grad_enabled(grad):
                memory = model.decoder.prepare(model.encoder(source, source != 0))
                hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory), valid=inputs != 0)
                probabilities = model.decoder.logits(hidden).softmax(-1)[0].detach()
            for frame in made.frames:
                for choice in frame.choices.get("free", ()):
                    assert frame.focus.token is not None
                    found = float(probabilities[frame.focus.token, choice.id])
                    assert found == pytest.approx(choice.probability, abs=2e-5)
            if name not in ("pre", "rotary"):
                reading = walk(translator, "reading", tiny.TEXT)
                starts = [reading.numbers(frame, "hidden") for frame in reading.frames if frame.name == "hand_over"]
                for start, state in zip(starts, memory.initial, strict=True):
                    np.testing.assert_allclose(start, state.hidden[0].detach().numpy(), atol=1e-5)


def rows(heading: str) -> dict[str, str]:
    """The rows of the documentation's table under a heading: first cell → second."""
    _, _, rest = DOCUMENTATION.read_text(encoding="utf-8").partition(f"## {heading}\n")
    section = rest.partition("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", section, flags=re.MULTILINE))


def test_the_documentation_names_every_equation_action_axis_and_kind() -> None:
    assert rows("Equations") == dict(EQUATIONS)
    assert rows("Axes") == dict(AXES)
    assert rows("Actions").keys() == set(get_args(Action))
    assert rows("Kinds").keys() == set(get_args(Kind))


def test_every_equation_action_and_axis_is_used(tiny: ModuleType) -> None:
    named: set[str] = set()
    actions: set[str] = set()
    axes: set[str] = set()
    luong = ("location-local-m-unfed", "dot-local-p-fed", "general-global-unfed", "concat-global-fed")
    others = [name for name in tiny.CONFIGS if not name.startswith("luong")]
    for name in (*others, *(f"luong-{each}" for each in luong)):
        subject = tiny.subject(name)
        has = walks_of(subject)
        for kind in has.walks:
            for role in has.roles.get(kind, (None,)):
                made = walk(subject, kind, tiny.TEXT, role=role)
                assert made.equations == tuple(dict.fromkeys(each for frame in made.frames for each in frame.equations))
                named |= set(made.equations)
                actions |= {frame.name for frame in made.frames}
                inline = (value for frame in made.frames for value in frame.values.values() if isinstance(value, Array))
                axes |= {axis for array in (*made.arrays.values(), *inline) for axis in array.axes}
    assert axes == AXES.keys()
    assert named == EQUATIONS.keys()
    assert actions == set(get_args(Action))
