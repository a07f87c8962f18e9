"""Where in a text its two clusters speak: passages, made of the nats of its words one after the other."""

import numpy as np
import scipy.sparse as sp

from docclust.ambiguity.scores import BACKGROUND_WORDS

# Nats at most that one occurrence of a word counts for, so that no single word makes a passage.
MOST_NATS = 2.0
# Nats that a passage must have on its side.
LEAST_NATS = 3.0
# Nats that going over from one cluster to the other costs.
CHANGE_COST = 4.0


def word_nats(counts: sp.csr_array, responsibilities: sp.csr_array, cluster: int, rival: int) -> np.ndarray:
    """Of every word ln(phi_cluster / phi_rival), as the mixed score has it, but no more than a passage may hear."""
    # counts: (n, v) CSR; responsibilities: (n, k) CSR -> (v,)
    corpus = np.asarray(counts.sum(axis=0), dtype=float)
    chance = BACKGROUND_WORDS * corpus / corpus.sum()
    logs = []
    for k in (cluster, rival):
        sums = counts.T @ responsibilities[:, [k]].toarray().ravel()
        logs.append(np.log((sums + chance) / (sums.sum() + BACKGROUND_WORDS)))
    return np.clip(logs[0] - logs[1], -MOST_NATS, MOST_NATS)


def passages(nats: np.ndarray) -> list[tuple[int, int, int]]:
    """The runs of words that speak for one of two clusters: first word, last word, and 0 or 1 for the cluster.

    The best path through two states (Viterbi 1967) that earns nats in the first and loses them in the second, and pays
    for every change; of each run what lies between the words on its own side, if that is worth enough.
    """
    # nats: (t,), of the words in their order; positive for cluster 0
    if not nats.size:
        return []
    best, came = (0.0, 0.0), np.zeros((nats.size, 2), dtype=int)
    for t, value in enumerate(nats):
        changed = best[1] - CHANGE_COST / 2, best[0] - CHANGE_COST / 2
        came[t] = changed[0] > best[0], changed[1] <= best[1]
        best = max(best[0], changed[0]) + value / 2, max(best[1], changed[1]) - value / 2
    states = np.empty(nats.size, dtype=int)
    states[-1] = best[1] > best[0]
    for t in range(nats.size - 1, 0, -1):
        states[t - 1] = came[t, states[t]]
    found = []
    for run in np.split(np.arange(nats.size), np.flatnonzero(np.diff(states)) + 1):
        state = int(states[run[0]])
        own = nats[run] * (1 - 2 * state)
        speaking = run[own > 0]
        if own.sum() >= LEAST_NATS:
            found.append((int(speaking[0]), int(speaking[-1]), state))
    return found
