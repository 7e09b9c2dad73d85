"""The tabular package of HSDS 3.1: the tables of the specification, written from its JSON."""
