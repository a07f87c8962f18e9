"""Findings are the same however many rows or clusters are looked at together."""

import numpy as np
import scipy.sparse as sp

from docclust import describe


def rows(n: int, v: int) -> sp.csr_array:
    return sp.random_array((n, v), density=0.2, format="csr", rng=np.random.default_rng(0))


def test_closeness_to_the_own_mean_is_their_cosine_in_blocks_too(monkeypatch):
    rng = np.random.default_rng(0)
    X, means, labels = rows(50, 12), rng.random((3, 12)), rng.integers(3, size=50)
    own = means[labels]
    expected = (X.toarray() * own).sum(axis=1) / np.linalg.norm(own, axis=1)
    whole = describe._cosine_to_own_mean(X, means, labels)
    np.testing.assert_allclose(whole, expected)
    monkeypatch.setattr(describe, "SUM_ROWS", 7)
    np.testing.assert_array_equal(describe._cosine_to_own_mean(X, means, labels), whole)


def test_a_line_tells_of_its_document_what_the_run_says(small_run):
    P = small_run.responsibilities
    for row, line in enumerate(small_run.documents):
        shares = P[[row]].toarray().ravel()
        assert line.cluster == shares.argmax()
        assert line.probability == shares.max()
        assert (line.runner_up, line.runner_up_probability) == (shares.argsort()[-2], np.sort(shares)[-2])
