"""The estimator: rows of numbers -> a fitted mixture. It knows no texts and no files.

copies       which rows count, where many are copies of others
words        which columns count: those in which some row has a number
seeding      where EM starts
checks       what parameters may be, and the line that says so
agreement    labellings before and after EM -> whether free variances lead away
consensus    labellings of several starts -> the one they agree on
defaults     what "auto" means in numbers: starts, pooling, how much documents count, smoothing
growing      a start grown from one cluster
split_merge  clusters split and merged after EM, where the objective gains
restarts     EM from every start, under one covariance
covariance   how free the variances should be, by what EM ends in
fitting      a fit from beginning to end
training     what a fitted mixture knows of the rows it was fitted to
prediction   what a mixture says of rows, by its parameters
effects      parameters that were set and had no part in a fit
estimator    `SparseGaussianMixture`, the scikit-learn face
"""

from docclust.mixture.estimator import SparseGaussianMixture

__all__ = ["SparseGaussianMixture"]

# Where pickles look for it: they outlive the module it is written in.
SparseGaussianMixture.__module__ = __name__
