"""What the steps find of blocks, as one."""

import numpy as np

from docclust.kernels.records import Expectation, Responsibilities


def together(parts: list[Expectation]) -> Expectation:
    """The E-steps of consecutive blocks as one."""
    labels, counts = np.concatenate([part.labels for part in parts]), sum(part.counts for part in parts)
    objective, undecided = sum(part.objective for part in parts), sum(part.undecided for part in parts)
    found = [part.responsibilities for part in parts]
    starts, weights = chained([r.starts for r in found]), np.concatenate([r.weights for r in found])
    clusters, shares = [r.clusters for r in found], [r.shares for r in found]
    del parts, found
    responsibilities = Responsibilities(starts, joined(clusters), joined(shares), weights)
    return Expectation(responsibilities, labels, counts, objective, undecided)


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Arrays as one; takes `parts` over, and gives each back when it is copied, since they are most of what is held.

    Consecutive parts of one array that they fill are that array.
    """
    base, sizes = parts[0].base, np.array([part.nbytes for part in parts])
    one = isinstance(base, np.ndarray) and base.ndim == 1 and base.dtype == parts[0].dtype
    if one and base.nbytes == sizes.sum():
        begins = base.ctypes.data + np.cumsum(sizes) - sizes
        if all(part.ctypes.data == begin for part, begin in zip(parts, begins, strict=True)):
            return base
    whole, end = np.empty(sum(part.size for part in parts), dtype=parts[0].dtype), 0
    parts.reverse()
    while parts:
        part = parts.pop()
        whole[end : end + part.size] = part
        end += part.size
    return whole


def chained(parts: list[np.ndarray]) -> np.ndarray:
    """Offsets into consecutive arrays as offsets into one."""
    ends = np.cumsum([0] + [part[-1] for part in parts[:-1]]).astype(np.uint64)
    return np.concatenate([parts[0][:1]] + [part[1:] + end for part, end in zip(parts, ends, strict=True)])
