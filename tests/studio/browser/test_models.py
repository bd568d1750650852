"""The tabs Translate, Attention and Mechanics, as a person uses them; their numbers are the library's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.studio.browser.conftest import Open, Watched, serving

import atento
from atento.inspection.walks import walk

SOURCE = "a vida é bela"
TARGET = "la vida qué"


def saved(page: Page, name: str) -> Path:
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("dialog", name="Export").get_by_role("button", name=name).click()
    return Path(waiting.value.path())


def test_a_translation_is_the_library_s(go: Open, folder: Path) -> None:
    page = go("translate", model="runs/recurrent", source=SOURCE)
    expect(page.get_by_role("region", name="Candidates")).to_be_visible()
    found = atento.load(folder / "runs" / "recurrent").translate(SOURCE, beam_size=5, n_best=3)
    shown = json.loads(saved(page, "Candidates (JSON)").read_text(encoding="utf-8"))["candidates"]
    assert [each["text"] for each in shown] == [each.text for each in found.candidates]
    assert [each["score"] for each in shown] == pytest.approx([each.score for each in found.candidates])


def test_a_word_lights_what_it_is_aligned_with_both_ways(go: Open) -> None:
    page = go("translate", model="runs/recurrent", source=SOURCE)
    lines = page.locator(".line")
    expect(lines.first.get_by_role("button").first).to_be_visible()
    lines.last.get_by_role("button").first.hover()
    assert any(lines.first.locator("small").all_inner_texts())
    lines.first.get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("place=s0"))
    expect(lines.first.get_by_role("button", pressed=True)).to_have_count(1)
    page.get_by_role("heading", name="recurrent").click()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("place=s1"))
    page.get_by_text("Alignment of words").click()
    expect(page.get_by_role("region", name="Alignment of words").get_by_role("row")).not_to_have_count(1)


def test_two_models_side_by_side(go: Open) -> None:
    page = go("translate", model="runs/recurrent", second="runs/transformer", source=SOURCE)
    expect(page.get_by_role("region", name="Candidates")).to_have_count(2)


def test_a_model_without_attention_says_so(go: Open) -> None:
    page = go("translate", model="runs/plain", source=SOURCE)
    expect(page.get_by_text("no attention over the source")).to_be_visible()


def test_attention_s_table_is_the_library_s_matrix(go: Open, folder: Path) -> None:
    page = go("attention", model="runs/transformer", source=SOURCE, target=TARGET, units="pieces", layer="1", head="0")
    page.get_by_text("The same as a table").first.click()
    table = page.get_by_role("region", name="Attention weights")
    expect(table).to_be_visible()
    record = atento.load(folder / "runs" / "transformer").explain([SOURCE], [TARGET])[0]
    expected = record.matrix("cross", 1, 0)
    rows = table.locator("tbody tr").all()
    assert len(rows) == len(record.target)
    for row, values in zip(rows, expected, strict=True):
        cells = row.locator("td").all_inner_texts()
        assert [number(cell) for cell in cells] == pytest.approx(list(values), rel=1e-3, abs=1e-9)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def test_attention_by_keyboard_and_in_every_picture(go: Open) -> None:
    page = go("attention", model="runs/transformer", source=SOURCE, target=TARGET)
    expect(page.get_by_role("application")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("place=1"))
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile("head=0"))
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("layer=2"))
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".told")).to_contain_text("→")
    page.get_by_role("radio", name="Lines").check(force=True)
    expect(page.locator("path.line").first).to_be_attached()
    page.get_by_role("radio", name="All heads").check(force=True)
    expect(page.get_by_role("button", name="Layer 3, Head 2")).to_be_visible()
    page.get_by_role("button", name="Layer 2, Head 1").press("Enter")
    expect(page).to_have_url(re.compile("layer=1.*head=0"))


def test_gold_links_entropy_and_occlusion(go: Open) -> None:
    page = go("attention", model="runs/recurrent", source=SOURCE, target=TARGET, gold="0-0 1-1 2?2", occlusion="1")
    expect(page.get_by_text("Alignment error rate")).to_be_visible()
    expect(page.locator("rect.gold")).to_have_count(3)
    expect(page.get_by_role("heading", name="Entropy")).to_be_visible()
    expect(page.get_by_text("Occlusion: what each word")).to_be_visible()
    page.get_by_label("Links by hand").fill("0-99")
    expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize(("width", "beside"), [(1400, True), (390, False)])
def test_occlusion_stands_beside_attention(window: Callable[..., Watched], width: int, beside: bool) -> None:
    page = window(width=width).go("attention", model="runs/recurrent", source=SOURCE, target=TARGET, occlusion="1")
    pictures = page.get_by_role("application")
    expect(pictures).to_have_count(2)
    first, second = (picture.bounding_box() for picture in pictures.all())
    assert first is not None
    assert second is not None
    if beside:
        assert second["x"] >= first["x"] + first["width"]
        assert abs(second["y"] - first["y"]) < 30
    else:
        assert second["y"] >= first["y"] + first["height"]
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_the_two_pictures_are_linked(go: Open) -> None:
    page = go("attention", model="runs/recurrent", source=SOURCE, target=TARGET, occlusion="1")
    attention, occlusion = page.get_by_role("application").first, page.get_by_role("application").last
    expect(page.get_by_role("application")).to_have_count(2)
    attention.locator("rect.cell").nth(6).hover()
    expect(occlusion.locator(".linked")).to_have_count(1)
    expect(page.get_by_role("heading", name="What “vida” looks at")).to_be_visible()
    occlusion.locator("rect.cell").last.click()
    expect(page).to_have_url(re.compile(r"place=\d"))
    place = int(str(re.search(r"place=(\d+)", page.url)[1]))  # type: ignore[index]
    page.get_by_role("heading", name="Entropy").click()  # a picture that has the focus keeps the arrows for its cells
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(f"place={place - 1}"))


def test_keys_choose_a_map_among_all_heads(go: Open) -> None:
    page = go("attention", model="runs/transformer", source=SOURCE, target=TARGET, picture="grid", layer="1", head="0")
    expect(page.get_by_role("button", name="Layer 2, Head 1")).to_have_attribute("aria-current", "true")
    page.locator("body").press("]")
    expect(page.get_by_role("button", name="Layer 2, Head 2")).to_have_attribute("aria-current", "true")
    page.locator("body").press("ArrowUp")
    expect(page.get_by_role("button", name="Layer 3, Head 2")).to_have_attribute("aria-current", "true")


def test_pictures_are_saved_with_nothing_to_look_up(go: Open) -> None:
    page = go("attention", model="runs/recurrent", source=SOURCE)
    expect(page.get_by_role("application")).to_be_visible()
    svg = saved(page, "Picture (SVG)").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "var(--" not in svg
    assert "class=" not in svg
    assert not re.search(r"https?://(?!www\.w3\.org)", svg)
    assert saved(page, "Picture (PNG)").read_bytes().startswith(b"\x89PNG")


WALKS = [
    ("recurrent", "reading", {}),
    ("recurrent", "attention", {"position": "1", "target": TARGET}),
    ("recurrent", "generation", {"target": TARGET}),
    ("transformer", "head", {"layer": "1", "head": "1", "position": "2"}),
    ("transformer", "encoding", {}),
    ("transformer", "decoding", {"target": TARGET}),
    ("transformer", "block", {"layer": "1", "position": "1"}),
    ("transformer", "positions", {}),
    ("gpt", "head", {"position": "2"}),
    ("bert", "encoding", {}),
]


@pytest.mark.parametrize(("model", "kind", "options"), WALKS)
def test_every_frame_of_a_walk_is_drawn_with_the_library_s_numbers(
    go: Open, folder: Path, model: str, kind: str, options: dict[str, str]
) -> None:
    page = go("mechanics", model=f"runs/{model}", walk=kind, source=SOURCE, **options)
    expected = walk(LOAD[model](folder / "runs" / model), kind, SOURCE, **_asked(options))  # type: ignore[arg-type]
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("max", str(len(expected.frames) - 1))
    page.get_by_text("The same as a table").click()
    last = len(expected.frames) - 1
    shown = set()
    for place in [*range(min(12, last)), last]:  # walks over whole sentences repeat themselves
        if place == last:
            page.keyboard.press("End")
        elif place:
            page.get_by_role("button", name="Forward").click()
        expect(slider).to_have_value(str(place))
        shown.add(page.locator(".stage svg").get_attribute("aria-label"))
        _compare(page, expected, expected.frames[place])
    assert len(shown) > 1


def _asked(options: dict[str, str]) -> dict[str, object]:
    return {name: value if name == "target" else int(value) for name, value in options.items()}


LOAD: dict[str, Callable[..., object]] = {
    "recurrent": atento.load,
    "transformer": atento.load,
    "gpt": atento.load_writer,
    "bert": atento.load_reader,
}


def _compare(page: Page, record: object, frame: object) -> None:
    """The table twin's numbers of a frame's last value, as far as they are in sight, with the record's."""
    names = list(frame.values)  # type: ignore[attr-defined]
    if not names or frame.choices:  # type: ignore[attr-defined]
        return
    numbers = record.numbers(frame, names[-1])  # type: ignore[attr-defined]
    matrix = numbers.reshape(-1, numbers.shape[-1]) if numbers.ndim > 1 else numbers.reshape(-1, 1)
    rows = page.locator("details[open] tbody tr:not([aria-hidden])").all()[:6]
    for row, values in zip(rows, matrix, strict=False):
        cells = [number(cell) for cell in row.locator("td").all_inner_texts()]
        assert cells == pytest.approx(list(values), rel=1e-3, abs=1e-6)


