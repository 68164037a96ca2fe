"""Common parts of CPU kernels: compilation with numba, random draws, arrays at addresses and threads.

A kernel does the work of a game's tensors in one pass over each environment copy. The tensors remain the definition of
the game; see ``docs/kernels.md``. Importing this package does not import numba, which the extra ``fast`` installs.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from econsim.errors import UserError

__all__ = ["numba_version", "require_numba"]


def numba_version() -> str | None:
    """Return the version of numba, ``None`` if it is not installed; does not import it."""
    try:
        return version("numba")
    except PackageNotFoundError:
        return None


def require_numba() -> None:
    """Check that numba can be imported.

    Raises:
        UserError: it cannot; the message names the extra that installs it.
    """
    try:
        import numba  # noqa: F401
    except ImportError as error:
        raise UserError(f"kernels need numba ({error}); install it with: pip install 'econsim[fast]'") from None
