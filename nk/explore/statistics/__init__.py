"""Statistical tests of rows and of speakers, each with an effect and its interval: docs/concepts/tests.md."""
