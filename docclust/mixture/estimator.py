"""`SparseGaussianMixture`: the scikit-learn face of seeding and EM."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from docclust import em, engine
from docclust.mixture import checks, defaults, fitting
from docclust.mixture.copies import Copies, find_copies
from docclust.mixture.prediction import Predictor
from docclust.mixture.training import Training
from docclust.mixture.words import Words
from docclust.probability import Temperature


class SparseGaussianMixture(Predictor):
    """Mixture of Gaussians with diagonal covariance, fitted by EM on sparse rows.

    Parameters
    ----------
    n_components : int, default=2
        Number of clusters K.
    covariance : {"auto", "own", "pooled", "tied", "isotropic", "cosine"}, default="auto"
        How free the variances are: each cluster its own; its own, with `pooling` pseudo-documents of the
        within-cluster variance; one a word for all clusters; one for all; that with means of length one. ``auto``
        is ``pooled``. Where EM with it leaves its starts less alike, or hardly moves them and no more alike, it is
        ``cosine``, or ``isotropic`` for rows of another length than one, and for short texts whose starts it keeps.
        With fewer than 50 rows of length one for every cluster it is ``cosine`` (module `covariance`). With another
        smoothing than ``noise``, or a start by parameters, it is ``own``.
    smoothing : {"noise", "add", "floor", "prior"}, default="noise"
        How variances are kept from zero. ``noise``: documents are observed with noise of variance s, in E-step and
        M-step alike, so the objective never falls. ``add``: s is added in the M-step alone, the textbook form.
        ``floor``: no variance is less than s. ``prior``: pseudo-documents with the mean and the variance of the
        whole corpus, in the strengths given below (maximum a posteriori).
    reg_covar : "auto" or float, default="auto"
        s after cooling, in squared units of X. ``auto`` takes `final_smoothing` times the K-th largest eigenvalue
        of the covariance of X; with ``prior`` there is no s.
    final_smoothing : float, default=0.25
    annealing : {"responsibilities", "smoothing", "none"}, default="responsibilities"
        What is annealed in the first iterations. ``responsibilities``: they are kept soft (not with
        ``add``). ``smoothing``: s falls from the largest eigenvalue to its final value (only with
        ``noise``).
    annealing_steps : int, default=22
        Half of `max_iter` at most. With 64 clusters and more, annealing of responsibilities ends sooner, when hardly
        a document moves.
    softness : float, default=0.2
        Mean entropy of soft responsibilities, as a share of log K, of 64 clusters at most.
    pooling : "auto" or float, default="auto"
        Strength of the common variance in `covariance="pooled"`, in pseudo-documents; ``auto`` is 1,000, or a third of
        the documents if those are fewer, and a tenth more for every cluster beyond 20.
    length_exponent : "auto" or float, default="auto"
        A row with n words (numbers that are not zero) counts n to this power, at most 1, of mean one over the corpus:
        rows of length one that have few words say little about their cluster. 0: all count the same. ``auto`` is 0.5
        with ``noise``, and 0 with another smoothing.
    weight_pseudo, mean_pseudo, variance_pseudo : float
        Strengths in pseudo-documents of the Dirichlet, normal and inverse-gamma priors of `smoothing="prior"`.
    init_params : {"kmeans", "k-means++", "random", "lsa", "split-merge"}, default="kmeans"
        The first four are those of `seeding.start`; ``split-merge`` grows each start from one cluster (`growing`).
    n_init : "auto" or int, default="auto"
        Starts, and EM from each; the one with the best objective is kept, or what they agree on (`consensus`). ``auto``
        is 4, and 10 with fewer than 2,000 documents and 50 and more of them for every cluster, with 12 clusters and
        more where there is a consensus, or where 4 leave `covariance="auto"` open. Where that leaves ``pooled``, or
        fewer than 2,000 documents are fewer than 50 for every cluster, 4 are the best of 10 by sum of squares.
    seeding_steps : int, default=8
        k-means steps of ``kmeans`` and ``lsa``; with a large number they end when no document moves.
    weights_init, means_init, precisions_init : arrays of shape (K,), (K, v), (K, v), or None
        A start by parameters instead of documents; all three or none. Then there is one start and no cooling.
    max_iter : int, default=100
        Iterations of EM at most: from every start, and again where EM goes on from a consensus or a split.
    tol : float, default=1e-6
        EM has converged when the objective gains less than `tol` times its size and one document in a thousand
        or fewer changes cluster.
    consensus : bool or "auto", default="auto"
        Let EM go on from what its starts agree on, instead of from the best of them (module `consensus`). "auto": with
        ``noise`` and the covariances ``own``, ``pooled`` and ``cosine``, of six starts at least, with seven clusters
        and 50 documents for each at least. Those that are only to agree have half the steps of annealing.
    split_merge : bool or "auto", default="auto"
        After EM, split clusters and merge others where the objective gains, and let EM go on (module `split_merge`).
        Only with ``noise``, seven clusters and 100 documents for each at least, and not for ``tied`` or from a start by
        parameters. "auto": where there are several starts.
    leave_one_out : bool, default=True
        At last, hold every document against what its cluster would be without it, and move it where it then belongs;
        `docclust.em.leave_one_out`. Only with ``noise`` and the covariances ``own``, ``pooled`` and ``cosine``, with 40
        documents or more, and not from a start by parameters.
    copies : {"auto", "once", "each"}, default="auto"
        Whether equal rows count as one; with `once` also those of nearly the same words. ``auto``: of 8 words and
        more, with a quarter of a copy for each row, ``noise``, and no start by parameters (module `copies`).
    block_rows : int, default=2048
        Rows of which K responsibilities each are held at once.
    n_jobs : int or None, default=None
        Threads. Changes nothing in the result.
    random_state : int, RandomState or None, default=None
    on_step : callable, default=None
        Called with every `docclust.em.Step`.

    Attributes
    ----------
    weights_ : array of shape (K,)
    means_, covariances_ : arrays of shape (K, v)
        Diagonals; `covariances_` includes the smoothing, and is read-only. Made when they are first asked for.
    labels_ : int array of shape (n,)
        The cluster of each training document, as `predict` gives it.
    covariance_ : str
        The form that was used; what ``auto`` chose.
    converged_ : bool
        Whether the last run of EM did.
    n_iter_ : int
        Length of `steps_`: annealing, EM, and all that followed the best start.
    lower_bound_ : float
        Objective of the best start, in nats per document: the log-likelihood for ``add`` and ``floor``, its
        expectation under the noise for ``noise``; a prior's logarithm is included. Documents weigh as much as they
        count.
    lower_bounds_ : list of float
        Objective by iteration, of the best start; while responsibilities are kept soft, theirs (`docclust.em.fit_all`).
        What `leave_one_out` does is the last one, at which it may fall, as where EM goes on from a consensus.
    steps_ : list of `docclust.em.Step`
        Of the rows that counted, and of the columns in which these have numbers.
    reg_covar_ : float
        s after cooling.
    temperature_ : `docclust.probability.Temperature`
        What log-densities are divided by before they become probabilities. 1 after `fit`;
        `docclust.calibration` estimates it.
    n_counted_ : int
        Rows that counted; fewer than there are where copies count as one.
    start_labels_ : int array of shape (starts, n)
        The cluster of each training document in every start; the numbers of different starts are unrelated.
    start_bounds_ : array of shape (starts,)
        Objective of every start, in nats per document; nan of one that EM followed with freer variances.

    Notes
    -----
    Responsibilities are computed for `block_rows` documents at a time; no array of documents x words is made. From the
    first prediction on, two arrays of the size of `means_` are kept beside it. Columns in which no row has a number, as
    most that `HashingVectorizer` makes, take no part in `fit`, and have the noise as their variance.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        covariance: str = "auto",
        smoothing: str = "noise",
        reg_covar: str | float = "auto",
        final_smoothing: float = 0.25,
        annealing: str = "responsibilities",
        annealing_steps: int = 22,
        softness: float = 0.2,
        pooling: str | float = "auto",
        length_exponent: str | float = "auto",
        weight_pseudo: float = 1.0,
        mean_pseudo: float = 1.0,
        variance_pseudo: float = 10.0,
        init_params: str = "kmeans",
        n_init: str | int = "auto",
        seeding_steps: int = 8,
        weights_init: np.ndarray | None = None,
        means_init: np.ndarray | None = None,
        precisions_init: np.ndarray | None = None,
        max_iter: int = 100,
        tol: float = 1e-6,
        consensus: str | bool = "auto",
        split_merge: str | bool = "auto",
        leave_one_out: bool = True,
        copies: str = "auto",
        block_rows: int = 2048,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        on_step: Callable[[em.Step], None] | None = None,
    ):
        self.n_components = n_components
        self.covariance = covariance
        self.smoothing = smoothing
        self.reg_covar = reg_covar
        self.final_smoothing = final_smoothing
        self.annealing = annealing
        self.annealing_steps = annealing_steps
        self.softness = softness
        self.pooling = pooling
        self.length_exponent = length_exponent
        self.weight_pseudo = weight_pseudo
        self.mean_pseudo = mean_pseudo
        self.variance_pseudo = variance_pseudo
        self.init_params = init_params
        self.n_init = n_init
        self.seeding_steps = seeding_steps
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.max_iter = max_iter
        self.tol = tol
        self.consensus = consensus
        self.split_merge = split_merge
        self.leave_one_out = leave_one_out
        self.copies = copies
        self.block_rows = block_rows
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.on_step = on_step

    def fit(self, X, y=None):
        """Fit the mixture.

        Parameters
        ----------
        X : CSR matrix or array of shape (n, v)
        y : ignored

        Raises
        ------
        ValueError
            A parameter is out of its range, there are fewer distinct rows than clusters, or no smoothing keeps the
            objective finite.

        Warns
        -----
        ConvergenceWarning
            The best start had not converged after `max_iter` iterations.
        """
        checks.check(self)
        X = self._rows(X, reset=True)
        checks.check_rows(self, X)
        copies = find_copies(X, defaults.copies(self), self.n_components)
        # Parameters that are given are of all words.
        words = Words() if self.means_init is not None else Words.seen_in(X, noisy=self.smoothing == "noise")
        counted = words.of(copies.counted(X))
        with engine.one_blas_thread():
            found = fitting.fit(counted, self, check_random_state(self.random_state))
        checks.check_objective(found.ended.objective)
        self.n_counted_ = counted.shape[0]
        self._keep(found, copies, words)
        checks.warn_unless_converged(self)
        if found.apart is not None:
            self._hold(found.apart, found.step)
        if copies.first is not None:
            self.labels_ = self.predict(X)
        return self

    def fit_predict(self, X, y=None) -> np.ndarray:
        """Fit, and give the cluster of every row: (n,) int."""
        return self.fit(X).labels_

    def replay(self, X: sp.csr_array, look: Callable[[em.Step, em.Found, float], None]) -> None:
        """Run EM from the best start once more, on the X it was fitted to, and show `look` every iteration.

        Step, parameters and temperature of the responsibilities are those of the fit, to the last bit, and clusters
        have the numbers they have now.
        """
        self._training.replay(self._rows_of_fit(X, "replay"), self.n_components, look)
        if self.holds_apart:
            look(self.steps_[-1], self._found, 1.0)

    def held_out(self, X: sp.csr_array) -> Callable[[np.ndarray], Callable[[sp.csr_array], np.ndarray]]:
        """Of some rows of the X of the fit: `score_joint`, up to a number of each document, by a mixture without them.

        They are told by their places among the rows that counted. Every other is in its cluster of `labels_`.
        """
        return self._training.held_out(self._rows_of_fit(X, "held_out"), self.labels_, self.n_components)

    def _keep(self, found: fitting.Outcome, copies: Copies, words: Words) -> None:
        ended = found.ended
        self.reg_covar_, self.covariance_ = ended.steps[-1].smoothing, found.covariance
        self._found = words.everywhere((found.apart or ended).found, self.reg_covar_)
        self._training = Training(copies, words, ended.runs, np.arange(self.n_components))
        self.start_labels_ = copies.everywhere(np.array([start.labels for start in found.starts], dtype=np.int32))
        self.start_bounds_ = found.objectives / self.n_counted_ + words.log_density(self.reg_covar_)
        self.labels_ = copies.everywhere(ended.labels)
        self.converged_ = bool(ended.converged)
        self.temperature_ = Temperature.one(self.n_components)
        self._tell(ended.steps)

    def _hold(self, apart: em.Apart, step: em.Step) -> None:
        self.labels_ = self._training.copies.everywhere(apart.labels)
        self._training = self._training.held(apart)
        self._tell([*self.steps_, step])

    def _tell(self, steps: list[em.Step]) -> None:
        self.steps_, self.n_iter_ = steps, len(steps)
        unseen = [self._training.words.log_density(step.smoothing) for step in steps]
        self.lower_bounds_ = [step.objective / self.n_counted_ + rest for step, rest in zip(steps, unseen, strict=True)]
        self.lower_bound_ = self.lower_bounds_[-1]

    def _rows_of_fit(self, X, asking: str) -> sp.csr_array:
        check_is_fitted(self, "_found")
        if self._training.runs is None:
            raise NotFittedError(f"{asking} needs a fit; this is the model of a finished run. Try fit.")
        return self._rows(X)
