"""The EM loop: annealing, monitor, convergence. It knows matrices and parameters, no text and no files.

EM that begins with hard assignments stays near them. So its first iterations are annealed: either responsibilities are
kept soft, or smoothing falls from the largest eigenvalue of the covariance of the data, above which all clusters merge
(Rose 1998). From then on the objective never falls, and EM goes on until it hardly rises and hardly a document moves.
At last every document is held against its cluster without it.

options        how EM is run
found          what it has found, and how it came there
scale          spectrum and moments of the data, and the smoothing they suggest
reseeding      clusters that have lost their documents
looking        the E-step: against every cluster, or against those near
maximising     the M-step, and how soft the E-step after it will be
annealing      the iterations before those that count
loop           both by turns, until it has converged
replaying      the same once more, to be looked at
held_out       what a mixture says of documents that it has not seen
leave_one_out  documents held apart from their clusters, when it has converged
"""

from docclust.em.annealing import softening
from docclust.em.found import HELD_APART, Fit, Found, Step
from docclust.em.held_out import held_out
from docclust.em.leave_one_out import Apart, held_apart
from docclust.em.looking import NEAR_FROM
from docclust.em.loop import fit, fit_all
from docclust.em.options import EMOptions, EMRun
from docclust.em.replaying import replay
from docclust.em.scale import cooling_schedule, corpus_moments, least_smoothing, spectrum
from docclust.kernels import prepare

__all__ = [
    "HELD_APART",
    "NEAR_FROM",
    "Apart",
    "EMOptions",
    "EMRun",
    "Fit",
    "Found",
    "Step",
    "cooling_schedule",
    "corpus_moments",
    "fit",
    "fit_all",
    "held_apart",
    "held_out",
    "least_smoothing",
    "prepare",
    "replay",
    "softening",
    "spectrum",
]
