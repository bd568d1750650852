"""Exchange with other libraries: Hugging Face's folders in and out."""
