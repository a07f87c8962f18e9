"""Loops over clusters as vector instructions: they take most of the time of both steps.

The compiler makes vector instructions of a loop only when it is long and touches few arrays, and leaves the end of it
to scalar ones: of five clusters, or of twenty, nearly all. Here eight clusters are taken at a time, and of what is left
four, two and one. The instructions are LLVM's own, which every processor has in one form or another. Nothing checks
indices.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import factorial

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

WIDTH = 8
# Bytes, on most processors.
CACHE_LINE = 64
# Adding it rounds a double to a whole number, which is then in its last bits; ln 2 in two parts, whose first is exact
# when multiplied by a whole number of ten bits.
SHIFT, LN2_HIGH, LN2_LOW = 1.5 * 2.0**52, float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")
_index, _position, _double = ir.IntType(64), ir.IntType(32), ir.DoubleType()


@intrinsic
def add_multiples(typing_context, target, at, k, source, places, weights):
    """``target[at + c] += sum_i weights[i] * source[places[i] + c]`` for all c < k.

    target holds doubles; the sum is taken in the precision of weights, in the order of i. places and weights are tuples
    of the same length.
    """

    def generate(context, builder, signature, arguments):
        target, source = (_Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        at, k = arguments[1], arguments[2]
        pairs = list(zip(*(cgutils.unpack_tuple(builder, arguments[i]) for i in (4, 5)), strict=True))

        def add(c: ir.Value, width: int) -> None:
            total = None
            for place, weight in pairs:
                row = source.load(builder.add(place, c), width).to(weight.type)
                weight = _Lanes.all(builder, weight, width)
                total = weight * row if total is None else weight.times_plus(row, total)
            here = builder.add(at, c)
            target.store(here, target.load(here, width) + total.to(_double))

        _for_all(builder, k, add)
        return context.get_dummy_value()

    return types.void(target, at, k, source, places, weights), generate


@intrinsic
def add_quadratics(typing_context, target, at, k, source, places, weights):
    """``target[at + c] += sum_i x_i * (source[places[i] + c] - x_i * source[places[i] + k + c])`` for all c < k.

    target and x, the weights, are doubles; what is in brackets is taken in the precision of source, the sum in double.
    """

    def generate(context, builder, signature, arguments):
        target, source = (_Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        at, k = arguments[1], arguments[2]
        pairs = list(zip(*(cgutils.unpack_tuple(builder, arguments[i]) for i in (4, 5)), strict=True))

        def add(c: ir.Value, width: int) -> None:
            here = builder.add(at, c)
            total = target.load(here, width)
            for place, x in pairs:
                x = _Lanes.all(builder, x, width)
                first = builder.add(place, c)
                linear, quadratic = source.load(first, width), source.load(builder.add(first, k), width)
                slope = x.to(source.kind).minus_times(quadratic, linear)
                total = x.times_plus(slope.to(_double), total)
            target.store(here, total)

        _for_all(builder, k, add)
        return context.get_dummy_value()

    return types.void(target, at, k, source, places, weights), generate


@intrinsic
def own_coefficients(typing_context, k, moments, sizes, targets, numbers, values, at, sums):
    """Of one word the numbers a = m / v and b = 1 / (2 v) - reference / 2 of all c < k, and what it adds to their sums.

    moments : sum r x and sum r x^2, (k,) each
    sizes : 1 / N and 1 / (N + P), (k,) each, with P pseudo-documents
    targets : P t and t + noise, (k,) each
    numbers : the least variance, what is added to it, 1 / s, the reference
    values, at : a is put at values[at + c], and b at values[at + k + c]
    sums : (k,) each; gain m^2 / v, 1 / v - reference, (t + noise) (1 / v - reference), and the product of all v / s
    """

    def generate(context, builder, signature, arguments):
        def arrays(i: int) -> list[_Array]:
            parts = cgutils.unpack_tuple(builder, arguments[i])
            return [
                _Array.of(context, builder, kind, part) for kind, part in zip(signature.args[i], parts, strict=True)
            ]

        k, at = arguments[0], arguments[6]
        first, second = arrays(1)
        inverse_size, inverse_pooled = arrays(2)
        pseudo, pull = arrays(3)
        numbers = cgutils.unpack_tuple(builder, arguments[4])
        values = _Array.of(context, builder, signature.args[5], arguments[5])
        squares, inverses, pulls, product = arrays(7)

        def one(c: ir.Value, width: int) -> None:
            least, added, inverse, reference = (_Lanes.all(builder, x, width) for x in numbers)
            moment = first.load(c, width)
            mean = moment * inverse_size.load(c, width)
            scatter = (second.load(c, width) - mean * moment).at_least(_Lanes.all(builder, _double(0), width))
            own = ((scatter + pseudo.load(c, width)) * inverse_pooled.load(c, width)).at_least(least) + added
            precision = _Lanes.all(builder, _double(1), width) / own
            linear, excess = mean * precision, precision - reference
            here = builder.add(at, c)
            values.store(here, linear.to(values.kind))
            values.store(builder.add(here, k), (excess * _Lanes.all(builder, _double(0.5), width)).to(values.kind))
            squares.store(c, squares.load(c, width) + mean * linear)
            inverses.store(c, inverses.load(c, width) + excess)
            pulls.store(c, pulls.load(c, width) + pull.load(c, width) * excess)
            product.store(c, product.load(c, width) * own * inverse)

        _for_all(builder, k, one)
        return context.get_dummy_value()

    return types.void(k, moments, sizes, targets, numbers, values, at, sums), generate


@intrinsic
def put_exponentials(typing_context, source, at, k, largest, drop, target, place):
    """Put exp(source[at + c] - largest) at target[place + c] for all c < k, zero where it is less than exp(drop).

    Their sum is returned; source holds doubles, and drop is -700 or more.
    """

    def generate(context, builder, signature, arguments):
        source, target = (_Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 5))
        _, at, k, largest, drop, _, place = arguments
        total = cgutils.alloca_once_value(builder, _double(0))

        def put(c: ir.Value, width: int) -> None:
            below = source.load(builder.add(at, c), width) - _Lanes.all(builder, largest, width)
            bound = _Lanes.all(builder, drop, width)
            found = below.at_least(bound).exp().where(below.is_at_least(bound))
            target.store(builder.add(place, c), found.to(target.kind))
            found.add_to(total)

        _for_all(builder, k, put)
        return builder.load(total)

    return types.float64(source, at, k, largest, drop, target, place), generate


@intrinsic
def fetch(typing_context, source, place, size):
    """Ask for source[place : place + size], to be in the cache when it is read."""

    def generate(context, builder, signature, arguments):
        source = _Array.of(context, builder, signature.args[0], arguments[0])
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, *[_position] * 3])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        line = _index(CACHE_LINE // source._align)
        with cgutils.for_range_slice(builder, _index(0), arguments[2], line, intp=_index, inc=True) as (c, _):
            pointer = builder.bitcast(builder.gep(source.data, [builder.add(arguments[1], c)]), byte)
            builder.call(ask, [pointer, _position(0), _position(3), _position(1)])
        return context.get_dummy_value()

    return types.void(source, place, size), generate


@intrinsic
def weighted_squares(typing_context, first, k, numbers, weights):
    """``sum(numbers[first + c]**2 * weights[first + c] for c < k)`` of doubles, in the order of c."""

    def generate(context, builder, signature, arguments):
        numbers, weights = (_Array.of(context, builder, signature.args[i], arguments[i]) for i in (2, 3))
        total = cgutils.alloca_once_value(builder, _double(0))

        def add(c: ir.Value, width: int) -> None:
            here = builder.add(arguments[0], c)
            number = numbers.load(here, width)
            (number * number * weights.load(here, width)).add_to(total)

        _for_all(builder, arguments[1], add)
        return builder.load(total)

    return types.float64(first, k, numbers, weights), generate


def _for_all(builder: ir.IRBuilder, k: ir.Value, what: Callable[[ir.Value, int], None]) -> None:
    """``what(c, width)`` for consecutive c that cover all clusters."""
    done = builder.and_(k, _index(2**64 - WIDTH))
    with cgutils.for_range_slice(builder, _index(0), done, _index(WIDTH), intp=_index, inc=True) as (c, _):
        what(c, WIDTH)
    width = WIDTH // 2
    while width:
        left = builder.and_(k, _index(width))
        with builder.if_then(builder.icmp_unsigned("!=", left, _index(0))):
            what(done, width)
        done = builder.add(done, left)
        width //= 2


@dataclass(frozen=True)
class _Lanes:
    """A vector of floating-point numbers while code is generated."""

    builder: ir.IRBuilder
    value: ir.Value

    @classmethod
    def all(cls, builder: ir.IRBuilder, number: ir.Value, width: int) -> "_Lanes":
        kind = ir.VectorType(number.type, width)
        first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, _position(0))
        zeros = ir.Constant(ir.VectorType(_position, width), [0] * width)
        return cls(builder, builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros))

    def __add__(self, other: "_Lanes") -> "_Lanes":
        return _Lanes(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: "_Lanes") -> "_Lanes":
        return _Lanes(self.builder, self.builder.fsub(self.value, other.value))

    def __mul__(self, other: "_Lanes") -> "_Lanes":
        return _Lanes(self.builder, self.builder.fmul(self.value, other.value))

    def __truediv__(self, other: "_Lanes") -> "_Lanes":
        return _Lanes(self.builder, self.builder.fdiv(self.value, other.value))

    def times_plus(self, other: "_Lanes", more: "_Lanes") -> "_Lanes":
        """self * other + more, rounded once."""
        kind = self.value.type
        name = f"llvm.fma.v{kind.count}f{64 if kind.element == _double else 32}"
        fma = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return _Lanes(self.builder, self.builder.call(fma, [self.value, other.value, more.value]))

    def minus_times(self, other: "_Lanes", more: "_Lanes") -> "_Lanes":
        """more - self * other, rounded once."""
        return _Lanes(self.builder, self.builder.fneg(self.value)).times_plus(other, more)

    def at_least(self, other: "_Lanes") -> "_Lanes":
        """The larger one; other where self is no number."""
        larger = self.builder.fcmp_ordered(">", self.value, other.value)
        return _Lanes(self.builder, self.builder.select(larger, self.value, other.value))

    def is_at_least(self, other: "_Lanes") -> ir.Value:
        """Of every lane whether it is."""
        return self.builder.fcmp_ordered(">=", self.value, other.value)

    def where(self, true: ir.Value) -> "_Lanes":
        """Zero in the other lanes."""
        return _Lanes(self.builder, self.builder.select(true, self.value, ir.Constant(self.value.type, None)))

    def add_to(self, total: ir.Value) -> None:
        """Add all lanes to the number that a pointer points to, one after the other."""
        for lane in range(self.value.type.count):
            part = self.builder.extract_element(self.value, _position(lane))
            self.builder.store(self.builder.fadd(self.builder.load(total), part), total)

    def exp(self) -> "_Lanes":
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
        whole = ir.VectorType(_index, width)
        bits = self.builder.shl(self.builder.bitcast(shifted.value, whole), ir.Constant(whole, [52] * width))
        bits = self.builder.add(self.builder.bitcast(series.value, whole), bits)
        return _Lanes(self.builder, self.builder.bitcast(bits, self.value.type))

    def to(self, kind: ir.Type) -> "_Lanes":
        """In another precision."""
        if self.value.type.element == kind:
            return self
        wanted = ir.VectorType(kind, self.value.type.count)
        change = self.builder.fpext if kind == _double else self.builder.fptrunc
        return _Lanes(self.builder, change(self.value, wanted))


def _number(builder: ir.IRBuilder, width: int, number: float) -> _Lanes:
    return _Lanes(builder, ir.Constant(ir.VectorType(_double, width), [float(number)] * width))


@dataclass(frozen=True)
class _Array:
    """An array of floating-point numbers while code is generated."""

    builder: ir.IRBuilder
    data: ir.Value

    @classmethod
    def of(cls, context, builder: ir.IRBuilder, kind: types.Array, value: ir.Value) -> "_Array":
        return cls(builder, context.make_array(kind)(context, builder, value).data)

    @property
    def kind(self) -> ir.Type:
        """Of its numbers."""
        return self.data.type.pointee

    def load(self, place: ir.Value, width: int) -> _Lanes:
        """So many numbers from a place on."""
        return _Lanes(self.builder, self.builder.load(self._pointer(place, width), align=self._align))

    def store(self, place: ir.Value, lanes: _Lanes) -> None:
        """Put them there."""
        self.builder.store(lanes.value, self._pointer(place, lanes.value.type.count), align=self._align)

    @property
    def _align(self) -> int:
        return 8 if self.kind == _double else 4

    def _pointer(self, place: ir.Value, width: int) -> ir.Value:
        kind = ir.VectorType(self.kind, width).as_pointer()
        return self.builder.bitcast(self.builder.gep(self.data, [place]), kind)
