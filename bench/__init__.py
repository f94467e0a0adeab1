"""How fast, how small: our parts side by side with the alternatives, in one run (`make bench`, docs/benchmarks.md).

Each bench is a program that prints lines `name: value`; `python -m bench` runs them and keeps the figures. What is
compared runs in a process of its own and by turns, because a shared machine's clock swings: CPU and ratios count.
"""
