"""The language below its doors: values, words of a text, calls and special forms; no nets."""
