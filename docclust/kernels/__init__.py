"""The E-step and the M-step of `gaussian` compiled, over sparse rows, sparse responsibilities and sparse parameters.

A word that a cluster has never seen has mean 0 there, and the variance that every other such cluster has: s, or the
word's own where clusters share it. Its part of J is common to these clusters and drops out of the responsibilities,
so parameters are kept only for the pairs of word and cluster that were seen, word by word:

    J_k(x) = c_k - sum_j x_j^2 common_j + scale_k sum over the words j of x that k has seen [x_j a_jk - x_j^2 b_jk]

with a = m / v and b = 1 / (2 v) - common. A word seen by many clusters has all of them, in order; its row is then read
in one contiguous sweep. Here is no loop over iterations, and no formula that `gaussian` does not have, where scipy
computes the same for the tests. With few clusters every word has all of them (`records.LISTED_FROM`).
"""

from docclust import compiling
from docclust.kernels.assignments import assigned, one_hot
from docclust.kernels.coefficients import (
    assemble,
    compact,
    equally_likely,
    favoured,
    is_sparse,
    of_group,
    parameters,
    tempered,
)
from docclust.kernels.distances import nearer
from docclust.kernels.joining import joined, together
from docclust.kernels.leaving import Members, influence, uncertainty, without
from docclust.kernels.neighbours import (
    Near,
    expect_near,
    in_order,
    near,
    pieces,
    seen_words,
    shared_documents,
)
from docclust.kernels.prepared import Prepared, frequent_first, prepare, view, word_blocks
from docclust.kernels.products import multiply, power_sums, recur
from docclust.kernels.records import (
    Compact,
    Expectation,
    Maximised,
    Responsibilities,
    lists_clusters,
    side_by_side,
)
from docclust.kernels.softness import log_partition, softmax, temperature_of_entropy
from docclust.kernels.steps import (
    DROP,
    NO_CLUSTERS,
    NOTHING,
    UNDERFLOW,
    accumulate,
    expect,
    log_joint,
    maximise,
    room_for,
    room_for_shares,
)
from docclust.kernels.weighting import EQUAL, Weighting

__all__ = [
    "DROP",
    "EQUAL",
    "NOTHING",
    "NO_CLUSTERS",
    "UNDERFLOW",
    "Compact",
    "Expectation",
    "Maximised",
    "Members",
    "Near",
    "Prepared",
    "Responsibilities",
    "Weighting",
    "accumulate",
    "assemble",
    "assigned",
    "compact",
    "equally_likely",
    "expect",
    "expect_near",
    "favoured",
    "frequent_first",
    "in_order",
    "influence",
    "is_sparse",
    "joined",
    "lists_clusters",
    "log_joint",
    "log_partition",
    "maximise",
    "multiply",
    "near",
    "nearer",
    "of_group",
    "one_hot",
    "parameters",
    "pieces",
    "power_sums",
    "prepare",
    "recur",
    "room_for",
    "room_for_shares",
    "seen_words",
    "shared_documents",
    "side_by_side",
    "softmax",
    "temperature_of_entropy",
    "tempered",
    "together",
    "uncertainty",
    "view",
    "without",
    "word_blocks",
]

compiling.stamp(__name__)