def test_a_walk_is_walked_with_space_and_read_by_pointing(go: Open) -> None:
    page = go("mechanics", model="runs/recurrent", walk="attention", source=SOURCE)
    slider = page.get_by_role("slider")
    expect(slider).to_have_value("0")
    page.locator("body").press("Space")
    page.locator("body").press("Space")
    expect(slider).to_have_value("2")
    page.locator("body").press("Shift+Space")
    expect(slider).to_have_value("1")
    page.locator("body").press("End")
    expect(page.get_by_text("Next token").first).to_be_visible()
    page.locator(".stage image, .stage rect.cell").first.hover()
    expect(page.locator(".told")).to_contain_text("=")
    page.locator("body").press("ArrowRight")
    expect(page).to_have_url(re.compile("position=1"))


def test_frames_and_whole_walks_are_saved(go: Open, window: Callable[..., Watched], tmp_path: Path) -> None:
    page = go("mechanics", model="runs/recurrent", walk="attention", source=SOURCE, frame="3")
    expect(page.locator(".stage svg")).to_be_visible()
    svg = saved(page, "This frame (SVG)").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "var(--" not in svg
    assert saved(page, "This frame (PNG)").read_bytes().startswith(b"\x89PNG")
    whole = saved(page, "The whole walk (one HTML file)").read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:)""", whole)
    assert json.loads(saved(page, "The numbers (JSON)").read_text(encoding="utf-8"))["format"] == "atento.walk"
    file = tmp_path / "walk.html"
    file.write_text(whole, encoding="utf-8")
    other = window().page
    other.route("**/*", lambda route: route.continue_() if route.request.url == file.as_uri() else route.abort())
    other.goto(file.as_uri())
    expect(other.locator("section:visible svg")).to_have_count(1)
    other.keyboard.press("Space")
    expect(other.locator("output")).to_have_text(re.compile(r"^2 / "))


def test_where_there_is_no_model_training_is_offered(
    window: Callable[..., Watched], cache: Path, tmp_path: Path
) -> None:
    with serving(tmp_path, cache) as address:
        page = window(at=address).go("mechanics")
        expect(page.get_by_role("button", name="Train the demo’s model")).to_be_visible()
        page = window(at=address).go("tokens")  # never an empty page
        expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible(timeout=60_000)
