"""Ladder: docs/ladder.md is made from the rungs of nets/ladder, over several seeds.

    SN_DATA=FOLDER .venv/bin/python -m scripts.ladder     from the root of a checkout

`search` has what was tried for the last rung, on digits held out of the training set alone;
`text` has the words of the page. Read next: __main__.py.
"""
