"""Text in, text out: what a trained model is for."""
