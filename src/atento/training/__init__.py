"""Training: recipes, the loop, objectives, optimiser, schedule, averaging, checkpoints."""
