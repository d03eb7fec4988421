from __future__ import annotations

from pathlib import Path

import pytest

from nk.cache_folder import cache_folder, data_folder


def test_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    assert not cache_folder().exists()


def test_relative_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NK_CACHE", "here")
    assert cache_folder() == tmp_path / "here"
    monkeypatch.setenv("NK_CACHE", "~/here")
    assert cache_folder() == Path.home() / "here"


@pytest.mark.parametrize("value", [None, ""])
def test_the_system_s_own(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    import platformdirs

    if value is None:
        monkeypatch.delenv("NK_CACHE", raising=False)
    else:
        monkeypatch.setenv("NK_CACHE", value)
    assert cache_folder() == platformdirs.user_cache_path("nk")


def test_what_cannot_be_made_again_has_its_own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.setenv("NK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NK_DATA", str(tmp_path / "data"))
    assert data_folder() == tmp_path / "data"
    monkeypatch.delenv("NK_DATA")
    assert data_folder() == platformdirs.user_data_path("nk")
