"""What "auto" means in numbers: starts, pooling, how much documents count, smoothing; and settings as EM takes them.

Which covariance it means is told in `covariance`, since it takes EM to choose.
"""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust import em
from docclust.gaussian import Form
from docclust.kernels import Prepared

if TYPE_CHECKING:
    from docclust.config.settings import MixtureSettings
    from docclust.mixture import SparseGaussianMixture

# Documents count as their number of words to this power. NMI with 0, 0.5 and 1, two seeds: Reuters R8 0.545, 0.597 and
# 0.585, AG News 0.605, 0.604 and 0.583, BBC 0.906, 0.897 and 0.897. With 1 ten long newsgroup posts make a cluster.
LENGTH_EXPONENT = 0.5
# Pseudo-documents of the common variance, and the share of them that every cluster beyond so many adds: many clusters
# are small ones. NMI of five seeds with 1,000, 2,000, 4,000, 8,000: Reuters R52 in 52 clusters 0.517, 0.533, 0.545,
# 0.542; of two, 20 Newsgroups in 100 with 1,000, 4,000, 10,000, 40,000: 0.443, 0.474, 0.479, 0.438. With eight clusters
# more is less: Reuters R8, ten seeds, with 1,000, 1,300, 1,600: 0.528, 0.525, 0.485.
POOLING = 1000.0
POOLING_FROM = 20
POOLING_A_CLUSTER = 0.1
# Fewer in a small corpus: at most so many for every document, before clusters beyond 20 add theirs. NMI of five samples
# with a third, half, and all: 1,500 texts of AG News 0.549, 0.499, 0.492; 500 of BBC 0.883, 0.896, 0.871; 1,500 of
# Reuters R8 0.530, 0.523, 0.526; 2,000 of 20 Newsgroups 0.408, 0.418, 0.418.
POOLING_A_DOCUMENT = 1 / 3
# Starts where nobody says how many; more where there are fewer documents than these, and they take no time. On 1,000
# articles of BBC two starts in eight find what the best clusters have, and four may find none of it: NMI of five
# samples 0.857 with four, 0.892 with eight. Where documents are few for every cluster, starts differ less: on 200 to
# 1,500 texts of eight corpora NMI with ten less that with four is -0.012 to 0.008.
STARTS = 4
MORE_STARTS = 10
SMALL_CORPUS = 2000
# With fewer documents for every cluster there is too little to learn the variances of its words from, and means of
# length one find more. NMI with them less that with pooled variances: 20 Newsgroups in 2,000 clusters (9 documents in
# each) 0.016, in 500 (37) 0.006, 600 of its posts in 20 (30) 0.02, 1,000 with headers (50) 0.037; descriptions of
# packages in 500 (40) 0.034, 1,000 of them in 47 (21) 0.06; 200 articles of BBC in 5 (40) 0.02, all in 50 (45) -0.008.
# With more it is the other way round: AG News in 150 clusters (51) -0.021, 20 Newsgroups in 300 (61) -0.033.
FEW_DOCUMENTS = 50
# Consensus of starts (`consensus`) where nobody says otherwise. NMI, less that of the best of four by its
# objective, before splits and merges, one seed, on 60 corpora in 4 to 126 clusters: of 4 starts 0.003, of 6 0.006, of
# 10 0.012 and of 20 0.018; of 10 with fewer than 12 clusters 0.003. With splits and merges, three seeds, 38 corpora for
# which it is taken gain 0.012; of three with fewer than 7 clusters, where starts end much alike, two lose 0.033 and
# 0.014. Ten starts for four take 1.25 times the time, and 1.6 times with 7 to 11 clusters, where five corpora gain
# 0.006: so not there.
LEAST_VOTES = 6
VOTED_FROM = 7
MORE_FROM = 12
# Not where variances are equal for all words or all clusters: the objective tells which start is best there, and
# consensus gains nothing. Means of length one, where `auto` takes them, less the best of four: descriptions of packages
# 0.009, WordNet 0.010, processes of genes 0.003, first lines -0.003.
VOTING = ("own", "pooled", "cosine")
# Under these forms documents held apart fall to the largest cluster; see `docclust.em.leave_one_out`. NMI of EM, and
# with it, on 611 posts of 20 Newsgroups: isotropic 0.280 and 0.132, tied 0.266 and 0.126; on Reuters R8 0.491 and
# 0.466, 0.453 and 0.451; on BBC 0.836 and 0.853, 0.846 and 0.857.
HEAPS = ("isotropic", "tied")
# Nor with fewer documents than these: without one of them a cluster is another one. NMI with it, and without, means of
# ten samples of six corpora, of words that two documents have: of 12 documents 0.46 and 0.50, of 24 0.46 and 0.46, of
# 36 0.41 and 0.43, of 48 0.42 and 0.43, of 100 (four corpora) 0.57 and 0.55. Of every second sample of 9 it left a
# cluster empty, when words of one document counted.
APART_FROM = 40


