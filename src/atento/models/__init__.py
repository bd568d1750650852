"""The model families. Which class serves which configuration is known here and nowhere else."""
