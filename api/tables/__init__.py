"""Lists as tables that people and their programs open: csv-de, XLSX, Parquet.

Made of the same documents as JSON, in threads, a batch at a time.
"""
