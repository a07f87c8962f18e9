"""How much a document speaks for its own cluster, which it helped to make: the loops over words, compiled.

A mean holds a part of every document of its cluster, and a variance was measured on them. In many dimensions a document
is therefore nearer to its own cluster than to any other, wherever it was put first: in clusters of thirty documents by
a hundred nats and more. What a cluster is made of are sums over documents; so what it would be without one of them is
known. It is exact where all documents count the same, and for means of length one. Elsewhere the words that a document
does not hold are taken to change in proportion to its weight: with documents that count by the root of their words this
was off by 0.013 nats at most.

Clusters are looked at one by one, with the words they have seen in a table, and documents twice: they first make the
table, and are then held against it.
"""

import numpy as np

from docclust.compiling import compiled, within

# A product of variances is made a logarithm before it could be less, or more, than a double can say.
LEAST_PRODUCT = 1e-200
MOST_PRODUCT = 1e200
# Of a word in a cluster: sums of x and x^2, mean, precision, and what a document without the word changes there.
FIRST, SECOND, MEAN, PRECISION, AT_ZERO, RATIO = range(6)
COLUMNS = 6
# Words whose variances are multiplied before the logarithm is taken; each is doubled at most.
TOGETHER = 256
_index = np.uintp


@within()
def _estimate(n, for_mean, for_variance, first, second, law, mean, variance):
    """Mean and variance of one word in a cluster of n documents, as `docclust.gaussian.maximise` has them.

    for_mean, for_variance : the inverses of n with the pseudo-documents of means, and of variances
    """
    smoothing, floor, added, mean_pseudo, variance_pseudo = law
    m = (first + mean_pseudo * mean) * for_mean
    scatter = max(second + m * (n * m - 2.0 * first), 0.0) + mean_pseudo * (m - mean) * (m - mean)
    v = (scatter + variance_pseudo * variance) * for_variance
    return m, max(v + added * smoothing, floor * smoothing)


@within()
def _at_zero(before, after, noise):
    """Twice by how much the log-density of a word that is not there changes, but for the logarithm of the last.

    before, after : mean and variance; the last are 1 / v before, and the variance after divided by that before
    """
    (m, v), (m1, v1) = before, after
    precision = 1 / v
    return (m * m + noise) * precision - (m1 * m1 + noise) / v1, precision, v1 * precision


