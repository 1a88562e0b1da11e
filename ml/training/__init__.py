"""How the networks are trained: data, losses, loop, and one recipe per family."""
