"""The families of plug-ins that there are."""

from nk.registry import FeatureExtractor, Model, Reader, Registry

readers = Registry("readers", Reader)  # type: ignore[type-abstract]
features = Registry("features", FeatureExtractor)  # type: ignore[type-abstract]
models = Registry("models", Model)  # type: ignore[type-abstract]
