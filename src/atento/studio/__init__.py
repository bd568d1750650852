"""A local page for everything that a tokenizer or a trained model can show; ``docs/studio/api.md`` has its routes."""