def n_starts(n_init: str | int, n: int, n_components: int) -> int:
    """How many starts `n_init` means for n documents in so many clusters."""
    if n_init != "auto":
        return n_init
    return MORE_STARTS if n < SMALL_CORPUS and not are_few(n, n_components) else STARTS


def votes(mixture: "SparseGaussianMixture", covariance: str, n: int) -> int:
    """Of how many starts the consensus is taken, among n documents under this covariance; 0 where it is not."""
    k, wanted, given = mixture.n_components, mixture.consensus, mixture.n_init
    started = n_starts(given, n, k)
    if not wanted or mixture.means_init is not None or k == 1:
        return 0
    if wanted != "auto":
        return started if started > 1 else 0
    if mixture.smoothing != "noise" or covariance not in VOTING or are_few(n, k) or k < VOTED_FROM:
        return 0
    if given == "auto" and k >= MORE_FROM and mixture.init_params != "split-merge":
        return MORE_STARTS
    return started if started >= LEAST_VOTES else 0


def copies(mixture: "SparseGaussianMixture") -> str:
    """Whether copies count as one; where by "auto" they may not, each does."""
    plain = mixture.smoothing == "noise" and mixture.means_init is None
    return "each" if mixture.copies == "auto" and not plain else mixture.copies


def are_few(n: int, n_components: int) -> bool:
    """Whether n documents are too few for the variances of words in so many clusters."""
    return n < FEW_DOCUMENTS * n_components


def pooling(mixture: "SparseGaussianMixture", n: int) -> float:
    """Pseudo-documents of pooled variances, among n documents."""
    if mixture.pooling != "auto":
        return mixture.pooling
    return least_pooling(n) * (1 + POOLING_A_CLUSTER * max(0, mixture.n_components - POOLING_FROM))


def least_pooling(n: int) -> float:
    """The same for few clusters."""
    return min(POOLING, POOLING_A_DOCUMENT * n)


def length_exponent(mixture: "SparseGaussianMixture | MixtureSettings") -> float:
    """How much more long documents count."""
    if mixture.length_exponent != "auto":
        return mixture.length_exponent
    return LENGTH_EXPONENT if mixture.smoothing == "noise" else 0.0


def form(mixture: "SparseGaussianMixture", covariance: str, pooling: float) -> Form:
    """How variances are estimated under this covariance, with so many pseudo-documents where they are pooled."""
    pseudo = pooling, mixture.weight_pseudo, mixture.mean_pseudo, mixture.variance_pseudo
    return Form(covariance, mixture.smoothing, *pseudo)


def annealing(X: sp.csr_array, rows: Prepared, mixture: "SparseGaussianMixture") -> tuple[np.ndarray, float]:
    """Smoothing by iteration, and how soft responsibilities are kept while it lasts."""
    given = mixture.means_init is not None
    soft = mixture.annealing == "responsibilities" and mixture.smoothing != "add" and not given
    steps, softness = (mixture.annealing_steps, mixture.softness) if soft else (1, 0.0)
    if mixture.smoothing == "prior":  # its pseudo-documents are all the smoothing there is
        return np.zeros(steps), softness
    least = em.least_smoothing(X)
    cooled = mixture.annealing == "smoothing" and mixture.smoothing == "noise" and not given
    if mixture.reg_covar == "auto" or cooled:
        eigenvalues = em.spectrum(rows, mixture.n_components, mixture.n_jobs)
    if mixture.reg_covar == "auto":  # there are no more eigenvalues than documents or words
        last = mixture.final_smoothing * (eigenvalues[-1] if eigenvalues.size == mixture.n_components else 0.0)
    else:
        last = float(mixture.reg_covar)
    if mixture.reg_covar == "auto" or mixture.smoothing == "noise":
        last = max(last, least)
    if cooled:
        return em.cooling_schedule(max(eigenvalues[0], least), last, mixture.annealing_steps), 0.0
    return np.full(steps, last), softness


def are_held_apart(mixture: "SparseGaussianMixture | MixtureSettings", covariance: str, n: int) -> bool:
    """Whether at last n documents are held against their clusters without them, under this covariance."""
    plain = mixture.smoothing != "noise" or mixture.n_components == 1 or n < APART_FROM
    return mixture.leave_one_out and not plain and covariance not in HEAPS
