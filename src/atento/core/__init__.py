"""What every part needs and nothing of torch: errors, configuration, files, progress and the legend of dimensions."""
