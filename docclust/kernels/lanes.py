"""Loops over clusters as vector instructions: they take most of the time of both steps.

The compiler makes vector instructions of a loop only when it is long and touches few arrays, and leaves the end of it
to scalar ones: of five clusters, or of twenty, nearly all. Here eight clusters are taken at a time, and of what is left
four, two and one. Nothing checks indices.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from docclust.kernels.instructions import DOUBLE, INDEX, Array, Lanes, for_all

# Bytes, on most processors.
CACHE_LINE = 64


@intrinsic
def add_multiples(typing_context, target, at, k, source, places, weights):
    """``target[at + c] += sum_i weights[i] * source[places[i] + c]`` for all c < k.

    target holds doubles; the sum is taken in the precision of weights, in the order of i. places and weights are tuples
    of the same length.
    """

    def generate(context, builder, signature, arguments):
        target, source = (Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        at, k = arguments[1], arguments[2]
        pairs = list(zip(*(cgutils.unpack_tuple(builder, arguments[i]) for i in (4, 5)), strict=True))

        def add(c: ir.Value, width: int) -> None:
            total = None
            for place, weight in pairs:
                row = source.load(builder.add(place, c), width).to(weight.type)
                weight = Lanes.all(builder, weight, width)
                total = weight * row if total is None else weight.times_plus(row, total)
            here = builder.add(at, c)
            target.store(here, target.load(here, width) + total.to(DOUBLE))

        for_all(builder, k, add)
        return context.get_dummy_value()

    return types.void(target, at, k, source, places, weights), generate


@intrinsic
def add_both_moments(typing_context, first, second, k, shares, places, x, xx):
    """``first[c] += sum_i x[i] * shares[places[i] + c]``, and the same of `second` with xx, for all c < k.

    All but the shares are doubles; the sums are taken in the order of i, as by `add_multiples`.
    """

    def generate(context, builder, signature, arguments):
        first, second, shares = (Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 1, 3))
        documents = list(zip(*(cgutils.unpack_tuple(builder, arguments[i]) for i in (4, 5, 6)), strict=True))

        def add(c: ir.Value, width: int) -> None:
            sums = [None, None]
            for place, *weights in documents:
                row = shares.load(builder.add(place, c), width).to(DOUBLE)
                for i, weight in enumerate(weights):
                    weight = Lanes.all(builder, weight, width)
                    sums[i] = weight * row if sums[i] is None else weight.times_plus(row, sums[i])
            for target, total in zip((first, second), sums, strict=True):
                target.store(c, target.load(c, width) + total)

        for_all(builder, arguments[2], add)
        return context.get_dummy_value()

    return types.void(first, second, k, shares, places, x, xx), generate


@intrinsic
def add_quadratics(typing_context, target, at, k, source, places, weights):
    """``target[at + c] += sum_i x_i * (source[places[i] + c] - x_i * source[places[i] + k + c])`` for all c < k.

    target and x, the weights, are doubles; what is in brackets is taken in the precision of source, the sum in double.
    """

    def generate(context, builder, signature, arguments):
        target, source = (Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        at, k = arguments[1], arguments[2]
        pairs = list(zip(*(cgutils.unpack_tuple(builder, arguments[i]) for i in (4, 5)), strict=True))

        def add(c: ir.Value, width: int) -> None:
            here = builder.add(at, c)
            total = target.load(here, width)
            for place, x in pairs:
                x = Lanes.all(builder, x, width)
                first = builder.add(place, c)
                linear, quadratic = source.load(first, width), source.load(builder.add(first, k), width)
                slope = x.to(source.kind).minus_times(quadratic, linear)
                total = x.times_plus(slope.to(DOUBLE), total)
            target.store(here, total)

        for_all(builder, k, add)
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
        def arrays(i: int) -> list[Array]:
            parts = cgutils.unpack_tuple(builder, arguments[i])
            return [Array.of(context, builder, kind, part) for kind, part in zip(signature.args[i], parts, strict=True)]

        k, at = arguments[0], arguments[6]
        first, second = arrays(1)
        inverse_size, inverse_pooled = arrays(2)
        pseudo, pull = arrays(3)
        numbers = cgutils.unpack_tuple(builder, arguments[4])
        values = Array.of(context, builder, signature.args[5], arguments[5])
        squares, inverses, pulls, product = arrays(7)

        def one(c: ir.Value, width: int) -> None:
            least, added, inverse, reference = (Lanes.all(builder, x, width) for x in numbers)
            moment = first.load(c, width)
            mean = moment * inverse_size.load(c, width)
            scatter = (second.load(c, width) - mean * moment).at_least(Lanes.all(builder, DOUBLE(0), width))
            own = ((scatter + pseudo.load(c, width)) * inverse_pooled.load(c, width)).at_least(least) + added
            precision = Lanes.all(builder, DOUBLE(1), width) / own
            linear, excess = mean * precision, precision - reference
            here = builder.add(at, c)
            values.store(here, linear.to(values.kind))
            values.store(builder.add(here, k), (excess * Lanes.all(builder, DOUBLE(0.5), width)).to(values.kind))
            squares.store(c, squares.load(c, width) + mean * linear)
            inverses.store(c, inverses.load(c, width) + excess)
            pulls.store(c, pulls.load(c, width) + pull.load(c, width) * excess)
            product.store(c, product.load(c, width) * own * inverse)

        for_all(builder, k, one)
        return context.get_dummy_value()

    return types.void(k, moments, sizes, targets, numbers, values, at, sums), generate


@intrinsic
def put_exponentials(typing_context, source, at, k, largest, drop, target, place):
    """Put exp(source[at + c] - largest) at target[place + c] for all c < k, zero where it is less than exp(drop).

    Their sum is returned; source holds doubles, and drop is -700 or more.
    """

    def generate(context, builder, signature, arguments):
        source, target = (Array.of(context, builder, signature.args[i], arguments[i]) for i in (0, 5))
        _, at, k, largest, drop, _, place = arguments
        total = cgutils.alloca_once_value(builder, DOUBLE(0))

        def put(c: ir.Value, width: int) -> None:
            below = source.load(builder.add(at, c), width) - Lanes.all(builder, largest, width)
            bound = Lanes.all(builder, drop, width)
            found = below.at_least(bound).exp().where(below.is_at_least(bound))
            target.store(builder.add(place, c), found.to(target.kind))
            found.add_to(total)

        for_all(builder, k, put)
        return builder.load(total)

    return types.float64(source, at, k, largest, drop, target, place), generate


@intrinsic
def largest_of(typing_context, source, at, k):
    """The largest of the doubles source[at : at + k] that are numbers."""

    def generate(context, builder, signature, arguments):
        source, (at, k) = Array.of(context, builder, signature.args[0], arguments[0]), arguments[1:]
        most = cgutils.alloca_once_value(builder, DOUBLE("-inf"))
        for_all(builder, k, lambda c, width: source.load(builder.add(at, c), width).raise_to(most))
        return builder.load(most)

    return types.float64(source, at, k), generate


@intrinsic
def fetch(typing_context, source, place, size):
    """Ask for source[place : place + size], to be in the cache when it is read."""

    def generate(context, builder, signature, arguments):
        source = Array.of(context, builder, signature.args[0], arguments[0])
        line = INDEX(CACHE_LINE // source.size)
        with cgutils.for_range_slice(builder, INDEX(0), arguments[2], line, intp=INDEX, inc=True) as (c, _):
            source.fetch(builder.add(arguments[1], c))
        return context.get_dummy_value()

    return types.void(source, place, size), generate


@intrinsic
def weighted_squares(typing_context, first, k, numbers, weights):
    """``sum(numbers[first + c]**2 * weights[first + c] for c < k)`` of doubles."""

    def generate(context, builder, signature, arguments):
        numbers, weights = (Array.of(context, builder, signature.args[i], arguments[i]) for i in (2, 3))
        total = cgutils.alloca_once_value(builder, DOUBLE(0))

        def add(c: ir.Value, width: int) -> None:
            here = builder.add(arguments[0], c)
            number = numbers.load(here, width)
            (number * number * weights.load(here, width)).add_to(total)

        for_all(builder, arguments[1], add)
        return builder.load(total)

    return types.float64(first, k, numbers, weights), generate
