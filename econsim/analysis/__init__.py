"""Reading results: inequality, taxation, welfare and statistics on accounts, as tables and figures.

Accounts are arrays ``[N]`` by name, one entry a person: ``income``, ``tax``, ``rebate``, ``consumption``, ``utility``,
``potential_income`` and ``hours``, and ``weight`` where people stand for several.
"""
