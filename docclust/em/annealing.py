"""How long responsibilities are kept soft, or smoothing falls, before the iterations of EM that count."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust import kernels
from docclust.em.found import ANNEALING
from docclust.em.options import EMOptions
from docclust.gaussian import Coefficients, log_joint

# Documents on which the temperature of soft responsibilities is solved, and log-densities of them at most.
SAMPLE = 600
SAMPLE_DENSITIES = 300_000
# Documents on which annealing goes on until its last few iterations: so many of them, or so many for every cluster.
# Half of the 18,331 documents of 20 Newsgroups, 460 for a cluster, cost 0.01 to 0.03 of NMI; so they take part whole.
DOCUMENTS = 50_000
PER_CLUSTER = 500
WHOLE = 4
# Soft responsibilities only lead to the start of the steps that count: those below a share of the largest of their
# document are dropped. A thousandth in place of a ten-thousandth changed the mean NMI of five starts on Reuters R8 by
# 0.001; with many clusters it has to be more. On 20 Newsgroups in 100 clusters a tenth costs 0.012 against 0.03, and on
# 63,666 package descriptions in 500 nothing, where it halves the time of an iteration.
DROP = {1: np.log(1e-3), 64: np.log(0.03), 200: np.log(0.1)}
# From so many clusters on annealing ends when at most this share of the documents changes cluster. Three quarters of it
# take a tenth more time; they gain 0.002 of NMI on 20 Newsgroups in 100 clusters, 0.001 on AG News, and lose 0.001 on
# package descriptions. With fewer, iterations in which nothing moves come before others in which much does: to end
# there cost 0.016 on BBC, 0.008 on documentation and 0.005 on 20 Newsgroups.
SETTLED_FROM = 64
SETTLED_SHARE = 0.02


@dataclass
class Annealing:
    """The iterations of a run of EM that come first.

    schedule : smoothing by iteration; its last value holds from then on
    softness : of responsibilities while annealing lasts, as in `docclust.em.EMOptions`
    ends : the first iteration after it; it takes half of all at most
    stride : one document in so many takes part until the last few iterations of annealing
    settles : whether it ends sooner where hardly a document moves
    """

    schedule: np.ndarray
    softness: float
    ends: int
    stride: int
    settles: bool

    @classmethod
    def of(cls, options: EMOptions, n_components: int, n: int, *, from_labels: bool) -> "Annealing":
        """That of a run on n documents."""
        ends = min(len(options.schedule), max(1, options.max_iter // 2))
        schedule = options.schedule[np.linspace(len(options.schedule) - 1, 0, ends).round().astype(int)[::-1]]
        softness = options.softness if options.max_iter > 1 else 0.0
        in_part = softness and ends > WHOLE and from_labels
        stride = max(1, n // max(DOCUMENTS, PER_CLUSTER * n_components)) if in_part else 1
        return cls(schedule, softness, ends, stride, softness > 0 and n_components >= SETTLED_FROM)

    def smoothing(self, iteration: int) -> float:
        """The smoothing of an iteration."""
        return float(self.schedule[min(iteration, len(self.schedule) - 1)])

    def lasts(self, iteration: int) -> bool:
        """Whether an iteration is one of it."""
        return iteration < self.ends

    def is_soft(self, iteration: int) -> bool:
        """Whether responsibilities are kept soft."""
        return self.softness > 0 and self.lasts(iteration)

    def is_in_part(self, iteration: int) -> bool:
        """Whether an iteration looks at a part of the documents."""
        return self.stride > 1 and iteration < self.ends - WHOLE

    def compares(self, iteration: int) -> bool:
        """Whether the objective is that of the iteration before: the objective of annealing is another, and higher."""
        plain = not self.softness and len(self.schedule) == 1
        return iteration > self.ends or (plain and not self.lasts(iteration))

    def phase(self, iteration: int, after: str) -> str:
        """The phase of an iteration, where those that follow annealing have the phase `after`."""
        annealed = self.lasts(iteration) and (self.softness > 0 or len(self.schedule) > 1)
        return ANNEALING if annealed else after

    def settle(self, iteration: int, moved: int, n: int) -> None:
        """Let it end, but for the iterations on all documents, where so few of n changed cluster."""
        if self.settles and self.lasts(iteration) and iteration and moved <= SETTLED_SHARE * n:
            self.ends = min(self.ends, iteration + 1 + (WHOLE if self.is_in_part(iteration) else 0))


def temperature_sample(X: kernels.Prepared, n_components: int) -> sp.csr_array:
    """Documents that say how soft responsibilities are."""
    return X.rows[:: -(-X.rows.shape[0] // min(SAMPLE, 1 + SAMPLE_DENSITIES // n_components))]


def least_share(n_components: int) -> float:
    """The logarithm of the share below which a soft responsibility is dropped."""
    return next(least for many, least in reversed(DROP.items()) if n_components >= many)


def softening(X: sp.csr_array, c: Coefficients, share: float) -> float:
    """The temperature T >= 1 at which softmax(J / T) has a mean entropy of `share` times log K."""
    # X: (n, v) CSR
    return kernels.temperature_of_entropy(log_joint(X, c), share)
