"""What `quartier` can do, by what people do with it; `cli.py` puts the commands together.

Every command imports what it needs when it runs, so that none waits for the libraries of another.
"""
