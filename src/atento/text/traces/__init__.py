"""How a tokenizer cuts a text, step by step, as data."""
