"""How much a document speaks for its own cluster, which it helped to make: the loops over words, compiled.

A mean holds a part of every document of its cluster, and a variance was measured on them. In many dimensions a document
is therefore nearer to its own cluster than to any other, wherever it was put first: in clusters of thirty documents by
a hundred nats and more. What a cluster is made of are sums over documents; so what it would be without one of them is
exact.
"""

import numba
import numpy as np

# A product of variances is made a logarithm before it could be less, or more, than a double can say.
LEAST_PRODUCT, MOST_PRODUCT = 1e-200, 1e200
_index = np.uintp


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _estimate(n, inverse_mean, inverse_variance, first, second, law, mean, variance):
    """Mean and variance of one word in a cluster of n documents, as `docclust.gaussian.maximise` has them.

    The inverses are those of n with the pseudo-documents of means, and of variances.
    """
    smoothing, floor, added, mean_pseudo, variance_pseudo = law
    m = (first + mean_pseudo * mean) * inverse_mean
    scatter = max(second + m * (n * m - 2.0 * first), 0.0) + mean_pseudo * (m - mean) * (m - mean)
    v = (scatter + variance_pseudo * variance) * inverse_variance
    return m, max(v + added * smoothing, floor * smoothing)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _at_zero(n, first, second, law, noise, mean, variance, shared):
    """Log-density, up to a number, of a document without the word; where clusters share a variance, it is that."""
    m, v = _estimate(n, 1 / (n + law[3]), 1 / (n + law[4]), first, second, law, mean, variance)
    v = shared if shared > 0 else v
    return -0.5 * (np.log(v) + (m * m + noise) / v)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def influence(
    indptr, rows, data, labels, weights, counts, usual, less, inverse_mean, inverse_variance,
    cosine, law, noise, mean, variance, shared,
    first, second, marked, seen, means, precisions, at_zero, product, of_documents, of_clusters,
):  # fmt: skip
    """Add up, over words, by how much J of its own cluster changes when a document is taken out of it.

    less, inverse_mean, inverse_variance : (n,), the weight of each document's cluster without it, and the inverses for
        `_estimate`; less is 0 where there is no other
    cosine : whether of_documents are to be the products with the sum of the cluster, and of_clusters its squares
    shared : (v,), the variance that all clusters have, or empty
    product : (n,), of variances; ones at first
    of_documents : (n,), what a document's own words change; of_clusters : (k,), what words change that the cluster has
        seen and the document does not hold, for a document of weight one, by what one of weight `usual` does
    """
    one, have_own = _index(1), shared.size == 0
    for w in range(_index(indptr.size) - one):
        begin, end, n_seen = _index(indptr[w]), _index(indptr[w + one]), _index(0)
        for p in range(begin, end):
            i, x = _index(rows[p]), data[p]
            c = _index(labels[i])
            if marked[c] != w:
                marked[c] = w
                first[c] = second[c] = 0.0
                seen[n_seen] = c
                n_seen += one
            first[c] += weights[i] * x
            second[c] += weights[i] * x * x
        if cosine:
            for t in range(n_seen):
                of_clusters[seen[t]] += first[seen[t]] * first[seen[t]]
            for p in range(begin, end):
                i = _index(rows[p])
                of_documents[i] += data[p] * first[_index(labels[i])]
            continue
        of_word = law, noise, mean[w], variance[w], 0.0 if have_own else shared[w]
        for t in range(n_seen):
            c = _index(seen[t])
            n, rest = counts[c], counts[c] - usual[c]
            m, v = _estimate(n, 1 / (n + law[3]), 1 / (n + law[4]), first[c], second[c], law, mean[w], variance[w])
            means[c], precisions[c], at_zero[c] = m, 1 / (v if have_own else shared[w]), 0.0
            if rest > 0:
                at_zero[c] = _at_zero(rest, first[c], second[c], *of_word) - _at_zero(n, first[c], second[c], *of_word)
                unseen = _at_zero(rest, 0.0, 0.0, *of_word) - _at_zero(n, 0.0, 0.0, *of_word)
                of_clusters[c] += (at_zero[c] - unseen) / usual[c]
                at_zero[c] /= usual[c]
        for p in range(begin, end):
            i, x = _index(rows[p]), data[p]
            if less[i] > 0:
                c, weighted = _index(labels[i]), weights[i] * x
                m, v = _estimate(
                    less[i], inverse_mean[i], inverse_variance[i], first[c] - weighted, second[c] - weighted * x,
                    law, mean[w], variance[w],
                )  # fmt: skip
                before, after = x - means[c], x - m
                change = (before * before + noise) * precisions[c]
                if have_own:
                    product[i] *= v * precisions[c]
                    change -= (after * after + noise) / v
                    if not LEAST_PRODUCT < product[i] < MOST_PRODUCT:
                        of_documents[i] -= 0.5 * np.log(product[i])
                        product[i] = 1.0
                else:
                    change -= (after * after + noise) * precisions[c]
                of_documents[i] += 0.5 * change - weights[i] * at_zero[c]
    for i in range(_index(product.size)):
        of_documents[i] -= 0.5 * np.log(product[i])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def of_unseen(sizes, usual, law, noise, mean, variance, shared, found):
    """Add what all words change for clusters of these sizes that have seen none of them; see `influence`."""
    for w in range(mean.size):
        of_word = law, noise, mean[w], variance[w], shared[w] if shared.size else 0.0
        for c in range(sizes.size):
            change = _at_zero(sizes[c] - usual, 0.0, 0.0, *of_word) - _at_zero(sizes[c], 0.0, 0.0, *of_word)
            found[c] += change / usual
