"""How many requests took how long, kept small: a large run has tens of thousands of such histograms in memory."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, overload

from pydantic_core import core_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

Pair = tuple[int, int]
_CODES = {16: "H", 32: "I", 64: "Q"}
"""Of ``array``, by bits: a number has 2 bytes where that holds them all, else 4 or 8."""


def _code(most: int) -> str:
    return next((code for bits, code in _CODES.items() if most < 1 << bits), _CODES[64])


class Latencies(Sequence[Pair]):
    """A sequence of (latency in µs, count), mostly four bytes a pair; equal to any other sequence of the same pairs."""

    __slots__ = ("_numbers",)

    def __init__(self, pairs: Iterable[Pair]) -> None:
        """Pack the pairs; TypeError for what is none, OverflowError for a number below 0 or of more than 64 bits."""
        found = list(pairs)
        if not set(map(len, found)) <= {2}:
            raise TypeError("not pairs of latency and count")
        numbers = list(chain.from_iterable(found))
        self._numbers = array(_code(max(numbers, default=0)), numbers)

    @classmethod
    def of_table(cls, table: NDArray[np.int64]) -> Latencies:
        """Pack a table of two columns, in which nothing is negative."""
        made = cls(())
        code = _code(int(table.max(initial=0)))
        made._numbers = array(code, table.astype(code).tobytes())
        return made

    @property
    def sums(self) -> tuple[int, int]:
        """All latencies together in µs, and how many they are."""
        values, counts = self._numbers[::2], self._numbers[1::2]
        return sum(map(operator.mul, values, counts)), sum(counts)

    @property
    def mean(self) -> float | None:
        """Mean latency in µs; None of no request."""
        whole, total = self.sums
        return whole / total if total else None

    @property
    def most(self) -> int:
        """The largest number in it."""
        return max(self._numbers, default=0)

    @property
    def rising(self) -> bool:
        """Whether each latency is longer than the one before."""
        values = self._numbers[::2]
        return all(map(operator.lt, values, values[1:]))

    def __len__(self) -> int:
        return len(self._numbers) // 2

    @overload
    def __getitem__(self, at: int) -> Pair: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Pair, ...]: ...

    def __getitem__(self, at: int | slice) -> Pair | tuple[Pair, ...]:
        return tuple(self)[at]

    def __iter__(self) -> Iterator[Pair]:
        return zip(self._numbers[::2], self._numbers[1::2], strict=True)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Latencies):
            return self._numbers == other._numbers
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._numbers.tobytes())

    def __repr__(self) -> str:
        return f"Latencies({tuple(self)!r})"

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.int64]:  # noqa: FBT001 - numpy's
        """Give numpy a table of two columns."""
        import numpy as np  # noqa: PLC0415 - most commands need none

        table = np.frombuffer(self._numbers, dtype=self._numbers.typecode).reshape(-1, 2)
        return table.astype(dtype or np.int64)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        """Take any sequence of pairs where a value has such a field."""
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(list),
        )

    @classmethod
    def _read(cls, found: Any) -> Latencies:
        try:
            return found if isinstance(found, cls) else cls(found)
        except (TypeError, OverflowError) as error:  # what pydantic takes for a mistake in the value
            raise ValueError(str(error)) from error
