"""Text: tokenizers (training, loading, byte spans) and the splitting of text into words."""
