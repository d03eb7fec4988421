"""Work in threads: every result comes, nothing piles up, stopping early drops the rest."""

from __future__ import annotations

import threading

import pytest

from nk.execute import cores, run_all


def _square(number: int) -> int:
    return number * number


def test_every_result_comes() -> None:
    found = run_all(_square, range(50), jobs=2)
    assert sorted(found) == [number * number for number in range(50)]


def test_an_error_in_a_task_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_all(lambda number: 1 // number, [1, 0], jobs=2))


def test_only_a_few_items_are_under_way() -> None:
    taken = []

    def items() -> object:
        for number in range(1000):
            taken.append(number)
            yield number

    results = run_all(_square, items(), jobs=2)  # type: ignore[arg-type]
    next(results)
    assert len(taken) <= 16
    results.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nk_")]


def test_who_waits_is_called_now_and_then() -> None:
    go_on = threading.Event()
    assert list(run_all(lambda _: go_on.wait(20), [1], jobs=1, idle=go_on.set)) == [True]


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
