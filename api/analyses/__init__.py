"""What is worked out from published values: classes, ranks, trends, comparisons. Nothing here hides
anything: a value that is hidden is None, and None takes part in nothing."""
