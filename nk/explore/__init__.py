"""Looking at data before a model is believed: numbers, what they say, and the pictures that show it."""
