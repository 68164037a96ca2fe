"""Analysis of results: inequality, taxation, welfare and statistics of accounts, as tables and figures.

Accounts are arrays ``[N]`` by name, one entry per person: ``income``, ``tax``, ``rebate``, ``consumption``,
``utility``, ``potential_income`` and ``hours``, and ``weight`` where an entry represents several people.
"""
