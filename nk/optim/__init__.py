"""`nk optim`: a search over the options of a model, in inner folds of speakers of the training part."""
