"""Games with production, exchange and a government; one module or package each."""
