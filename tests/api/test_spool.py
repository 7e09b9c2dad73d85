"""What a slow caller leaves lying about: in order, complete, and within its bounds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import spool
from api.spool import Budget, Spool

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True, scope="module")
def small_memory() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MEMORY", 100)
        patch.setattr(spool, "PIECE", 30)
        yield


async def passed_through(made: Spool, chunks: list[bytes], pauses: list[bool]) -> bytes:
    """All that comes out while another task puts in; `pauses` say when the taker dawdles."""

    async def fill() -> None:
        for chunk in chunks:
            await made.put(chunk)
        made.end()

    filling = asyncio.create_task(fill())
    taken = []
    async for piece in made:
        taken.append(piece)
        if pauses and pauses[len(taken) % len(pauses)]:
            await asyncio.sleep(0)
    await filling
    made.close()
    return b"".join(taken)


@given(
    st.lists(st.binary(min_size=1, max_size=150), max_size=40),
    st.lists(st.booleans(), max_size=5),
    st.sampled_from([0, 120, 400, 10**6]),
)
@settings(deadline=None)
def test_what_goes_in_comes_out_in_order(
    chunks: list[bytes], pauses: list[bool], limit: int
) -> None:
    budget = Budget(limit)
    assert asyncio.run(passed_through(Spool(budget), chunks, pauses)) == b"".join(chunks)
    assert budget.used == 0


async def put_without_taking(made: Spool, chunks: int) -> int:
    """How many chunks of 50 bytes go in before putting has to wait."""
    for count in range(chunks):
        try:
            async with asyncio.timeout(0.05):
                await made.put(b"x" * 50)
        except TimeoutError:
            return count
    return chunks


async def test_nobody_waits_while_there_is_room_on_disk() -> None:
    made = Spool(Budget(10**6))
    assert await put_without_taking(made, 1000) == 1000
    made.close()


async def test_beyond_its_budget_the_database_waits() -> None:
    budget = Budget(200)
    made, other = Spool(budget), Spool(budget)
    assert await put_without_taking(made, 100) == 2 + 4
    assert await put_without_taking(other, 100) == 2
    made.close()
    assert budget.used == 0
    assert await put_without_taking(other, 100) == 4
    other.close()


async def test_on_a_full_disk_the_database_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "pwrite", full)
    chunks = [bytes([number]) * 50 for number in range(20)]
    assert await passed_through(Spool(Budget(10**6)), chunks, [True]) == b"".join(chunks)


async def test_an_error_comes_after_what_was_there_before() -> None:
    made = Spool(Budget(10**6))
    for _ in range(5):
        await made.put(b"x" * 50)
    made.end(ValueError("cut"))
    taken = 0

    async def take(pieces: AsyncIterator[bytes]) -> None:
        nonlocal taken
        async for piece in pieces:
            taken += len(piece)

    with pytest.raises(ValueError, match="cut"):
        await take(aiter(made))
    assert taken == 250
    made.close()
