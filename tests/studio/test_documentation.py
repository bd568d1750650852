from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Route
from starlette.testclient import TestClient

from atento.studio import answers

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "studio" / "api.md"


def test_every_route_is_described_and_no_other(client: TestClient) -> None:
    written = set(re.findall(r"^`(GET|POST|DELETE) (/api/\S+?)`", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    served = {
        (method, route.path.replace(":path", ""))
        for route in client.app.routes  # type: ignore[attr-defined]
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert written == {(method, path) for method, path in served if path != "/api/{path}"}


def test_every_field_of_a_request_is_described() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, kind in vars(answers).items():
        if isinstance(kind, type) and issubclass(kind, answers.Request):
            for field in kind.__struct_fields__:
                assert f'"{field}"' in text, f"{name}.{field}"


def test_every_picture_of_the_studio_is_there_and_shown() -> None:
    shown = set()
    for page in ("README.md", "README.pt-BR.md", "docs/studio/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)|<img src=\"([^\"]+)\"", text)
        shown |= {((ROOT / page).parent / (link or source)).resolve() for link, source in names}
    assert {path for path in shown if path.parent.name == "studio"} == set((ROOT / "docs" / "studio").glob("*.png"))
