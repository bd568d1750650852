from __future__ import annotations

from pathlib import Path

import pytest

from atento.core.environment import default_cache, settings_for_libraries


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, {"GOMP_SPINCOUNT", "THP_MEM_ALLOC_ENABLE"}),
        ({"GOMP_SPINCOUNT": "7"}, {"THP_MEM_ALLOC_ENABLE"}),
        ({"OMP_WAIT_POLICY": "active"}, {"THP_MEM_ALLOC_ENABLE"}),
        ({"THP_MEM_ALLOC_ENABLE": "0", "OTHER": "1"}, {"GOMP_SPINCOUNT"}),
    ],
)
def test_the_users_own_settings_stand(own: dict[str, str], wanted: set[str]) -> None:
    assert set(settings_for_libraries(own)) == wanted


def test_the_default_cache_is_the_chosen_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("ATENTO_CACHE")
    assert default_cache().name == "atento"
