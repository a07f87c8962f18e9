"""A document's words as a mixture of the words of clusters: shares of all of them, and the best pair."""

import numpy as np

from docclust.compiling import compiled, within

# Added to every cluster's word count before shares are taken: a tenth of a word.
SHARE_PRIOR = 0.1
SHARE_STEPS = 30
NEWTON_STEPS = 12


def shares(counts: np.ndarray, distributions: np.ndarray) -> np.ndarray:
    """How much of one document's words every cluster explains, by EM over its words.

    The shares are the mixing weights of a fixed mixture of word distributions (Hofmann 1999, "folding in"), with a
    Dirichlet prior.
    """
    # counts: (w,) of the document's words; distributions: (w, k) -> (k,), sums to one
    theta = np.full(distributions.shape[1], 1 / distributions.shape[1])
    for _ in range(SHARE_STEPS):
        joint = distributions * theta
        theta = (counts / joint.sum(axis=1)) @ joint + SHARE_PRIOR
        theta /= theta.sum()
    return theta


def two_topics(theta: np.ndarray, apart: np.ndarray) -> tuple[int, int]:
    """The two clusters that share out most of a document and are apart, the one with the larger share first."""
    # theta: (k,) shares; apart: (k, k) squares of how far apart clusters are
    one, other = divmod(int((np.outer(theta, theta) * apart).argmax()), theta.size)
    return (one, other) if theta[one] >= theta[other] else (other, one)


@compiled()
def pair_gains(indptr, indices, weights, alike, distributions, logs, apart):
    """For each document the cluster b that explains its words best, and the q that adds most to it.

    With weight c_w of word w, q gains ``max_u sum_w c_w log(1 + u (phi_qw / phi_bw - 1))`` nats at its share u; the
    best q is that of gain times distance. Breadth is the share of these nats that is left without the word that says
    most, and all that go together with it (alike_w of them, among which c_w is shared out); the lesser one of q's
    and of b's against q.
    """
    # (n + 1,), (nnz,), (nnz,), (nnz,), (v, k), (v, k), (k, k) -> best, second, gain, breadth, words: (n,) each
    n, k = indptr.size - 1, distributions.shape[1]
    best, second = np.zeros(n, np.int64), np.zeros(n, np.int64)
    gain, breadth, words = np.zeros(n), np.zeros(n), np.zeros(n)
    longest = 0
    for i in range(n):
        longest = max(longest, indptr[i + 1] - indptr[i])
    joint, ratio = np.empty(k), np.empty(longest)
    for i in range(n):
        start, stop = indptr[i], indptr[i + 1]
        joint[:] = 0
        for p in range(start, stop):
            words[i] += weights[p]
            for q in range(k):
                joint[q] += weights[p] * logs[indices[p], q]
        b = 0
        for q in range(1, k):
            if joint[q] > joint[b]:
                b = q
        best[i] = b
        second[i] = 1 if b == 0 and k > 1 else 0
        most = 0.0
        for q in range(k):
            slope = 0.0
            for p in range(start, stop):
                ratio[p - start] = distributions[indices[p], q] / distributions[indices[p], b] - 1
                slope += weights[p] * ratio[p - start]
            if q == b or slope <= 0:
                continue
            u = _best_share(weights, start, stop, ratio)
            value = 0.0
            for p in range(start, stop):
                value += weights[p] * np.log(1 + u * ratio[p - start])
            if value * apart[b, q] > most:
                most = value * apart[b, q]
                second[i], gain[i] = q, value
                breadth[i] = _breadth(weights, alike, start, stop, ratio, u)
    return best, second, gain, breadth, words


@within()
def _breadth(weights, alike, start, stop, ratio, u):
    """Of the nats that speak for either side the share left without its strongest words; the lesser one."""
    for_one, for_other, most_one, most_other = 1e-300, 1e-300, 0.0, 0.0
    for p in range(start, stop):
        both = np.log(1 + u * ratio[p - start])
        one, other = weights[p] * (both - np.log(1 + ratio[p - start])), weights[p] * both
        for_one += max(one, 0.0)
        for_other += max(other, 0.0)
        most_one, most_other = max(most_one, one * alike[p]), max(most_other, other * alike[p])
    return max(0.0, 1 - max(most_one / for_one, most_other / for_other))


@within()
def _best_share(weights, start, stop, ratio):
    """The u in (0, 1) at which the concave sum of c log(1 + u ratio) is largest: Newton steps kept in a bracket."""
    low, high, u = 0.0, 1.0, 0.3
    for _ in range(NEWTON_STEPS):
        slope, curve = 0.0, 1e-300
        for p in range(start, stop):
            e = ratio[p - start] / (1 + u * ratio[p - start])
            slope += weights[p] * e
            curve += weights[p] * e * e
        if slope > 0:
            low = u
        else:
            high = u
        step = u + slope / curve
        if step <= low or step >= high:
            step = 0.5 * (low + high)
        if abs(step - u) < 1e-3:
            return step
        u = step
    return u
