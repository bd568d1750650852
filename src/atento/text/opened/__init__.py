"""Any tokenizer, run by its own library and open to look inside."""
