"""The claims of the papers and of the course as runnable experiments."""
