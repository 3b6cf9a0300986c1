"""Rules by which netlab looks at its own measurements: pure, on values; docs/gates.md is made of them.

`netlab gate` judges networks by what they lose; these judge whether the figures can be believed.
"""
