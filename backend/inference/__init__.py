"""The gateway to the engine, and the jobs that run on it or write what it found."""
