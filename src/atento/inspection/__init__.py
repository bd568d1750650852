"""What a trained model does inside, read from what it recorded."""