@compiled()
def influence(
    first_cluster, starts, order, indptr, indices, data, weights, counts, cosine, law, noise, mean, variance,
    place, seen, here, of_documents, squares, of_clusters, of_means,
):  # fmt: skip
    """By how much J of its own cluster changes, as far as the words say, when a document is taken out of it.

    Nothing is said of a cluster's only document.

    first_cluster, starts, order : the documents of cluster first_cluster + t are order[starts[t]:starts[t + 1]]
    cosine : whether what is said of documents are to be their products with the sum of the cluster and their squared
        lengths, and of clusters the squared length of that sum
    place, seen, here : (v,) of -1, and it is that again; (words of a cluster,), and with COLUMNS
    of_documents : of these in their order, what their own words change
    of_clusters : what words change that the cluster has seen and the document does not hold, for a document of weight
        one, by what one of usual weight does
    of_means : by how much J of any document is less, on average, since the mean is that of a few, which scatter
    """
    one, pseudo = _index(1), law[3] > 0 or law[4] > 0
    offset = _index(starts[0])
    for t in range(_index(starts.size) - one):
        first_document, last_document = _index(starts[t]), _index(starts[t + one])
        if last_document - first_document < 2:
            continue
        n_seen = _index(0)
        for m in range(first_document, last_document):
            i = _index(order[m])
            weight = weights[i]
            for p in range(_index(indptr[i]), _index(indptr[i + one])):
                j, x = _index(indices[p]), data[p]
                if place[j] < 0:
                    place[j], seen[n_seen] = n_seen, j
                    here[n_seen, FIRST] = here[n_seen, SECOND] = 0.0
                    n_seen += one
                s = _index(place[j])
                here[s, FIRST] += weight * x
                here[s, SECOND] += weight * x * x
        if cosine:
            for s in range(n_seen):
                of_clusters[t] += here[s, FIRST] * here[s, FIRST]
            for m in range(first_document, last_document):
                i, product, square = _index(order[m]), 0.0, 0.0
                for p in range(_index(indptr[i]), _index(indptr[i + one])):
                    x = data[p]
                    product += x * here[_index(place[_index(indices[p])]), FIRST]
                    square += x * x
                of_documents[m - offset], squares[m - offset] = product, square
        else:
            n = counts[_index(first_cluster) + t]
            usual = n / (last_document - first_document)
            whole = n, 1 / (n + law[3]), 1 / (n + law[4])
            n -= usual
            rest = n, 1 / (n + law[3]), 1 / (n + law[4])
            total, product, scatter = 0.0, 1.0, 0.0
            for s in range(n_seen):
                j = _index(seen[s])
                first, second = here[s, FIRST], here[s, SECOND]
                before = _estimate(*whole, first, second, law, mean[j], variance[j])
                after = _estimate(*rest, first, second, law, mean[j], variance[j])
                at_zero, precision, ratio = _at_zero(before, after, noise)
                here[s, MEAN], here[s, PRECISION] = before[0], precision
                here[s, AT_ZERO], here[s, RATIO] = at_zero, ratio
                scatter += max(second - first * first / whole[0], 0.0) * precision
                total += at_zero
                product *= ratio
                if pseudo:
                    before = _estimate(*whole, 0.0, 0.0, law, mean[j], variance[j])
                    after = _estimate(*rest, 0.0, 0.0, law, mean[j], variance[j])
                    at_zero, _, ratio = _at_zero(before, after, noise)
                    total -= at_zero
                    product /= ratio
                if not LEAST_PRODUCT < product < MOST_PRODUCT:
                    total -= np.log(product)
                    product = 1.0
            of_clusters[t] = 0.5 * (total - np.log(product)) / usual
            of_means[t] = 0.5 * scatter / rest[0] / (last_document - first_document)
            for m in range(first_document, last_document):
                i, total, product, at_zero, ratio = _index(order[m]), 0.0, 1.0, 0.0, 1.0
                weight = weights[i]
                n = whole[0] - weight
                for_mean, for_variance = 1 / (n + law[3]), 1 / (n + law[4])
                for p in range(_index(indptr[i]), _index(indptr[i + one])):
                    j, x = _index(indices[p]), data[p]
                    s = _index(place[j])
                    first, second = here[s, FIRST] - weight * x, here[s, SECOND] - weight * x * x
                    m1, v1 = _estimate(n, for_mean, for_variance, first, second, law, mean[j], variance[j])
                    d, d1, precision = x - here[s, MEAN], x - m1, here[s, PRECISION]
                    total += (d * d + noise) * precision - (d1 * d1 + noise) / v1
                    product *= v1 * precision
                    at_zero += here[s, AT_ZERO]
                    ratio *= here[s, RATIO]
                    if not (LEAST_PRODUCT < product < MOST_PRODUCT and LEAST_PRODUCT < ratio < MOST_PRODUCT):
                        total, at_zero = total - np.log(product), at_zero - np.log(ratio)
                        product = ratio = 1.0
                own, usually = total - np.log(product), at_zero - np.log(ratio)
                of_documents[m - offset] = 0.5 * (own - usually * weight / usual)
        for s in range(n_seen):
            place[_index(seen[s])] = -1


@compiled()
def of_unseen(sizes, law, noise, mean, variance, product, found):
    """Add what all words change for clusters of these sizes that have seen none, by a document of weight one."""
    for first in range(0, mean.size, TOGETHER):
        product[:] = 1.0
        for w in range(first, min(first + TOGETHER, mean.size)):
            for c in range(sizes.size):
                n, rest = sizes[c], sizes[c] - 1.0
                before = _estimate(n, 1 / (n + law[3]), 1 / (n + law[4]), 0.0, 0.0, law, mean[w], variance[w])
                after = _estimate(rest, 1 / (rest + law[3]), 1 / (rest + law[4]), 0.0, 0.0, law, mean[w], variance[w])
                at_zero, _, ratio = _at_zero(before, after, noise)
                found[c] += 0.5 * at_zero
                product[c] *= ratio
        for c in range(sizes.size):
            found[c] -= 0.5 * np.log(product[c])
