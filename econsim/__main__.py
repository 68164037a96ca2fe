"""``python -m econsim`` is the command ``econsim``."""

from econsim.cli import main

if __name__ == "__main__":
    main()
