"""Replication: docs/replication.md is made from runs of nets/zipcode.sn and its variants.

    SN_DATA=FOLDER .venv/bin/python -m scripts.replication     from the root of a checkout

`studies` says what is trained, `measure` trains it, `figures` looks up and draws what was found,
`text` has the words of the page. Read next: __main__.py.
"""
