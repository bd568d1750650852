from __future__ import annotations

import pytest

from atento.core.environment import settings_for_libraries


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
