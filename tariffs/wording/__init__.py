"""The words that `tariffs.describe` is made of; all of them speak the active language."""
