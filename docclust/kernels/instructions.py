"""Vector instructions while code is generated, with the operators of arithmetic: what `lanes` is written in.

They are LLVM's own, which every processor has in one form or another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import factorial

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

# Numbers in a vector, at most.
WIDTH = 8
# Adding it rounds a double to a whole number, which is then in its last bits; ln 2 in two parts, whose first is exact
# when multiplied by a whole number of ten bits.
SHIFT = 1.5 * 2.0**52
LN2_HIGH = float.fromhex("0x1.62e42fefa3800p-1")
LN2_LOW = float.fromhex("0x1.ef35793c76730p-45")
INDEX = ir.IntType(64)
POSITION = ir.IntType(32)
DOUBLE = ir.DoubleType()


def for_all(builder: ir.IRBuilder, k: ir.Value, what: Callable[[ir.Value, int], None]) -> None:
    """``what(c, width)`` for consecutive c that cover all clusters."""
    done = builder.and_(k, INDEX(2**64 - WIDTH))
    with cgutils.for_range_slice(builder, INDEX(0), done, INDEX(WIDTH), intp=INDEX, inc=True) as (c, _):
        what(c, WIDTH)
    width = WIDTH // 2
    while width:
        left = builder.and_(k, INDEX(width))
        with builder.if_then(builder.icmp_unsigned("!=", left, INDEX(0))):
            what(done, width)
        done = builder.add(done, left)
        width //= 2


@dataclass(frozen=True)
class Lanes:
    """A vector of floating-point numbers while code is generated."""

    builder: ir.IRBuilder
    value: ir.Value

    @classmethod
    def all(cls, builder: ir.IRBuilder, number: ir.Value, width: int) -> "Lanes":
        """The same number in so many lanes."""
        kind = ir.VectorType(number.type, width)
        first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, POSITION(0))
        zeros = ir.Constant(ir.VectorType(POSITION, width), [0] * width)
        return cls(builder, builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros))

    def __add__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.builder, self.builder.fsub(self.value, other.value))

    def __mul__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.builder, self.builder.fmul(self.value, other.value))

    def __truediv__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.builder, self.builder.fdiv(self.value, other.value))

    def times_plus(self, other: "Lanes", more: "Lanes") -> "Lanes":
        """self * other + more, rounded once."""
        kind = self.value.type
        name = f"llvm.fma.v{kind.count}f{64 if kind.element == DOUBLE else 32}"
        fma = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return Lanes(self.builder, self.builder.call(fma, [self.value, other.value, more.value]))

    def minus_times(self, other: "Lanes", more: "Lanes") -> "Lanes":
        """more - self * other, rounded once."""
        return Lanes(self.builder, self.builder.fneg(self.value)).times_plus(other, more)

    def at_least(self, other: "Lanes") -> "Lanes":
        """The larger one; other where self is no number."""
        larger = self.builder.fcmp_ordered(">", self.value, other.value)
        return Lanes(self.builder, self.builder.select(larger, self.value, other.value))

    def is_at_least(self, other: "Lanes") -> ir.Value:
        """Of every lane whether it is."""
        return self.builder.fcmp_ordered(">=", self.value, other.value)

    def where(self, true: ir.Value) -> "Lanes":
        """Zero in the other lanes."""
        return Lanes(self.builder, self.builder.select(true, self.value, ir.Constant(self.value.type, None)))

    def add_to(self, total: ir.Value) -> None:
        """Add the sum of all lanes to the number that a pointer points to."""
        self.builder.store(self.builder.fadd(self.builder.load(total), self._folded(Lanes.__add__)), total)

    def raise_to(self, most: ir.Value) -> None:
        """Make the number that a pointer points to as large as the largest lane."""
        largest = self._folded(Lanes.at_least)
        larger = self.builder.fcmp_ordered(">", largest, self.builder.load(most))
        self.builder.store(self.builder.select(larger, largest, self.builder.load(most)), most)

    def _folded(self, fold: Callable[["Lanes", "Lanes"], "Lanes"]) -> ir.Value:
        """Lanes folded into half as many until one is left: eight take three instructions after each other."""
        lanes, width = self, self.value.type.count
        while width > 1:
            width //= 2
            halves = (ir.Constant(ir.VectorType(POSITION, width), list(range(at, at + width))) for at in (0, width))
            nothing = ir.Constant(lanes.value.type, ir.Undefined)
            lanes = fold(*(Lanes(self.builder, self.builder.shuffle_vector(lanes.value, nothing, h)) for h in halves))
        return self.builder.extract_element(lanes.value, POSITION(0))

    def exp(self) -> "Lanes":
        """Of doubles from -700 to 700: 2^n e^r with n = round(x / ln 2), and e^r by its series, |r| < 0.35."""
        width = self.value.type.count
        every = partial(_number, self.builder, width)
        shifted = self.times_plus(every(1 / np.log(2)), every(SHIFT))
        n = shifted - every(SHIFT)
        rest = n.minus_times(every(LN2_LOW), n.minus_times(every(LN2_HIGH), self))
        series = every(1 / factorial(13))
        for power in reversed(range(13)):
            series = series.times_plus(rest, every(1 / factorial(power)))
        # n is in the last bits of shifted; added to the exponent it multiplies by 2^n.
        whole = ir.VectorType(INDEX, width)
        bits = self.builder.shl(self.builder.bitcast(shifted.value, whole), ir.Constant(whole, [52] * width))
        bits = self.builder.add(self.builder.bitcast(series.value, whole), bits)
        return Lanes(self.builder, self.builder.bitcast(bits, self.value.type))

    def to(self, kind: ir.Type) -> "Lanes":
        """In another precision."""
        if self.value.type.element == kind:
            return self
        wanted = ir.VectorType(kind, self.value.type.count)
        change = self.builder.fpext if kind == DOUBLE else self.builder.fptrunc
        return Lanes(self.builder, change(self.value, wanted))


def _number(builder: ir.IRBuilder, width: int, number: float) -> Lanes:
    return Lanes(builder, ir.Constant(ir.VectorType(DOUBLE, width), [float(number)] * width))


@dataclass(frozen=True)
class Array:
    """An array of floating-point numbers while code is generated."""

    builder: ir.IRBuilder
    data: ir.Value

    @classmethod
    def of(cls, context, builder: ir.IRBuilder, kind: types.Array, value: ir.Value) -> "Array":
        """What numba calls by this type and this value."""
        return cls(builder, context.make_array(kind)(context, builder, value).data)

    @property
    def kind(self) -> ir.Type:
        """Of its numbers."""
        return self.data.type.pointee

    def load(self, place: ir.Value, width: int) -> Lanes:
        """So many numbers from a place on."""
        return Lanes(self.builder, self.builder.load(self._pointer(place, width), align=self.size))

    def store(self, place: ir.Value, lanes: Lanes) -> None:
        """Put them there."""
        self.builder.store(lanes.value, self._pointer(place, lanes.value.type.count), align=self.size)

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return 8 if self.kind == DOUBLE else 4

    def fetch(self, place: ir.Value) -> None:
        """Ask for the numbers there, to be in the cache when they are read."""
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, *[POSITION] * 3])
        ask = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        pointer = self.builder.bitcast(self.builder.gep(self.data, [place]), byte)
        self.builder.call(ask, [pointer, POSITION(0), POSITION(3), POSITION(1)])

    def _pointer(self, place: ir.Value, width: int) -> ir.Value:
        kind = ir.VectorType(self.kind, width).as_pointer()
        return self.builder.bitcast(self.builder.gep(self.data, [place]), kind)
