"""Games without an economy, one kind per module."""
