"""What `make bench` measures. Every module here with a dict `BENCHMARKS` takes part.

`BENCHMARKS` maps the names of records to the function that measures them; a function that stands under several names
runs once. It yields `Record`s as they are known.
"""
