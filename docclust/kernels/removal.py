"""How much a document speaks for its own cluster, which it helped to make: the loops over words, compiled.

A mean holds a part of every document of its cluster, and a variance was measured on them. In many dimensions a document
is therefore nearer to its own cluster than to any other, wherever it was put first: in clusters of thirty documents by
a hundred nats and more. What a cluster is made of are sums over documents; so what it would be without one of them is
exact.

What is known of a document, or of a cluster, stands in one line of an array: a word's documents lie anywhere, and one
line is fetched for each.
"""

import numba
import numpy as np

# A product of variances is made a logarithm before it could be less, or more, than a double can say.
LEAST_PRODUCT, MOST_PRODUCT = 1e-200, 1e200
# Of a document: its cluster, its weight, the weight of its cluster without it (0 where there is no other), the inverses
# of that with the pseudo-documents of means and of variances, a product of variances, what is added up, and its length
# squared.
LABEL, WEIGHT, LESS, FOR_MEAN, FOR_VARIANCE, PRODUCT, SUM, SQUARES = range(8)
# Of a cluster, as it is (0) and without a document of its usual weight (1): weight and the same inverses.
N, N_FOR_MEAN, N_FOR_VARIANCE, REST, REST_FOR_MEAN, REST_FOR_VARIANCE, USUAL = range(7)
# Of a cluster at one word: sums of x and x^2, mean, precision, and what a document without the word changes there.
FIRST, SECOND, MEAN, PRECISION, AT_ZERO = range(5)
LINE = 8
_index = np.uintp


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _estimate(n, for_mean, for_variance, first, second, law, mean, variance):
    """Mean and variance of one word in a cluster of n documents, as `docclust.gaussian.maximise` has them.

    for_mean, for_variance : the inverses of n with the pseudo-documents of means, and of variances
    """
    smoothing, floor, added, mean_pseudo, variance_pseudo = law
    m = (first + mean_pseudo * mean) * for_mean
    scatter = max(second + m * (n * m - 2.0 * first), 0.0) + mean_pseudo * (m - mean) * (m - mean)
    v = (scatter + variance_pseudo * variance) * for_variance
    return m, max(v + added * smoothing, floor * smoothing)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _change(x, before, after, noise):
    """By how much the log-density at x changes; (mean, variance) before and after."""
    (m, v), (m1, v1) = before, after
    return 0.5 * (((x - m) * (x - m) + noise) / v - ((x - m1) * (x - m1) + noise) / v1 - np.log(v1 / v))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def influence(
    indptr, rows, data, cosine, law, noise, mean, variance, clusters, marked, seen, here, documents, of_clusters
):  # fmt: skip
    """Add up, over words, by how much J of its own cluster changes when a document is taken out of it.

    cosine : whether the sums of documents are to be their products with the sum of the cluster, and `of_clusters` the
        squares of that
    clusters, here : (k, LINE), of clusters, and of them at a word
    documents : (n, LINE), of documents; their sum is what their own words change
    of_clusters : (k,), what words change that the cluster has seen and the document does not hold, for a document of
        weight one, by what one of usual weight does
    """
    one, pseudo = _index(1), law[3] > 0 or law[4] > 0
    for w in range(_index(indptr.size) - one):
        begin, end, n_seen = _index(indptr[w]), _index(indptr[w + one]), _index(0)
        for p in range(begin, end):
            i, x = _index(rows[p]), data[p]
            c, weighted = _index(documents[i, LABEL]), documents[i, WEIGHT] * x
            if marked[c] != w:
                marked[c] = w
                here[c, FIRST] = here[c, SECOND] = 0.0
                seen[n_seen] = c
                n_seen += one
            here[c, FIRST] += weighted
            here[c, SECOND] += weighted * x
        if cosine:
            for t in range(n_seen):
                of_clusters[seen[t]] += here[seen[t], FIRST] * here[seen[t], FIRST]
            for p in range(begin, end):
                i = _index(rows[p])
                documents[i, SUM] += data[p] * here[_index(documents[i, LABEL]), FIRST]
                documents[i, SQUARES] += data[p] * data[p]
            continue
        mean_w, variance_w = mean[w], variance[w]
        for t in range(n_seen):
            c = _index(seen[t])
            n, for_mean, for_variance = clusters[c, N], clusters[c, N_FOR_MEAN], clusters[c, N_FOR_VARIANCE]
            rest, rest_mean = clusters[c, REST], clusters[c, REST_FOR_MEAN]
            rest_variance, usual = clusters[c, REST_FOR_VARIANCE], clusters[c, USUAL]
            first, second = here[c, FIRST], here[c, SECOND]
            m, v = _estimate(n, for_mean, for_variance, first, second, law, mean_w, variance_w)
            here[c, MEAN], here[c, PRECISION], here[c, AT_ZERO] = m, 1 / v, 0.0
            if rest > 0:
                m1, v1 = _estimate(rest, rest_mean, rest_variance, first, second, law, mean_w, variance_w)
                at_zero = _change(0.0, (m, v), (m1, v1), noise)
                unseen = 0.0
                if pseudo:
                    m, v = _estimate(n, for_mean, for_variance, 0.0, 0.0, law, mean_w, variance_w)
                    m1, v1 = _estimate(rest, rest_mean, rest_variance, 0.0, 0.0, law, mean_w, variance_w)
                    unseen = _change(0.0, (m, v), (m1, v1), noise)
                of_clusters[c] += (at_zero - unseen) / usual
                here[c, AT_ZERO] = at_zero / usual
        for p in range(begin, end):
            i, x = _index(rows[p]), data[p]
            less = documents[i, LESS]
            if less > 0:
                c, weight = _index(documents[i, LABEL]), documents[i, WEIGHT]
                first, second = here[c, FIRST] - weight * x, here[c, SECOND] - weight * x * x
                for_mean, for_variance = documents[i, FOR_MEAN], documents[i, FOR_VARIANCE]
                m, v = _estimate(less, for_mean, for_variance, first, second, law, mean_w, variance_w)
                before, after, precision = x - here[c, MEAN], x - m, here[c, PRECISION]
                change = (before * before + noise) * precision - (after * after + noise) / v
                product = documents[i, PRODUCT] * (v * precision)
                if not LEAST_PRODUCT < product < MOST_PRODUCT:
                    change -= np.log(product)
                    product = 1.0
                documents[i, PRODUCT] = product
                documents[i, SUM] += 0.5 * change - weight * here[c, AT_ZERO]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def of_unseen(sizes, usual, law, noise, mean, variance, found):
    """Add what all words change for clusters of these sizes that have seen none of them; see `influence`."""
    for w in range(mean.size):
        for c in range(sizes.size):
            n, rest = sizes[c], sizes[c] - usual
            m, v = _estimate(n, 1 / (n + law[3]), 1 / (n + law[4]), 0.0, 0.0, law, mean[w], variance[w])
            m1, v1 = _estimate(rest, 1 / (rest + law[3]), 1 / (rest + law[4]), 0.0, 0.0, law, mean[w], variance[w])
            found[c] += _change(0.0, (m, v), (m1, v1), noise) / usual
