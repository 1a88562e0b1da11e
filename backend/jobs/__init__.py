"""Long work: job rows with lease, progress, cancel and result, and the loop that runs them."""
