"""Entry point of ``python -m econsim``, which is the same as the command ``econsim``."""

from econsim.cli import main

if __name__ == "__main__":
    main()
