"""The families of plug-ins that there are."""

from nk.registry import FeatureSource, Measure, Model, Reader, Registry
from nk.votes import Ensemble

readers = Registry("readers", Reader)  # type: ignore[type-abstract]
features = Registry("features", FeatureSource)
models = Registry("models", Model)  # type: ignore[type-abstract]
metrics = Registry("metrics", Measure)  # type: ignore[type-abstract]
ensembles = Registry("ensembles", Ensemble)  # type: ignore[type-abstract]
