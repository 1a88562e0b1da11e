"""Networks: nn.Modules and nothing else."""
