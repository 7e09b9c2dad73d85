"""The data catalogue, DCAT-AP.de 3.0: what datasets there are, as descriptions and as RDF.

Settings and facts become descriptions (`datasets.py`), these become triples (`graph.py`), and these
files (`writing.py`). Which words of which list mean what we mean is in `vocabulary.py`.
"""

FOLDER = "catalog"
WHOLE = "all"
"""The page that has all datasets."""
